#ifndef ASSAY_AGENT_PROFILER_RECORD_SPOOL_H_
#define ASSAY_AGENT_PROFILER_RECORD_SPOOL_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"

namespace assay::profiler {

// Keeps records for later, in the order in which they come: for hosts where unwinding must wait until the window is
// over.
//
// From one sample of a thread to the next, little of its stack's memory changes. So of each stack only what differs
// from the memory as the samples before showed it is kept: of a Rust server's 30 KiB one or two.
//
// Threads: one. Cost: a comparison and a copy of each stack, some microseconds.
class RecordSpool {
 public:
  void Add(std::string_view record);
  // Hands over all records, each as it was added, and forgets them.
  void TakeAll(absl::FunctionRef<void(std::string_view record)> take);
  // Of what is kept.
  size_t bytes() const { return bytes_.size() + kept_.size() * sizeof(Kept); }

 private:
  // A record is what stands before its stack, the stack, and what stands behind.
  struct Kept {
    pid_t thread = 0;
    uint32_t before = 0;
    uint32_t behind = 0;
    // Where the stack lies in the thread's memory, how long it is, and in how many pieces it differs.
    uint64_t address = 0;
    uint32_t stack = 0;
    uint32_t pieces = 0;
  };
  // A piece of a stack; its bytes follow.
  struct Piece {
    uint32_t offset = 0;
    uint32_t size = 0;
  };
  // What is known of a thread's stack: `bytes` from `address` on.
  struct Memory {
    uint64_t address = 0;
    std::string bytes;

    // Makes room for a stack, and returns where it lies. What is not known yet is zero.
    char* Cover(uint64_t begin, size_t size);
  };

  // Keeps in what the stack differs from `known`, which then is the stack; returns the number of pieces.
  uint32_t KeepChanges(std::string_view stack, char* known);

  std::vector<Kept> kept_;
  // Of all records, one after the other.
  std::string bytes_;
  absl::flat_hash_map<pid_t, Memory> memory_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_RECORD_SPOOL_H_
