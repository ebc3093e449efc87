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
class RecordOrder {
 public:
  void Add(int64_t time_ns, std::string record);
  // Hands over, in order, and forgets those up to that time: the rings must have been read since, and no older record
  // may come later.
  void TakeUpTo(int64_t time_ns, absl::FunctionRef<void(std::string_view record)> take);

  // Of what is kept.
  size_t bytes() const { return bytes_; }

 private:
  struct Kept {
    int64_t time_ns;
    std::string record;
  };
  std::vector<Kept> kept_;
  size_t bytes_ = 0;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_RECORD_ORDER_H_
