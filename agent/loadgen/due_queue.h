#ifndef ASSAY_AGENT_LOADGEN_DUE_QUEUE_H_
#define ASSAY_AGENT_LOADGEN_DUE_QUEUE_H_

#include <cstddef>
#include <cstdint>

#include "agent/loadgen/ring_buffer.h"

namespace assay::loadgen {

// What is to happen to connections at times that never go back: each is in it at most once. First
// in, first out, with all memory taken beforehand.
class DueQueue {
 public:
  explicit DueQueue(size_t capacity) : entries_(capacity) {}

  bool empty() const { return entries_.empty(); }
  // REQUIRES: at_ns is not before that of the last entry; there is room.
  void Push(int64_t at_ns, int connection) { entries_.Push({at_ns, connection}); }
  // INT64_MAX when empty.
  int64_t NextNs() const { return entries_.empty() ? INT64_MAX : entries_.front().at_ns; }
  // REQUIRES: not empty().
  int Pop() {
    const int connection = entries_.front().connection;
    entries_.Pop();
    return connection;
  }

 private:
  struct Entry {
    int64_t at_ns;
    int connection;
  };

  RingBuffer<Entry> entries_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_DUE_QUEUE_H_
