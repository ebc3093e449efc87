#ifndef ASSAY_AGENT_PROFILER_PERF_RING_H_
#define ASSAY_AGENT_PROFILER_PERF_RING_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace assay::profiler {

// The ring buffer into which the kernel writes the records of one CPU's events. Records that do not fit are lost; the
// kernel reports them in a record of their own.
//
// Threads: one at a time.
class PerfRing {
 public:
  // Maps the ring of an open event, of at most `max_bytes` (a power of two of pages). Tries smaller rings if that
  // fails, because unprivileged users can lock little memory. Returns nullptr and sets `error` (errno) if the smallest
  // ring fails too. The caller keeps the descriptor.
  static std::unique_ptr<PerfRing> Map(int event, size_t max_bytes, int* error);

  ~PerfRing();
  PerfRing(const PerfRing&) = delete;
  PerfRing& operator=(const PerfRing&) = delete;

  // Passes each complete record, beginning with its header, to `take` and frees its space. The bytes are valid only
  // during the call.
  void Read(absl::FunctionRef<void(std::string_view record)> take);

  size_t bytes() const { return size_; }

 private:
  PerfRing(void* pages, size_t mapped, size_t size);

  void* const pages_;
  const size_t mapped_;
  // Size of the data area, a power of two.
  const size_t size_;
  // Holds a record that wraps around the end of the ring.
  std::string joined_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_PERF_RING_H_
