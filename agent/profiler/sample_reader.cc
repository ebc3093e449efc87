#include "agent/profiler/sample_reader.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace assay::profiler {

SampleReader::SampleReader(Options options, ProfileWriter& writer, const KernelSymbols& kernel,
                           ElfFiles& files)
    : options_(std::move(options)), writer_(writer), namer_(writer, kernel), files_(files) {}

void SampleReader::AddProcess(pid_t pid) { Process(pid); }

void SampleReader::ReadMapsAgain(const std::vector<pid_t>& processes, int64_t now_ns) {
  for (const pid_t pid : processes) {
    absl::StatusOr<AddressSpace> space = TargetProcess::ReadMaps(pid);
    if (!space.ok()) continue;
    AddressSpace& last = last_read_[pid];
    if (space->HasFilesOf(last)) continue;
    last = *space;
    reread_.push_back({now_ns, pid, *std::move(space)});
  }
}

void SampleReader::RemapUntil(int64_t time_ns) {
  for (; !reread_.empty() && reread_.front().time_ns <= time_ns; reread_.pop_front()) {
    Reread& reread = reread_.front();
    Process(reread.pid).Remap(std::move(reread.space));
  }
}

TargetProcess& SampleReader::Process(pid_t pid) {
  std::unique_ptr<TargetProcess>& process = processes_[pid];
  if (process == nullptr) {
    process = std::make_unique<TargetProcess>(pid, files_);
    absl::StatusOr<AddressSpace> space = TargetProcess::ReadMaps(pid);
    if (space.ok()) process->Remap(*std::move(space));
  }
  return *process;
}

void SampleReader::Take(std::string_view record) {
  const absl::StatusOr<PerfRecord> parsed = ParsePerfRecord(record);
  if (!parsed.ok()) {
    ++broken_;
    return;
  }
  RemapUntil(parsed->time_ns);
  if (const auto* sample = std::get_if<SampleRecord>(&parsed->what)) {
    TakeSample(*sample, parsed->time_ns);
  } else if (const auto* map = std::get_if<MapRecord>(&parsed->what)) {
    Process(map->pid).Map(*map);
  } else if (const auto* exec = std::get_if<ExecRecord>(&parsed->what)) {
    Process(exec->pid).Exec();
  } else if (const auto* fork = std::get_if<ForkRecord>(&parsed->what)) {
    if (fork->pid != fork->parent_pid && !processes_.contains(fork->pid)) {
      auto process = std::make_unique<TargetProcess>(fork->pid, files_);
      process->CopyMaps(Process(fork->parent_pid));
      processes_[fork->pid] = std::move(process);
    }
  } else if (const auto* exit = std::get_if<ExitRecord>(&parsed->what)) {
    ComeBack(exit->tid, parsed->time_ns);
    if (exit->pid == exit->tid) processes_.erase(exit->pid);
  } else if (const auto* change = std::get_if<SwitchRecord>(&parsed->what)) {
    TakeSwitch(*change, parsed->time_ns);
  } else if (const auto* lost = std::get_if<LostRecord>(&parsed->what)) {
    lost_ += lost->count;
  } else if (std::holds_alternative<ThrottleRecord>(parsed->what)) {
    ++throttled_;
  }
}

void SampleReader::TakeSample(const SampleRecord& sample, int64_t time_ns) {
  if (time_ns < options_.start_ns || time_ns > end_ns_) return;
  TargetProcess& process = Process(sample.pid);
  UserStack user;
  if (sample.has_user) user = process.Unwind(sample);
  deepest_stack_ = std::max(deepest_stack_, user.depth_bytes);
  const bool away = options_.is_switch(sample.event_id);
  const StackNamer::Named named =
      namer_.Name(user.frames, sample.kernel_chain, &process.jit(), time_ns,
                  away ? ProfileStack::OFF_CPU : ProfileStack::ON_CPU);
  if (away) {
    away_[sample.tid] = {.since_ns = time_ns,
                         .sampled = true,
                         .awaits_record = true,
                         .stack = named.stack,
                         .switches = sample.period};
    return;
  }
  ++samples_;
  // A thread without user state has only a kernel stack.
  if (user.finished || named.from_start || (!sample.has_user && !sample.is_32_bit)) {
    ++whole_;
  } else if (user.beyond_copy) {
    ++truncated_;
  }
  ProfileWriter::Sample on_cpu = {.stack = named.stack,
                                  .time_ns = time_ns,
                                  .thread = static_cast<uint32_t>(sample.tid),
                                  .weight_ns = static_cast<uint64_t>(options_.sample_ns)};
  if (!options_.by_period) return writer_.Add(on_cpu);
  on_cpu.weight_ns = sample.period;
  periods_ += static_cast<double>(sample.period);
  waiting_.push_back(on_cpu);
}

void SampleReader::Weigh(int64_t cpu_ns) {
  // The clock reading and the last sample are up to a period apart, which is a small error for this many samples.
  constexpr size_t kFew = 256;
  if (waiting_.size() >= kFew) WriteWaiting(cpu_ns);
}

void SampleReader::WriteWaiting(int64_t cpu_ns) {
  // If the clock is not available, use the requested sampling interval.
  const double all_ns =
      cpu_ns > 0 ? static_cast<double>(cpu_ns)
                 : static_cast<double>(samples_) * static_cast<double>(options_.sample_ns);
  const double ns_per_period = periods_ > 0 ? all_ns / periods_ : 0;
  // Weights are rounded to steps, because they repeat then and take less space. The rounding error is carried over, so
  // the sum does not change.
  const double step_ns = std::max(1.0, static_cast<double>(options_.sample_ns) / 64);
  for (ProfileWriter::Sample& sample : std::exchange(waiting_, {})) {
    const double exact_ns = static_cast<double>(sample.weight_ns) * ns_per_period + left_over_ns_;
    // Never 0, because readers treat a column of zeros as missing.
    sample.weight_ns =
        static_cast<uint64_t>(std::max(1.0, std::round(exact_ns / step_ns) * step_ns));
    left_over_ns_ = exact_ns - static_cast<double>(sample.weight_ns);
    writer_.Add(sample);
  }
}

void SampleReader::TakeSwitch(const SwitchRecord& change, int64_t time_ns) {
  if (!change.out) {
    ComeBack(change.tid, time_ns);
    return;
  }
  if (time_ns < options_.start_ns || time_ns > end_ns_) return;
  ++switches_;
  Away& away = away_[change.tid];
  if (!away.awaits_record) away = {.since_ns = time_ns};
  away.awaits_record = false;
  away.preempted = change.preempted;
}

void SampleReader::ComeBack(pid_t tid, int64_t time_ns) {
  const auto away = away_.find(tid);
  if (away == away_.end()) return;
  int64_t until = std::min(time_ns, end_ns_);
  const auto pause = std::lower_bound(pauses_.begin(), pauses_.end(), away->second.since_ns);
  if (pause != pauses_.end()) until = std::min(until, *pause);
  if (until > away->second.since_ns) {
    const auto lasted_ns = static_cast<uint64_t>(until - away->second.since_ns);
    OffCpu& off_cpu = away->second.preempted ? preempted_ : blocked_;
    off_cpu.recorded_ns += static_cast<double>(lasted_ns);
    if (away->second.sampled) {
      off_cpu.samples.push_back({.stack = away->second.stack,
                                 .time_ns = away->second.since_ns,
                                 .thread = static_cast<uint32_t>(tid),
                                 .weight_ns = lasted_ns * away->second.switches});
      off_cpu.sampled_ns += static_cast<double>(off_cpu.samples.back().weight_ns);
    }
  }
  away_.erase(away);
}

void SampleReader::WriteOffCpu(const OffCpu& off_cpu) {
  // If records were lost, recorded_ns is too small.
  const double scale =
      lost_ > 0 || off_cpu.sampled_ns == 0 ? 1 : off_cpu.recorded_ns / off_cpu.sampled_ns;
  for (ProfileWriter::Sample sample : off_cpu.samples) {
    sample.weight_ns =
        static_cast<uint64_t>(std::llround(static_cast<double>(sample.weight_ns) * scale));
    writer_.Add(sample);
  }
}

void SampleReader::Finish(int64_t cpu_ns, ProfileInfo* info) {
  WriteWaiting(cpu_ns);
  std::vector<pid_t> threads;
  for (const auto& [tid, away] : away_) threads.push_back(tid);
  for (const pid_t tid : threads) ComeBack(tid, end_ns_);
  WriteOffCpu(blocked_);
  WriteOffCpu(preempted_);
  writer_.Flush();
  info->set_samples(samples_);
  info->set_whole(whole_);
  info->set_truncated(truncated_);
  info->set_lost(lost_);
  info->set_throttled(throttled_);
  info->set_switches(switches_);
  info->set_deepest_stack_bytes(static_cast<uint32_t>(deepest_stack_));
  for (std::string& note : namer_.Notes()) info->add_notes(std::move(note));
  if (broken_ > 0) {
    info->add_notes(
        absl::StrCat(broken_, " records of the kernel could not be parsed and are ignored"));
  }
}

}  // namespace assay::profiler
