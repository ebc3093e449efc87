#ifndef ASSAY_AGENT_LOADGEN_DUE_QUEUE_H_
#define ASSAY_AGENT_LOADGEN_DUE_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace assay::loadgen {

// What is to happen to connections at times that never go back: each is in it at most once. First
// in, first out, with all memory taken beforehand.
class DueQueue {
 public:
  struct Entry {
    int64_t at_ns;
    int connection;
  };

  explicit DueQueue(size_t capacity) : entries_(capacity) {}

  bool empty() const { return count_ == 0; }
  // REQUIRES: at_ns is not before that of the last entry; there is room.
  void Push(int64_t at_ns, int connection) {
    size_t place = first_ + count_++;
    if (place >= entries_.size()) place -= entries_.size();
    entries_[place] = {at_ns, connection};
  }
  // INT64_MAX when empty.
  int64_t NextNs() const { return count_ == 0 ? INT64_MAX : entries_[first_].at_ns; }
  // REQUIRES: not empty().
  int Pop() {
    const int connection = entries_[first_].connection;
    if (++first_ == entries_.size()) first_ = 0;
    --count_;
    return connection;
  }

 private:
  std::vector<Entry> entries_;
  size_t first_ = 0;
  size_t count_ = 0;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_DUE_QUEUE_H_
