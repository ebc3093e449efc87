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

// What the kernel records of events opened with the attributes of perf_event.h.

// In the order of kUserRegisters.
using UserRegisters = std::array<uint64_t, kUserRegisterCount>;
inline constexpr int kRegisterSp = 7;
inline constexpr int kRegisterIp = 8;

struct SampleRecord {
  // Of the event that was sampled.
  uint64_t event_id = 0;
  uint64_t ip = 0;
  pid_t pid = 0;
  pid_t tid = 0;
  // How many events it stands for.
  uint64_t period = 0;
  // Addresses in the kernel, the innermost first.
  std::vector<uint64_t> kernel_chain;
  // False: a thread without a user side (of the kernel, or one that is ending), or a 32-bit one.
  bool has_user = false;
  bool is_32_bit = false;
  UserRegisters registers = {};
  // From the stack pointer up. Points into the record's bytes.
  std::string_view stack;
};

// Executable memory has been mapped.
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

// A thread has begun: a process if `pid` is not its parent's.
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
  // Away from the CPU; else onto it.
  bool out = false;
  // Away though it would have run on, for another to run.
  bool preempted = false;
};

// Nothing that a profile needs.
struct OtherRecord {};

struct PerfRecord {
  // On CLOCK_MONOTONIC.
  int64_t time_ns = 0;
  std::variant<OtherRecord, SampleRecord, MapRecord, ExecRecord, ForkRecord, ExitRecord, LostRecord,
               ThrottleRecord, SwitchRecord>
      what;
};

// Takes a record apart, from its header on. kInvalidArgument when it is cut short or contradicts itself.
absl::StatusOr<PerfRecord> ParsePerfRecord(std::string_view bytes);

// Appends a record, but of a sample's stack no more than what the kernel filled: most of 32 KiB is empty. What is no
// whole sample is appended as it is.
void AppendWithoutEmptyStack(std::string_view bytes, std::string* to);

// Its time alone; 0 when it is cut short. Cost: a few nanoseconds.
int64_t PerfRecordTime(std::string_view bytes);

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_PERF_RECORDS_H_
