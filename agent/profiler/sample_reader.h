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

// From the kernel's records, in the order of their times, to a profile.
//
// Threads: one.
class SampleReader {
 public:
  struct Options {
    // Whether an event's samples are switches away from the CPU.
    std::function<bool(uint64_t event_id)> is_switch;
    // What a sample on the CPU stands for.
    int64_t sample_ns = 0;
    // Where its period counts something else than nanoseconds, such as cycles: the kernel seeks the period that makes
    // as many samples as were asked for, anew for each thread and CPU, from 1 on. Then a sample stands for its share,
    // by its period, of the time that Weigh() is told.
    bool by_period = false;
    // Samples before it are left out.
    int64_t start_ns = 0;
  };

  // All outlive this; of `files` a profile has begun.
  SampleReader(Options options, ProfileWriter& writer, const KernelSymbols& kernel,
               ElfFiles& files);

  // A process that runs already.
  void AddProcess(pid_t pid);
  // Samples after it are left out. Call before the records that are beyond it.
  void EndAt(int64_t end_ns) { end_ns_ = end_ns; }
  // Nothing is recorded from here to the next record: whoever is away then has been away until now. Call in order.
  void PauseFrom(int64_t time_ns) { pauses_.push_back(time_ns); }
  // Mappings may have come and gone while nothing was recorded, up to now: reads what these processes have. Call in
  // order; the records of before may be taken later all the same.
  void ReadMapsAgain(const std::vector<pid_t>& processes, int64_t now_ns);

  void Take(std::string_view record);

  // With Options.by_period: what the samples taken so far stand for, since the start, in nanoseconds on the CPU. Cost:
  // nothing where few samples wait for it.
  void Weigh(int64_t cpu_ns);

  // Time off the CPU that still lasts ends now. Sets what was counted, and the notes. `cpu_ns` as of Weigh().
  void Finish(int64_t cpu_ns, ProfileInfo* info);

 private:
  // A thread that is off the CPU. Every switch is recorded, with its time and reason; some are sampled, with the stack,
  // a moment before that.
  struct Away {
    int64_t since_ns = 0;
    bool preempted = false;
    bool sampled = false;
    // Of a sample: whether the record of its switch is still to come.
    bool awaits_record = false;
    uint32_t stack = 0;
    uint64_t switches = 0;
  };
  // Time off the CPU for one reason.
  struct OffCpu {
    // What all switches came to, and what the samples say that they did.
    double recorded_ns = 0;
    double sampled_ns = 0;
    std::vector<ProfileWriter::Sample> samples;
  };

  // What was mapped in a process at that time.
  struct Reread {
    int64_t time_ns = 0;
    pid_t pid = 0;
    AddressSpace space;
  };

  void TakeSample(const SampleRecord& sample, int64_t time_ns);
  void TakeSwitch(const SwitchRecord& change, int64_t time_ns);
  void ComeBack(pid_t tid, int64_t time_ns);
  // The samples for one reason, weighted so that they sum up to what was recorded.
  void WriteOffCpu(const OffCpu& off_cpu);
  void WriteWaiting(int64_t cpu_ns);
  TargetProcess& Process(pid_t pid);
  // Takes over the mappings that were read by then.
  void RemapUntil(int64_t time_ns);

  const Options options_;
  ProfileWriter& writer_;
  StackNamer namer_;
  ElfFiles& files_;
  absl::flat_hash_map<pid_t, std::unique_ptr<TargetProcess>> processes_;
  // In the order of time, until a record is beyond it; and what each process had last.
  std::deque<Reread> reread_;
  absl::flat_hash_map<pid_t, AddressSpace> last_read_;
  absl::flat_hash_map<pid_t, Away> away_;
  // Samples whose weight, which is their period, is to become nanoseconds; and the periods of all so far.
  std::vector<ProfileWriter::Sample> waiting_;
  double periods_ = 0;
  // What rounding has left out so far, in nanoseconds.
  double left_over_ns_ = 0;
  // Kept to the end, since what was recorded is known then.
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
