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

// Stores records in the order of Add(), for hosts on which unwinding must wait until the end of the window.
//
// Little of a thread's stack memory changes from one sample to the next. Of each stack, only the differences from the
// memory in the previous samples are stored: 1 or 2 KiB of the 30 KiB of a Rust server.
//
// Threads: one. Cost: a comparison and a copy of each stack, a few microseconds.
class RecordSpool {
 public:
  void Add(std::string_view record);
  // Passes all records, unchanged, to `take` and removes them.
  void TakeAll(absl::FunctionRef<void(std::string_view record)> take);
  // Memory in use.
  size_t bytes() const { return bytes_.size() + kept_.size() * sizeof(Kept); }

 private:
  // A record consists of the bytes before the stack, the stack, and the bytes after it.
  struct Kept {
    pid_t thread = 0;
    uint32_t before = 0;
    uint32_t behind = 0;
    // Address and size of the stack in the thread's memory, and the number of pieces that differ.
    uint64_t address = 0;
    uint32_t stack = 0;
    uint32_t pieces = 0;
  };
  // Header of a piece of a stack; its bytes follow.
  struct Piece {
    uint32_t offset = 0;
    uint32_t size = 0;
  };
  // The known memory of a thread's stack: `bytes` at `address`.
  struct Memory {
    uint64_t address = 0;
    std::string bytes;

    // Extends `bytes` to contain a stack, and returns the stack's position in it. Unknown bytes are zero.
    char* Cover(uint64_t begin, size_t size);
  };

  // Stores the differences between the stack and `known`, and copies the stack to `known`. Returns the number of
  // pieces.
  uint32_t KeepChanges(std::string_view stack, char* known);

  std::vector<Kept> kept_;
  // The stored bytes of all records, in order.
  std::string bytes_;
  absl::flat_hash_map<pid_t, Memory> memory_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_RECORD_SPOOL_H_
