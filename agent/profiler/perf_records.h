#ifndef ASSAY_AGENT_PROFILER_PERF_RECORDS_H_
#define ASSAY_AGENT_PROFILER_PERF_RECORDS_H_

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/profiler/perf_event.h"

namespace assay::profiler {

// The kernel's records of events that were opened with the attributes of perf_event.h.

// In the order of kUserRegisters.
using UserRegisters = std::array<uint64_t, kUserRegisterCount>;
inline constexpr int kRegisterSp = 7;
inline constexpr int kRegisterIp = 8;

struct SampleRecord {
  // Id of the sampled event.
  uint64_t event_id = 0;
  uint64_t ip = 0;
  pid_t pid = 0;
  pid_t tid = 0;
  // Number of events that the sample represents.
  uint64_t period = 0;
  // Addresses in the kernel, innermost first.
  std::vector<uint64_t> kernel_chain;
  // False for a thread without user state (a kernel thread, or a thread that is exiting) and for a 32-bit thread.
  bool has_user = false;
  bool is_32_bit = false;
  UserRegisters registers = {};
  // From the stack pointer up. Points into the record's bytes.
  std::string_view stack;
};

// A process has mapped executable memory.
struct MapRecord {
  pid_t pid = 0;
  uint64_t start = 0;
  uint64_t length = 0;
  uint64_t file_offset = 0;
  uint64_t inode = 0;
  std::string path;
};

struct ExecRecord {
  pid_t pid = 0;
};

// A thread has begun. It is a new process if pid differs from parent_pid.
struct ForkRecord {
  pid_t pid = 0;
  pid_t parent_pid = 0;
  pid_t tid = 0;
};

struct ExitRecord {
  pid_t pid = 0;
  pid_t tid = 0;
};

struct LostRecord {
  uint64_t count = 0;
};

struct ThrottleRecord {};

struct SwitchRecord {
  pid_t pid = 0;
  pid_t tid = 0;
  // True: the thread left the CPU; false: it got a CPU.
  bool out = false;
  // The thread was still runnable when it left the CPU.
  bool preempted = false;
};

// A record that a profile does not need.
struct OtherRecord {};

struct PerfRecord {
  // On CLOCK_MONOTONIC.
  int64_t time_ns = 0;
  std::variant<OtherRecord, SampleRecord, MapRecord, ExecRecord, ForkRecord, ExitRecord, LostRecord,
               ThrottleRecord, SwitchRecord>
      what;
};

// Parses a record that begins with its header. kInvalidArgument: the record is truncated or inconsistent.
absl::StatusOr<PerfRecord> ParsePerfRecord(std::string_view bytes);

// Appends a record. Of a sample, it omits the unused end of the stack copy, because most of the 32 KiB are unused.
// Appends everything else, including incomplete samples, unchanged.
void AppendWithoutEmptyStack(std::string_view bytes, std::string* to);

// The time of a record; 0 if the record is truncated. Cost: a few nanoseconds.
int64_t PerfRecordTime(std::string_view bytes);

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_PERF_RECORDS_H_
