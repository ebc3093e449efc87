#ifndef ASSAY_AGENT_PROFILER_PERF_RECORD_BYTES_H_
#define ASSAY_AGENT_PROFILER_PERF_RECORD_BYTES_H_

#include <linux/perf_event.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::profiler {

// Builds records in the kernel's layout, for tests.
class PerfRecordBytes {
 public:
  template <typename T>
  PerfRecordBytes& Put(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  PerfRecordBytes& Word(uint64_t value) { return Put(value); }
  PerfRecordBytes& Pid(int32_t value) { return Put(value); }
  PerfRecordBytes& Text(std::string_view text) {
    bytes_.append(text);
    return *this;
  }

  std::string Record(uint32_t type, uint16_t misc = 0) const {
    const perf_event_header header = {
        .type = type, .misc = misc, .size = static_cast<uint16_t>(sizeof(header) + bytes_.size())};
    return std::string(reinterpret_cast<const char*>(&header), sizeof(header)) + bytes_;
  }
  // The record followed by thread, time and id.
  std::string Trailed(uint32_t type, uint16_t misc = 0, uint64_t time_ns = 77) {
    return Pid(10).Pid(11).Word(time_ns).Word(99).Record(type, misc);
  }

 private:
  std::string bytes_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_PERF_RECORD_BYTES_H_
