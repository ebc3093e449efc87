#ifndef ASSAY_AGENT_PROFILER_RECORD_ORDER_H_
#define ASSAY_AGENT_PROFILER_RECORD_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"

namespace assay::profiler {

// Puts the records of several CPUs in the order of their times: a library that one CPU maps must be known before the
// sample of another that lies in it.
//
// Memory: twice that of the records it held at most at once, kept for the next ones: fresh pages would cost more than
// all else.
class RecordOrder {
 public:
  // Adds a record of that time: what `append` appends to its argument.
  void Add(int64_t time_ns, absl::FunctionRef<void(std::string*)> append);
  // Hands over, in order, and forgets those up to that time: the rings must have been read since, and no older record
  // may come later.
  void TakeUpTo(int64_t time_ns, absl::FunctionRef<void(std::string_view record)> take);

 private:
  struct Kept {
    int64_t time_ns;
    // In bytes_.
    size_t begin;
    size_t size;
  };
  std::string_view BytesOf(const Kept& kept) const;

  std::vector<Kept> kept_;
  // Of all that is kept, as it came.
  std::string bytes_;
  std::string spare_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_RECORD_ORDER_H_
