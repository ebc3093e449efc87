#ifndef ASSAY_AGENT_PROFILER_PERF_RING_H_
#define ASSAY_AGENT_PROFILER_PERF_RING_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace assay::profiler {

// The memory in which the kernel leaves the records of one CPU's events. What does not fit is lost, and the kernel
// says so in a record of its own.
//
// Threads: one reads at a time.
class PerfRing {
 public:
  // Maps the ring of an open event, of at most `max_bytes` (a power of two of pages): a user without privilege may lock
  // little memory, so that smaller ones are tried. nullptr with `error` (errno) when the smallest fails too. The
  // descriptor stays the caller's.
  static std::unique_ptr<PerfRing> Map(int event, size_t max_bytes, int* error);

  ~PerfRing();
  PerfRing(const PerfRing&) = delete;
  PerfRing& operator=(const PerfRing&) = delete;

  // Hands over each whole record that is there now, header first, and frees its space. The bytes are valid during the
  // call only.
  void Read(absl::FunctionRef<void(std::string_view record)> take);

  size_t bytes() const { return size_; }

 private:
  PerfRing(void* pages, size_t mapped, size_t size);

  void* const pages_;
  const size_t mapped_;
  // Of the data, a power of two.
  const size_t size_;
  // A record that runs over the end is put together here.
  std::string joined_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_PERF_RING_H_
