#ifndef ASSAY_AGENT_PROFILER_RECORD_ORDER_H_
#define ASSAY_AGENT_PROFILER_RECORD_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"

namespace assay::profiler {

// Sorts the records of several CPUs by time. The mapping of a library on one CPU must be processed before a sample in
// it on another CPU.
//
// Memory: twice the largest size of the records that it held at once. The memory is reused, because new pages would
// cost more than everything else.
class RecordOrder {
 public:
  // Adds a record with time `time_ns`; `append` appends its bytes to its argument.
  void Add(int64_t time_ns, absl::FunctionRef<void(std::string*)> append);
  // Passes the records up to `time_ns` to `take`, in order, and removes them. REQUIRES: the rings have been read after
  // that time, and no older record is added later.
  void TakeUpTo(int64_t time_ns, absl::FunctionRef<void(std::string_view record)> take);

 private:
  struct Kept {
    int64_t time_ns;
    // Position in bytes_.
    size_t begin;
    size_t size;
  };
  std::string_view BytesOf(const Kept& kept) const;

  std::vector<Kept> kept_;
  // The bytes of all kept records, in the order of Add().
  std::string bytes_;
  std::string spare_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_RECORD_ORDER_H_
