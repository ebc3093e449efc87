#include "agent/profiler/sampling_events.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <time.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "agent/profiler/perf_records.h"
#include "agent/profiler/tree_threads.h"
#include "common/file.h"

namespace assay::profiler {
namespace {

// A ring can hold the samples of a busy CPU for this time while its reader does not run.
constexpr double kRingSeconds = 1.0;
constexpr size_t kMinRingBytes = size_t{1} << 20;
constexpr size_t kMaxRingBytes = size_t{32} << 20;
// Threads leave the CPU at few places, so a few samples are enough. More samples would be the largest part of the cost.
constexpr int kMostSwitchesHz = 49;
// Error code of SamplingEvents for an event that was opened but whose ring memory was refused.
constexpr int kRingRefused = ENOBUFS;
// After this many rounds, threads that the tree keeps starting are sampled by inherited events only.
constexpr int kMaxRounds = 4;

size_t RingBytes(const SamplingEvents::Options& options) {
  const double bytes = kRingSeconds * options.frequency_hz * options.stack_bytes;
  return std::clamp(std::bit_ceil(static_cast<size_t>(bytes)), kMinRingBytes, kMaxRingBytes);
}

std::string Paranoid() {
  std::string value = ReadFile("/proc/sys/kernel/perf_event_paranoid").value_or("");
  absl::StripAsciiWhitespace(&value);
  return value;
}

agent::PerfAbility Explain(const char* event, int error, int frequency_hz) {
  agent::PerfAbility refusal = agent::ExplainPerfError(event, error, Paranoid());
  if (error == EINVAL) {
    refusal.remedy =
        absl::StrCat("sysctl kernel.perf_event_max_sample_rate=100000, if it is below the ",
                     frequency_hz, " Hz that were requested; otherwise use a newer kernel (5.11)");
  }
  if (error == kRingRefused) {
    refusal.reason = "the memory for samples cannot be locked";
    refusal.remedy =
        "sysctl kernel.perf_event_mlock_kb=4096, raise the limit of locked memory (ulimit -l), or "
        "give the agent "
        "CAP_IPC_LOCK";
  }
  return refusal;
}

agent::PerfAbility Gone(pid_t root) {
  return {.reason = absl::StrCat("process ", root, " has ended"),
          .remedy = "find out why the server ended, or profile it while it runs"};
}

CpuSet CpusOf(const std::vector<pid_t>& threads) {
  CpuSet cpus;
  for (const pid_t tid : threads) {
    const absl::StatusOr<CpuSet> allowed = CpuSet::AllowedForThread(tid);
    if (allowed.ok()) cpus |= *allowed;
  }
  return cpus;
}

std::vector<pid_t> AllThreads(pid_t root) {
  std::vector<pid_t> all;
  for (const auto& [pid, threads] : TreeThreads(root))
    all.insert(all.end(), threads.begin(), threads.end());
  return all;
}

}  // namespace

std::unique_ptr<SamplingEvents> SamplingEvents::Open(const Options& options,
                                                     agent::PerfAbility* refusal) {
  std::unique_ptr<SamplingEvents> events(new SamplingEvents(options));
  const std::vector<pid_t> threads = AllThreads(options.root);
  events->cpus_ = CpusOf(threads);
  for (const int number : events->cpus_.cpus()) {
    Cpu cpu;
    cpu.number = number;
    events->rings_.push_back(std::move(cpu));
  }
  *refusal = Gone(options.root);
  int error = ESRCH;
  for (const pid_t tid : threads) {
    error = events->kind_ == nullptr ? events->Choose(tid, refusal) : events->OpenThread(tid);
    if (error != 0 && error != ESRCH) break;
  }
  if (events->kind_ == nullptr) return nullptr;
  if (error == 0 || error == ESRCH) error = events->OpenLatecomers();
  if (error != 0 && error != ESRCH) {
    *refusal = Explain(events->kind_->name, error, options.frequency_hz);
    return nullptr;
  }
  return events;
}

int SamplingEvents::Choose(pid_t tid, agent::PerfAbility* refusal) {
  int error = 0;
  for (const agent::PerfEventKind& kind : agent::PerfEventLadder()) {
    kind_ = &kind;
    error = OpenThread(tid);
    if (error == 0) return 0;
    events_.clear();
    switch_ids_.clear();
    for (Cpu& cpu : rings_) cpu = {.number = cpu.number};
    kind_ = nullptr;
    if (error == ESRCH) return error;
    *refusal = Explain(kind.name, error, options_.frequency_hz);
  }
  return error;
}

int SamplingEvents::OpenThread(pid_t tid) {
  const perf_event_attr sampling =
      SamplingAttributes(*kind_, options_.frequency_hz, options_.stack_bytes);
  for (Cpu& cpu : rings_) {
    uint64_t id = 0;
    if (const int error = OpenOn(cpu, sampling, tid, &id); error != 0) return error;
    if (!options_.switches || !switches_refused_.empty()) continue;
    int error = kind_->user_only
                    ? EACCES
                    : OpenOn(cpu,
                             SwitchAttributes(std::min(options_.frequency_hz, kMostSwitchesHz),
                                              options_.stack_bytes),
                             tid, &id);
    if (error == ESRCH) return error;
    if (error == 0) {
      switch_ids_.insert(id);
    } else {
      const agent::PerfAbility refusal = Explain("context-switches", error, options_.frequency_hz);
      switches_refused_ =
          absl::StrCat("no off-CPU time: ", refusal.reason, " (", refusal.remedy, ")");
    }
  }
  threads_.insert(tid);
  return 0;
}

int SamplingEvents::OpenOn(Cpu& cpu, const perf_event_attr& attributes, pid_t tid, uint64_t* id) {
  EventOrError event = OpenPerfEvent(attributes, tid, cpu.number);
  if (event.error != 0) return event.error;
  if (cpu.ring == nullptr) {
    int error = 0;
    cpu.ring = PerfRing::Map(event.fd.get(), RingBytes(options_), &error);
    if (cpu.ring == nullptr) return error == EPERM ? kRingRefused : error;
    cpu.ring_event = event.fd.get();
  } else if (ioctl(event.fd.get(), PERF_EVENT_IOC_SET_OUTPUT, cpu.ring_event) != 0) {
    return errno;
  }
  if (ioctl(event.fd.get(), PERF_EVENT_IOC_ID, id) != 0) return errno;
  events_.push_back(std::move(event.fd));
  return 0;
}

int SamplingEvents::OpenLatecomers() {
  std::set<pid_t> inherited;
  for (int round = 0; round < kMaxRounds; ++round) {
    std::vector<pid_t> unknown = AllThreads(options_.root);
    std::erase_if(unknown,
                  [&](pid_t tid) { return threads_.contains(tid) || inherited.contains(tid); });
    if (unknown.empty()) return 0;
    // The fork record of a thread that inherits the events is written shortly after the thread appears.
    const timespec moment = {.tv_nsec = 1'000'000};
    nanosleep(&moment, nullptr);
    for (Cpu& cpu : rings_) {
      cpu.ring->Read([&](std::string_view bytes) {
        early_.emplace_back(bytes);
        const absl::StatusOr<PerfRecord> record = ParsePerfRecord(bytes);
        if (!record.ok()) return;
        if (const auto* const fork = std::get_if<ForkRecord>(&record->what))
          inherited.insert(fork->tid);
      });
    }
    for (const pid_t tid : unknown) {
      if (inherited.contains(tid)) continue;
      const int error = OpenThread(tid);
      if (error != 0 && error != ESRCH) return error;
    }
  }
  return 0;
}

void SamplingEvents::Read(absl::FunctionRef<void(std::string_view record)> take) {
  for (const std::string& record : std::exchange(early_, {})) take(record);
  for (Cpu& cpu : rings_) {
    if (cpu.ring != nullptr) cpu.ring->Read(take);
  }
}

}  // namespace assay::profiler
