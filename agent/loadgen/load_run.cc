#include "agent/loadgen/load_run.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/loadgen/dial.h"
#include "common/cpu_set.h"
#include "common/even_share.h"
#include "common/file.h"
#include "common/status_macros.h"

namespace assay::loadgen {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
// For an address of several to accept: a name with one that is dead costs that much, once.
constexpr int64_t kAddressTimeoutNs = 1'000'000'000;

// Raises the limit of open files to what the connections need.
absl::Status AllowDescriptors(int connections) {
  const auto needed = static_cast<rlim_t>(connections) + 64;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return ErrnoStatus(errno, "getrlimit");
  if (limit.rlim_cur >= needed) return absl::OkStatus();
  limit.rlim_cur = std::min(limit.rlim_max, needed);
  if (limit.rlim_max >= needed && setrlimit(RLIMIT_NOFILE, &limit) == 0) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(connections, " connections need ", needed, " open files, and the limit is ",
                   limit.rlim_max, "; raise it (ulimit -Hn) or use fewer connections"));
}

// A ramp offers half its final rate over the window.
double OfferedPerSecond(const LoadOptions& options) {
  return options.arrivals == Arrivals::kRamp ? options.rate_per_s / 2 : options.rate_per_s;
}

// VmHWM; what getrusage() says would include the program that started this one.
int64_t PeakResidentBytes() {
  const absl::StatusOr<std::string> status = ReadFile("/proc/self/status");
  if (!status.ok()) return 0;
  const size_t at = status->find("VmHWM:");
  return at == std::string::npos ? 0 : std::atoll(status->c_str() + at + 6) * 1024;
}

// Signals go to the main thread: a load thread is not to be interrupted.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

LoadRun::LoadRun(const LoadOptions* options, SampleRing* ring)
    : options_(options), ring_(ring), seconds_(PlanSeconds(*options)), gate_(options->threads) {}

absl::StatusOr<std::unique_ptr<LoadRun>> LoadRun::Create(const LoadOptions* options,
                                                         SampleRing* ring) {
  if (ring != nullptr && ring->threads() != options->threads) {
    return absl::InvalidArgumentError(absl::StrCat("the sample ring is for ", ring->threads(),
                                                   " threads, and there are ", options->threads));
  }
  ASSAY_RETURN_IF_ERROR(AllowDescriptors(options->connections));
  std::unique_ptr<LoadRun> run(new LoadRun(options, ring));
  run->wake_fd_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  run->done_fd_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!run->wake_fd_.ok() || !run->done_fd_.ok()) return ErrnoStatus(errno, "eventfd");
  if (options->target.tls) {
    const std::string& name = options->tls_server_name;
    const TlsContext::Config config{name.empty() ? options->target.host : name, options->http2,
                                    options->tls_verify};
    ASSAY_ASSIGN_OR_RETURN(run->tls_, TlsContext::Create(config));
  }
  return run;
}

LoadRun::~LoadRun() {
  Stop();
  gate_.Cancel();
}

absl::Status LoadRun::Prepare() {
  target_ = FirstThatAccepts(options_->target, std::min(options_->timeout_ns, kAddressTimeoutNs));
  LaunchThreads();
  gate_.WaitUntilReady();
  for (const auto& thread : threads_) ASSAY_RETURN_IF_ERROR(thread->ready());
  return absl::OkStatus();
}

void LoadRun::LaunchThreads() {
  const SignalsBlocked blocked;
  const LoadThread::Common common{
      .options = options_,
      .target = &target_,
      .seconds = seconds_,
      .totals = &ledger_,
      .ring = ring_,
      .tls = tls_.get(),
      .gate = &gate_,
      .stop = &stop_,
      .abandon = &abandon_,
      .wake_fd = wake_fd_.get(),
      .done_fd = done_fd_.get(),
  };
  for (int i = 0; i < options_->threads; ++i) {
    LoadThread::Share share;
    share.index = i;
    share.connections = static_cast<int>(EvenShare(options_->connections, i, options_->threads));
    share.request_count = EvenShare(options_->request_count, i, options_->threads);
    share.queue_limit = EvenShare(options_->queue_limit, i, options_->threads);
    if (!options_->cpus.empty()) share.cpu = options_->cpus[i % options_->cpus.size()];
    threads_.push_back(std::make_unique<LoadThread>(share, common));
  }
}

IdleGapFigures LoadRun::idle_gaps() const {
  IdleGapFigures worst;
  for (const auto& thread : threads_) {
    // As the gate idle_gaps judges.
    if (thread->idle_gaps().lost_share >= worst.lost_share) worst = thread->idle_gaps();
  }
  return worst;
}

std::string LoadRun::actual_cpus() const {
  CpuSet cpus;
  for (const auto& thread : threads_) {
    if (absl::StatusOr<CpuSet> of_thread = CpuSet::Parse(thread->actual_cpus()); of_thread.ok()) {
      cpus |= *of_thread;
    }
  }
  return cpus.ToString();
}

void LoadRun::Start(int64_t start_ns) {
  if (in_slots()) {
    periods_.emplace(*options_->slots, start_ns);
    return gate_.Start(&*periods_);
  }
  LoadWindow window;
  window.start_ns = start_ns;
  window.begin_ns = start_ns + options_->warmup_ns;
  if (options_->duration_ns > 0) window.end_ns = window.begin_ns + options_->duration_ns;
  periods_.emplace(window);
  gate_.Start(&*periods_);
}

void LoadRun::Stop(StoppedBy reason) {
  StoppedBy nobody = StoppedBy::kNobody;
  stopped_by_.compare_exchange_strong(nobody, reason);
  stop_.store(true, std::memory_order_relaxed);
  const uint64_t one = 1;
  if (write(wake_fd_.get(), &one, sizeof(one)) < 0) return;  // Readable already.
}

void LoadRun::Abandon() {
  abandon_.store(true, std::memory_order_relaxed);
  Stop();
}

bool LoadRun::ended() {
  uint64_t more = 0;
  if (read(done_fd_.get(), &more, sizeof(more)) == sizeof(more)) threads_ended_ += more;
  return threads_ended_ >= threads_.size();
}

int64_t LoadRun::harvest_every_ns() const { return seconds_.harvest_every_s * kSecondNs; }

void LoadRun::HarvestSeconds() {
  for (const auto& thread : threads_) {
    thread->book().Harvest([this](const IntervalFigures& figures) { ledger_.Add(figures); });
  }
}

std::optional<int64_t> LoadRun::lateness_ns() const {
  int64_t latest = 0;
  for (const auto& thread : threads_) {
    const int64_t lateness = thread->live().lateness_ns.load(std::memory_order_relaxed);
    if (lateness < 0) return std::nullopt;
    latest = std::max(latest, lateness);
  }
  return latest;
}

uint64_t LoadRun::live_ok() const {
  uint64_t ok = 0;
  for (const auto& thread : threads_) ok += thread->live().ok.load(std::memory_order_relaxed);
  return ok;
}

uint64_t LoadRun::live_failed() const {
  uint64_t failed = 0;
  for (const auto& thread : threads_) {
    failed += thread->live().failed.load(std::memory_order_relaxed);
  }
  return failed;
}

LoadResult LoadRun::Finish() {
  gate_.Cancel();
  LoadResult result;
  result.open_loop = options_->open_loop();
  result.spins = result.open_loop && options_->pacing == Pacing::kSpin;
  result.connections = static_cast<uint32_t>(options_->connections);
  result.stopped = stop_.load(std::memory_order_relaxed);
  result.stopped_by = stopped_by_.load();
  result.idle_gaps = idle_gaps();
  result.actual_cpus = actual_cpus();
  for (const auto& thread : threads_) {
    thread->Join();
    result.Add(thread->recorder().tally());
    result.in_flight += thread->in_flight();
    result.AddOpenFailures(thread->open_failures());
    if (thread == threads_.front()) {
      result.responses = thread->recorder().responses();
    } else {
      result.responses.Merge(thread->recorder().responses());
    }
    result.service.Merge(thread->recorder().service());
    result.send_lag.Merge(thread->recorder().send_lag());
    // Where there is no ring no raw sample is kept.
    if (ring_ != nullptr) result.samples_recorded += thread->recorder().samples_recorded();
    result.samples_lost += thread->recorder().samples_lost();
    result.reconnects += thread->reconnects();
    thread->book().HarvestAll([this](const IntervalFigures& figures) { ledger_.Add(figures); });
    const IntervalFigures& rest = thread->book().rest();
    result.outside_seconds += rest.ended();
    ledger_.AddOutside(rest);
  }
  if (options_->request_count > result.sent) {
    result.not_sent = options_->request_count - result.sent;
  }
  result.latency.Merge(ledger_.total());
  if (!result.open_loop) result.service.Merge(ledger_.total());
  if (in_slots()) {
    FinishSlots(result);
  } else {
    FinishWindow(result);
    result.seconds = ledger_.TakeIntervals((result.duration_ns + kSecondNs - 1) / kSecondNs);
  }
  result.lateness_ns = lateness_ns().value_or(0);
  if (result.open_loop) result.offered_per_s = OfferedPerSecond(*options_);
  result.rss_bytes = PeakResidentBytes();
  result.Check();
  return result;
}

void LoadRun::FinishWindow(LoadResult& result) const {
  int64_t begin = INT64_MAX;
  int64_t end = 0;
  for (const auto& thread : threads_) {
    if (thread->times().empty()) continue;
    const LoadTimes& times = thread->times().front();
    result.Add(times);
    if (times.gave_up) {
      result.stopped = true;
      if (result.stopped_by == StoppedBy::kNobody) result.stopped_by = StoppedBy::kUnreachable;
    }
    if (times.begin_ns == 0) continue;
    begin = std::min(begin, times.begin_ns);
    end = std::max(end, times.end_ns);
    // Counted requests take until the last one is answered.
    if (options_->request_count != 0 && !stopping()) {
      end = std::max(end, thread->recorder().tally().last_end_ns);
    }
  }
  if (options_->request_count != 0 && options_->duration_ns != 0) {
    end = std::min(end, std::max(begin, begin + options_->duration_ns));
  }
  result.duration_ns = end > begin ? end - begin : 0;
}

void LoadRun::FinishSlots(LoadResult& result) {
  result.in_slots = true;
  std::map<uint32_t, SlotAccount> accounts;
  for (size_t period = 0; periods_.has_value() && period < periods_->count(); ++period) {
    SlotAccount account;
    int64_t counted_ns = 0;
    bool begun = false;
    for (const auto& thread : threads_) {
      if (thread->times().size() <= period) continue;
      begun = true;
      const LoadTimes& times = thread->times()[period];
      account.Add(times, result.spins);
      counted_ns = std::max(counted_ns, times.end_ns - times.begin_ns);
    }
    if (!begun) break;
    result.longest_drain_ns = std::max(result.longest_drain_ns, account.drain_ns);
    if (account.overdue > 0) ++result.overdue_slots;
    if (periods_->IsWarmup(period)) continue;
    result.duration_ns += counted_ns;
    ledger_.Expect(periods_->Slot(period));
    accounts.emplace(periods_->Slot(period), account);
  }
  for (const auto& thread : threads_) {
    LoadTimes sum;
    sum.run_delay_ns = 0;
    for (size_t period = 0; period < thread->times().size(); ++period) {
      if (!periods_->IsWarmup(period)) sum.AddSlot(thread->times()[period]);
    }
    result.Add(sum);
  }
  result.seconds = ledger_.TakeIntervals();
  for (Interval& row : result.seconds) row.slot = accounts[row.second];
}

}  // namespace assay::loadgen
