#include "agent/loadgen/load_thread.h"

#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/loadgen/closed_loop.h"
#include "agent/loadgen/http1_pool.h"
#include "agent/loadgen/http2_pool.h"
#include "agent/loadgen/open_loop.h"
#include "agent/loadgen/socket_pool.h"
#include "common/cpu_set.h"
#include "common/monotonic_clock.h"
#include "common/status_macros.h"

namespace assay::loadgen {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
// Beyond the timeout, for opening all connections.
constexpr int64_t kOpeningNs = 5 * kSecondNs;
// A sleep may end that much late; the rest is spun.
constexpr int64_t kSpinNs = 300'000;

std::optional<SampleRing::Writer> WriterFor(SampleRing* ring, int thread) {
  if (ring == nullptr) return std::nullopt;
  return SampleRing::Writer(ring, thread);
}

void SleepAndSpinUntil(int64_t at_ns) {
  const int64_t sleep_until = at_ns - kSpinNs;
  if (sleep_until > MonotonicNanos()) {
    const timespec time{sleep_until / kSecondNs, sleep_until % kSecondNs};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr) == EINTR) {
    }
  }
  while (MonotonicNanos() < at_ns) {
  }
}

}  // namespace

IntervalPlan PlanSeconds(const LoadOptions& options) {
  if (options.slots != nullptr) return IntervalPlan::ForSlots();
  const int64_t latest_ns = options.timeout_ns + options.drain_ns;
  const int64_t window_ns = options.duration_ns + kSecondNs - 1;
  IntervalPlan plan =
      IntervalPlan::For(window_ns / kSecondNs, latest_ns / kSecondNs, options.threads);
  // A run that ends by what is known needs to know soon; what comes later than that is in the total.
  if (options.until_quantile != 0) plan.keep_seconds = std::min(plan.keep_seconds, 2);
  return plan;
}

void StartGate::ReportReady() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++ready_;
  changed_.notify_all();
}

const SendingPeriods* StartGate::WaitForStart() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return cancelled_ || periods_ != nullptr; });
  return periods_;
}

void StartGate::WaitUntilReady() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return ready_ == threads_; });
}

void StartGate::Start(const SendingPeriods* periods) {
  const std::lock_guard<std::mutex> lock(mutex_);
  periods_ = periods;
  changed_.notify_all();
}

void StartGate::Cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (periods_ == nullptr) cancelled_ = true;
  changed_.notify_all();
}

LoadThread::LoadThread(const Share& share, const Common& common)
    : share_(share),
      common_(common),
      book_(common.seconds.slots, common.seconds.keep_seconds),
      recorder_(common.options->open_loop(), &book_, &live_, WriterFor(common.ring, share.index)),
      thread_([this] { Body(); }) {}

LoadThread::~LoadThread() { Join(); }

void LoadThread::Join() {
  if (thread_.joinable()) thread_.join();
}

void LoadThread::Body() {
  pthread_setname_np(pthread_self(), absl::StrCat("load-", share_.index).c_str());
  ready_ = GetReady();
  common_.gate->ReportReady();
  const SendingPeriods* const periods = common_.gate->WaitForStart();
  if (periods != nullptr && ready_.ok()) Run(*periods);
  const uint64_t one = 1;
  if (write(common_.done_fd, &one, sizeof(one)) < 0) return;  // Cannot fail on an eventfd of ours.
}

absl::Status LoadThread::GetReady() {
  const LoadOptions& options = *common_.options;
  if (share_.cpu >= 0) {
    CpuSet cpu;
    cpu.Add(share_.cpu);
    ASSAY_RETURN_IF_ERROR(cpu.PinThisThread());
  }
  ASSAY_ASSIGN_OR_RETURN(const CpuSet allowed, CpuSet::AllowedForThread(0));
  actual_cpus_ = allowed.ToString();
  // The default lets timers be 50 us late so that they can be joined.
  prctl(PR_SET_TIMERSLACK, 1);
  mix_ = std::make_unique<RequestMix>(options.requests, options.seed,
                                      options.share_index * options.threads + share_.index);
  loop_ = MakeLoop();
  ASSAY_RETURN_IF_ERROR(MakePool());
  const absl::Status opened = pool_->OpenAll(MonotonicNanos() + options.timeout_ns + kOpeningNs);
  open_failures_ = pool_->open_failures();
  ASSAY_RETURN_IF_ERROR(opened);
  idle_gaps_ = ObserveIdleGaps(options.idle_gaps_ns);
  return absl::OkStatus();
}

absl::Status LoadThread::MakePool() {
  const LoadOptions& options = *common_.options;
  const SocketPool::Config config{common_.target,   &options.requests,  share_.connections,
                                  options.pipeline, options.timeout_ns, common_.wake_fd,
                                  common_.tls};
  if (options.http2) {
    ASSAY_ASSIGN_OR_RETURN(pool_, Http2Pool::Create(config, loop_.get()));
  } else {
    ASSAY_ASSIGN_OR_RETURN(pool_, Http1Pool::Create(config, loop_.get()));
  }
  return absl::OkStatus();
}

std::unique_ptr<LoadLoop> LoadThread::MakeLoop() {
  const LoadOptions& options = *common_.options;
  if (!options.open_loop()) {
    return std::make_unique<ClosedLoop>(ClosedLoop::Config{share_.connections, share_.request_count,
                                                           options.think_ns, options.timeout_ns},
                                        mix_.get(), &recorder_);
  }
  OpenLoop::Config config;
  config.connections = share_.connections;
  config.request_count = share_.request_count;
  config.pacing = options.pacing;
  config.queue_limit = share_.queue_limit;
  config.timeout_ns = options.timeout_ns;
  config.arrivals = {.arrivals = options.arrivals,
                     .total_rate_per_s = options.rate_per_s * options.share_count,
                     .stream = options.share_index * options.threads + share_.index,
                     .streams = options.share_count * options.threads,
                     .seed = options.seed};
  return std::make_unique<OpenLoop>(config, mix_.get(), &recorder_);
}

bool LoadThread::SleepUntilSlot(int64_t begin_ns) const {
  pollfd wake{common_.wake_fd, POLLIN, 0};
  for (int64_t left = begin_ns - MonotonicNanos(); left > 0 && !stopped();
       left = begin_ns - MonotonicNanos()) {
    const timespec time{left / kSecondNs, left % kSecondNs};
    ppoll(&wake, 1, &time, nullptr);
  }
  return !stopped();
}

void LoadThread::Run(const SendingPeriods& periods) {
  const LoadOptions& options = *common_.options;
  const RunDelayClock run_delay;
  const LoadPhases::Config config = {.drain_ns = options.drain_ns,
                                     .by_count = options.request_count != 0,
                                     .stop = common_.stop,
                                     .abandon = common_.abandon,
                                     .run_delay = &run_delay};
  times_.reserve(periods.count());
  recorder_.Begin(periods);
  int64_t in_flight = 0;
  for (size_t i = 0; i < periods.count(); ++i) {
    const LoadWindow& window = periods.window(i);
    LoadPhases phases(periods, i, config);
    if (!periods.in_slots()) {
      SleepAndSpinUntil(window.start_ns);
    } else if (!SleepUntilSlot(window.start_ns)) {
      break;
    }
    if (i == 0) {
      live_.lateness_ns.store(MonotonicNanos() - window.start_ns, std::memory_order_relaxed);
    } else {
      recorder_.BeginPeriod(window, in_flight);
    }
    const uint64_t ok_before = recorder_.tally().ok_in_window;
    loop_->Run(*pool_, phases);
    recorder_.EndPeriod();
    in_flight = phases.in_flight();
    phases.times().ok = recorder_.tally().ok_in_window - ok_before;
    times_.push_back(phases.times());
    if (!periods.in_slots()) continue;
    book_.HarvestAll([this](const IntervalFigures& figures) { common_.totals->Add(figures); });
  }
  recorder_.Flush();
  in_flight_ = loop_->TakeUnfinished(*pool_);
  reconnects_ = pool_->reconnects();
}

}  // namespace assay::loadgen
