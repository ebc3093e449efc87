#ifndef ASSAY_AGENT_PROFILER_SAMPLE_READER_H_
#define ASSAY_AGENT_PROFILER_SAMPLE_READER_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "agent/profiler/address_space.h"
#include "agent/profiler/elf_files.h"
#include "agent/profiler/kernel_symbols.h"
#include "agent/profiler/perf_records.h"
#include "agent/profiler/profile_writer.h"
#include "agent/profiler/stack_namer.h"
#include "agent/profiler/target_process.h"
#include "proto/profile.pb.h"

namespace assay::profiler {

// Converts the kernel's records, in the order of their times, to a profile.
//
// Threads: one.
class SampleReader {
 public:
  struct Options {
    // Whether the samples of an event are switches away from the CPU.
    std::function<bool(uint64_t event_id)> is_switch;
    // The time that an on-CPU sample represents.
    int64_t sample_ns = 0;
    // Set if the period of a sample does not count nanoseconds, but for example cycles. The kernel then adapts the
    // period to the sampling frequency, for each thread and CPU, starting from 1. A sample represents its share, by its
    // period, of the CPU time that is passed to Weigh().
    bool by_period = false;
    // Earlier samples are ignored.
    int64_t start_ns = 0;
  };

  // All references must outlive this. REQUIRES: files.BeginProfile() has been called.
  SampleReader(Options options, ProfileWriter& writer, const KernelSymbols& kernel,
               ElfFiles& files);

  // Adds a process that is already running.
  void AddProcess(pid_t pid);
  // Ignores samples after `end_ns`. Call it before taking later records.
  void EndAt(int64_t end_ns) { end_ns_ = end_ns; }
  // Recording pauses from `time_ns` to the next record. The off-CPU time of a thread that is off the CPU then ends at
  // `time_ns`. Call it in order of time.
  void PauseFrom(int64_t time_ns) { pauses_.push_back(time_ns); }
  // Mappings may have changed in a pause that ends at `now_ns`: reads the current mappings of these processes. Call it
  // in order of time; earlier records may still be taken after it.
  void ReadMapsAgain(const std::vector<pid_t>& processes, int64_t now_ns);

  void Take(std::string_view record);

  // With Options.by_period: sets the CPU time since the start that all samples taken so far represent. Cost: nothing if
  // few samples wait for it.
  void Weigh(int64_t cpu_ns);

  // Ends all off-CPU time, and sets the counts and notes in `info`. `cpu_ns` as in Weigh().
  void Finish(int64_t cpu_ns, ProfileInfo* info);

 private:
  // A thread that is off the CPU. Every switch has a record with its time and reason. Some switches also have a sample
  // with the stack, shortly before the record.
  struct Away {
    int64_t since_ns = 0;
    bool preempted = false;
    bool sampled = false;
    // For a sample: whether the record of its switch has not arrived yet.
    bool awaits_record = false;
    uint32_t stack = 0;
    uint64_t switches = 0;
  };
  // Off-CPU time for one reason.
  struct OffCpu {
    // Total time from the records of all switches, and the estimate of it from the samples.
    double recorded_ns = 0;
    double sampled_ns = 0;
    std::vector<ProfileWriter::Sample> samples;
  };

  // The mappings of a process at a time.
  struct Reread {
    int64_t time_ns = 0;
    pid_t pid = 0;
    AddressSpace space;
  };

  void TakeSample(const SampleRecord& sample, int64_t time_ns);
  void TakeSwitch(const SwitchRecord& change, int64_t time_ns);
  void ComeBack(pid_t tid, int64_t time_ns);
  // Writes the samples for one reason, with weights whose sum is the recorded time.
  void WriteOffCpu(const OffCpu& off_cpu);
  void WriteWaiting(int64_t cpu_ns);
  TargetProcess& Process(pid_t pid);
  // Applies the mappings that were read up to `time_ns`.
  void RemapUntil(int64_t time_ns);

  const Options options_;
  ProfileWriter& writer_;
  StackNamer namer_;
  ElfFiles& files_;
  absl::flat_hash_map<pid_t, std::unique_ptr<TargetProcess>> processes_;
  // Mappings to apply, in order of time, and the last mappings read of each process.
  std::deque<Reread> reread_;
  absl::flat_hash_map<pid_t, AddressSpace> last_read_;
  absl::flat_hash_map<pid_t, Away> away_;
  // Samples whose weight is still their period, to be converted to nanoseconds; and the sum of all periods so far.
  std::vector<ProfileWriter::Sample> waiting_;
  double periods_ = 0;
  // Rounding error so far, in nanoseconds.
  double left_over_ns_ = 0;
  // Kept until the end, when the recorded time is known.
  OffCpu blocked_;
  OffCpu preempted_;
  int64_t end_ns_ = std::numeric_limits<int64_t>::max();
  std::vector<int64_t> pauses_;

  uint64_t samples_ = 0;
  uint64_t whole_ = 0;
  uint64_t truncated_ = 0;
  uint64_t lost_ = 0;
  uint64_t throttled_ = 0;
  uint64_t switches_ = 0;
  uint64_t broken_ = 0;
  size_t deepest_stack_ = 0;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_SAMPLE_READER_H_
