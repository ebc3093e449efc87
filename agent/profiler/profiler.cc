#include "agent/profiler/profiler.h"

#include <malloc.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "agent/profiler/elf_files.h"
#include "agent/profiler/record_order.h"
#include "agent/profiler/record_spool.h"
#include "agent/profiler/sample_reader.h"
#include "agent/profiler/sampling_events.h"
#include "agent/profiler/stack_depths.h"
#include "agent/profiler/syscall_counters.h"
#include "agent/profiler/tree_counters.h"
#include "agent/profiler/tree_threads.h"
#include "common/cpu_clock.h"
#include "common/file.h"
#include "common/load_limits.h"
#include "common/monotonic_clock.h"
#include "common/start_thread.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

using profiler::ElfFiles;
using profiler::KernelSymbols;
using profiler::ProfileWriter;
using profiler::RecordOrder;
using profiler::RecordSpool;
using profiler::SampleReader;
using profiler::SamplingEvents;
using profiler::StackDepths;
using profiler::SyscallCounters;
using profiler::TreeCounters;
using profiler::TreeThreads;

// Much shorter than the time that a ring holds.
constexpr absl::Duration kReadEvery = absl::Milliseconds(50);
// For hosts on which the profiler's thread would take CPU time from the server or the load.
constexpr absl::Duration kReadSeldom = absl::Milliseconds(250);
// After this time a record is in its ring, whatever its CPU does.
constexpr int64_t kSettleNs = 1'000'000;
constexpr size_t kMaxKept = size_t{32} << 20;
// Lengths of sampling and of pauses with ProfilerConfig::pauses.
constexpr int64_t kSampledNs = 300'000'000;
constexpr int64_t kPauseNs = 100'000'000;
constexpr char kTaskClock[] = "task-clock";
constexpr int64_t kSecond = 1'000'000'000;

// Read once, because reading takes as long as a thousand samples. Modules that are loaded later have no names.
const KernelSymbols& ThisKernel() {
  static const auto* const kernel = new KernelSymbols(ReadFile("/proc/kallsyms").value_or(""));
  return *kernel;
}
const KernelSymbols& NoKernel() {
  static const auto* const none = new KernelSymbols("");
  return *none;
}

// Keeps the files that the last profile read for the next one. Two profiles at the same time have separate files.
class FilesOfLastProfile {
 public:
  std::unique_ptr<ElfFiles> Take() {
    absl::MutexLock lock(&mutex_);
    return files_ == nullptr ? std::make_unique<ElfFiles>() : std::move(files_);
  }
  void Leave(std::unique_ptr<ElfFiles> files) {
    absl::MutexLock lock(&mutex_);
    files_ = std::move(files);
  }
  static FilesOfLastProfile& OfThisProcess() {
    static auto* const files = new FilesOfLastProfile();
    return *files;
  }

 private:
  absl::Mutex mutex_;
  std::unique_ptr<ElfFiles> files_ ABSL_GUARDED_BY(mutex_);
};

StackDepths& DepthsOfThisProcess() {
  static auto* const depths = new StackDepths();
  return *depths;
}

// A profiler for hosts and targets that cannot be profiled.
class RefusedProfiler : public Profiler {
 public:
  RefusedProfiler(const ProfilerConfig& config, const agent::PerfAbility& refusal) {
    info_.set_refused(refusal.reason);
    info_.set_remedy(refusal.remedy);
    info_.set_frequency_hz(static_cast<uint32_t>(config.frequency_hz));
    info_.set_start_ns(MonotonicNanos());
  }
  ProfileInfo Stop() override {
    info_.set_end_ns(MonotonicNanos());
    return info_;
  }

 private:
  ProfileInfo info_;
};

class PerfProfiler : public Profiler {
 public:
  PerfProfiler(const ProfilerConfig& config, std::unique_ptr<SamplingEvents> events,
               TakeChunk take);
  ~PerfProfiler() override;

  // Starts the collecting thread. kResourceExhausted: no thread is available.
  absl::Status Begin();
  ProfileInfo Stop() override;

 private:
  // The main function of the collecting thread.
  void Collect();
  // Reads the rings and processes the records that are old enough; all records if `last`.
  void Round(RecordOrder& order, RecordSpool& spool, SampleReader& reader, bool last);
  // Switches between sampling and pausing when that is due; `turn_ns` is the time of the next switch.
  void TurnWhenDue(SampleReader& reader, int64_t* turn_ns);
  // Begin and end a span at the time `at_ns`, when the task clock has the value `cpu_ns`.
  void BeginSpan(int64_t at_ns, uint64_t cpu_ns);
  void EndSpan(int64_t at_ns, uint64_t cpu_ns);
  // CPU time of the sampled spans, when the task clock has the value `cpu_ns`.
  int64_t SampledCpu(uint64_t cpu_ns) const;
  void EndThread();

  const ProfilerConfig config_;
  const std::unique_ptr<SamplingEvents> events_;
  const TakeChunk take_;
  TreeCounters counters_;
  std::map<std::string, uint64_t> counted_before_;
  std::optional<SyscallCounters> syscalls_;
  int64_t start_ns_ = 0;

  absl::Notification stop_;
  // End of the window, and the task clock at that time; written before stop_ is notified.
  int64_t end_ns_ = std::numeric_limits<int64_t>::max();
  uint64_t end_cpu_ns_ = 0;
  // Used only by the collecting thread until it has ended.
  ProfileInfo info_;
  bool sampling_ = true;
  int64_t span_start_ns_ = 0;
  uint64_t span_start_cpu_ns_ = 0;
  // CPU time of the sampled spans before the current one.
  int64_t sampled_cpu_ns_ = 0;

  std::thread thread_;
};

PerfProfiler::PerfProfiler(const ProfilerConfig& config, std::unique_ptr<SamplingEvents> events,
                           TakeChunk take)
    : config_(config), events_(std::move(events)), take_(std::move(take)) {
  AddStandardCounters(events_->threads(), events_->kind().user_only, &counters_);
  if (config_.count_syscalls) {
    absl::StatusOr<SyscallCounters> syscalls = SyscallCounters::Open(events_->threads());
    if (syscalls.ok()) {
      syscalls_ = *std::move(syscalls);
    } else {
      info_.set_syscalls_refused(std::string(syscalls.status().message()));
    }
  } else {
    info_.set_syscalls_refused("not requested");
  }
  counted_before_ = counters_.Read();
  start_ns_ = MonotonicNanos();
  BeginSpan(start_ns_, counted_before_[kTaskClock]);
}

absl::Status PerfProfiler::Begin() {
  ASSAY_ASSIGN_OR_RETURN(thread_, StartThread([this] { Collect(); }));
  return absl::OkStatus();
}

PerfProfiler::~PerfProfiler() { EndThread(); }

int64_t PerfProfiler::SampledCpu(uint64_t cpu_ns) const {
  return sampled_cpu_ns_ + (sampling_ ? static_cast<int64_t>(cpu_ns - span_start_cpu_ns_) : 0);
}

void PerfProfiler::EndThread() {
  if (!thread_.joinable()) return;
  // If Stop() was not called, the window ends now.
  if (end_ns_ == std::numeric_limits<int64_t>::max()) {
    end_ns_ = MonotonicNanos();
    end_cpu_ns_ = counters_.Read(kTaskClock);
  }
  events_->Disable();
  stop_.Notify();
  thread_.join();
  // The thread of the next profile may use another arena, so the free memory of this one would not be reused.
  malloc_trim(0);
}

void PerfProfiler::Round(RecordOrder& order, RecordSpool& spool, SampleReader& reader, bool last) {
  const int64_t settled_ns = MonotonicNanos() - kSettleNs;
  events_->Read([&](std::string_view record) {
    order.Add(profiler::PerfRecordTime(record),
              [record](std::string* bytes) { profiler::AppendWithoutEmptyStack(record, bytes); });
  });
  const auto take = [&](std::string_view record) { reader.Take(record); };
  order.TakeUpTo(last ? std::numeric_limits<int64_t>::max() : settled_ns,
                 [&](std::string_view record) {
                   if (config_.unwind_afterwards) {
                     spool.Add(record);
                   } else {
                     take(record);
                   }
                 });
  if (last || spool.bytes() > kMaxKept) spool.TakeAll(take);
}

void PerfProfiler::EndSpan(int64_t at_ns, uint64_t cpu_ns) {
  sampled_cpu_ns_ = SampledCpu(cpu_ns);
  ProfileSpan& span = *info_.add_spans();
  span.set_start_ns(span_start_ns_ - start_ns_);
  span.set_end_ns(at_ns - start_ns_);
  span.set_sampled(sampling_);
  span.set_cpu_ns(static_cast<int64_t>(cpu_ns - span_start_cpu_ns_));
}

void PerfProfiler::BeginSpan(int64_t at_ns, uint64_t cpu_ns) {
  span_start_ns_ = at_ns;
  span_start_cpu_ns_ = cpu_ns;
}

void PerfProfiler::TurnWhenDue(SampleReader& reader, int64_t* turn_ns) {
  if (MonotonicNanos() < *turn_ns) return;
  // Switching interrupts the server, so its time belongs to neither span.
  EndSpan(MonotonicNanos(), counters_.Read(kTaskClock));
  if (sampling_) {
    events_->Disable();
    if (syscalls_.has_value()) syscalls_->Disable();
    reader.PauseFrom(MonotonicNanos());
  } else {
    std::vector<pid_t> processes;
    for (const auto& [pid, threads] : TreeThreads(config_.root)) processes.push_back(pid);
    reader.ReadMapsAgain(processes, MonotonicNanos());
    if (syscalls_.has_value()) syscalls_->Enable();
    events_->Enable();
  }
  sampling_ = !sampling_;
  const int64_t now_ns = MonotonicNanos();
  BeginSpan(now_ns, counters_.Read(kTaskClock));
  *turn_ns = now_ns + (sampling_ ? kSampledNs : kPauseNs);
}

void PerfProfiler::Collect() {
  const int64_t cpu_before = ThreadCpuNanos();
  if (!config_.collector_cpus.empty()) {
    const absl::Status pinned = config_.collector_cpus.PinThisThread();
    if (!pinned.ok()) {
      info_.add_notes(
          absl::StrCat("the profiler's thread is not pinned: ", std::string(pinned.message())));
    }
  }
  const bool in_kernel = !events_->kind().user_only;
  const KernelSymbols& kernel = in_kernel ? ThisKernel() : NoKernel();
  info_.set_kernel_frames(in_kernel);
  info_.set_kernel_names(!kernel.empty());
  if (in_kernel && kernel.empty()) {
    info_.add_notes(
        "kernel functions have no names, because /proc/kallsyms is not readable (sysctl "
        "kernel.kptr_restrict=0 and "
        "kernel.perf_event_paranoid=1, or give the agent CAP_SYSLOG)");
  }
  ProfileWriter writer(take_, start_ns_);
  std::unique_ptr<ElfFiles> files = FilesOfLastProfile::OfThisProcess().Take();
  const absl::Cleanup leave = [&files] {
    FilesOfLastProfile::OfThisProcess().Leave(std::move(files));
  };
  files->BeginProfile();
  // The period of a clock event is already in nanoseconds.
  const bool by_period = events_->kind().type == PERF_TYPE_HARDWARE;
  SampleReader reader({.is_switch = [this](uint64_t id) { return events_->IsSwitch(id); },
                       .sample_ns = kSecond / config_.frequency_hz,
                       .by_period = by_period,
                       .start_ns = start_ns_},
                      writer, kernel, *files);
  for (const auto& [pid, threads] : TreeThreads(config_.root)) reader.AddProcess(pid);
  RecordOrder order;
  RecordSpool spool;
  int64_t turn_ns = config_.pauses ? start_ns_ + kSampledNs : std::numeric_limits<int64_t>::max();
  const absl::Duration every = config_.unwind_afterwards ? kReadSeldom : kReadEvery;
  while (!stop_.WaitForNotificationWithTimeout(
      std::min(every, absl::Nanoseconds(turn_ns - MonotonicNanos())))) {
    TurnWhenDue(reader, &turn_ns);
    Round(order, spool, reader, /*last=*/false);
    if (by_period) reader.Weigh(SampledCpu(counters_.Read(kTaskClock)));
  }
  reader.EndAt(end_ns_);
  Round(order, spool, reader, /*last=*/true);
  reader.Finish(SampledCpu(end_cpu_ns_), &info_);
  info_.set_unwind_cpu_ns(ThreadCpuNanos() - cpu_before);
}

ProfileInfo PerfProfiler::Stop() {
  end_ns_ = MonotonicNanos();
  const std::map<std::string, uint64_t> counts = counters_.Since(counted_before_);
  const auto task_clock = counts.find(kTaskClock);
  const uint64_t cpu_ns = task_clock == counts.end() ? 0 : task_clock->second;
  end_cpu_ns_ = counted_before_[kTaskClock] + cpu_ns;
  std::map<std::string, uint64_t> calls;
  if (syscalls_.has_value()) calls = syscalls_->Read();
  CpuSet cpus;
  for (const auto& [pid, threads] : TreeThreads(config_.root)) {
    for (const pid_t tid : threads) {
      const absl::StatusOr<CpuSet> allowed = CpuSet::AllowedForThread(tid);
      if (allowed.ok()) cpus |= *allowed;
    }
  }
  EndThread();
  if (config_.pauses) EndSpan(end_ns_, end_cpu_ns_);
  for (const auto& [name, count] : counts) (*info_.mutable_counters())[name] = count;
  for (const auto& [name, count] : calls) (*info_.mutable_syscalls())[name] = count;
  if (!events_->cpus().Includes(cpus)) {
    info_.add_notes(absl::StrCat("threads changed their CPUs to ", cpus.ToString(), "; only ",
                                 events_->cpus().ToString(), " were sampled"));
  }
  if (!events_->switches_refused().empty()) info_.add_notes(events_->switches_refused());
  DepthsOfThisProcess().Learn(config_.program, info_);
  info_.set_stack_bytes(static_cast<uint32_t>(events_->stack_bytes()));
  info_.set_event(events_->kind().name);
  info_.set_frequency_hz(static_cast<uint32_t>(config_.frequency_hz));
  info_.set_start_ns(start_ns_);
  info_.set_end_ns(end_ns_);
  return std::move(info_);
}

}  // namespace

void Profiler::Prepare() { ThisKernel(); }

absl::StatusOr<std::unique_ptr<Profiler>> Profiler::Start(const ProfilerConfig& config,
                                                          TakeChunk take) {
  if (config.root <= 0) return absl::InvalidArgumentError("a profile needs a process id");
  if (config.frequency_hz < 1 || config.frequency_hz > static_cast<int>(kMostProfileHz)) {
    return absl::InvalidArgumentError(absl::StrCat("a profile cannot have ", config.frequency_hz,
                                                   " samples per second; choose 1 to ",
                                                   kMostProfileHz));
  }
  if (config.stack_bytes < kMinStackBytes || config.stack_bytes > kMaxStackBytes ||
      config.stack_bytes % 8 != 0) {
    return absl::InvalidArgumentError(absl::StrCat("a profile cannot copy ", config.stack_bytes,
                                                   " bytes of stack; choose a multiple of 8 from ",
                                                   kMinStackBytes, " to ", kMaxStackBytes));
  }
#ifdef __x86_64__
  // Call it before the window begins.
  Prepare();
  agent::PerfAbility refusal;
  std::unique_ptr<SamplingEvents> events = SamplingEvents::Open(
      {.root = config.root,
       .frequency_hz = config.frequency_hz,
       .stack_bytes = DepthsOfThisProcess().BytesFor(config.program, config.stack_bytes),
       .switches = config.off_cpu},
      &refusal);
  if (events != nullptr) {
    auto profiler = std::make_unique<PerfProfiler>(config, std::move(events), std::move(take));
    const absl::Status begun = profiler->Begin();
    if (begun.ok()) return profiler;
    refusal.reason = std::string(begun.message());
    refusal.remedy = "raise this limit, or run fewer measurements at a time";
  }
#else
  const agent::PerfAbility refusal = {.reason = "stacks can be unwound only on x86-64",
                                      .remedy = "run the server under test on x86-64, or use perf"};
#endif
  return std::make_unique<RefusedProfiler>(config, refusal);
}

}  // namespace assay::agent
