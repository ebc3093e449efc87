#include "agent/loadgen/socket_pool.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/loadgen/dial.h"
#include "common/file.h"
#include "common/monotonic_clock.h"

namespace assay::loadgen {
namespace {

constexpr int64_t kRetryAfterNs = 50'000'000;
constexpr int64_t kLongestScanNs = 250'000'000;
// Connections being opened at once: more could overflow the server's listen queue, which costs a
// second each.
constexpr int kOpeningAtOnce = 64;
// How long a turn goes on to its next event: 512 connections that flood would take seconds, in which nobody looks at the
// clock. The next turn goes on where it ended, so that each connection has its turn.
constexpr int64_t kLongestTurnNs = 100'000'000;
constexpr uint64_t kWakeKey = UINT64_MAX;

uint64_t KeyOf(int connection, uint32_t generation) {
  return static_cast<uint64_t>(generation) << 32 | static_cast<uint32_t>(connection);
}

epoll_event EveryEdge(int connection, uint32_t generation) {
  return {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
          .data = {.u64 = KeyOf(connection, generation)}};
}

}  // namespace

SocketPool::SocketPool(const Config& config, FlightSink* sink)
    : config_(config),
      sink_(sink),
      sockets_(config.connections),
      retries_(static_cast<size_t>(config.connections)) {}

absl::Status SocketPool::Watch() {
  epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.ok()) return ErrnoStatus(errno, "epoll_create1");
  if (config_.wake_fd < 0) return absl::OkStatus();
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.u64 = kWakeKey}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, config_.wake_fd, &event) != 0) {
    return ErrnoStatus(errno, "epoll_ctl for the wake-up descriptor");
  }
  return absl::OkStatus();
}

absl::Status SocketPool::OpenAll(int64_t deadline_ns) {
  opening_ = true;
  int begun = 0;
  int64_t now = MonotonicNanos();
  uint64_t failures = 0;
  while (opened_ < connections() && failures == 0 && now < deadline_ns) {
    while (begun < connections() && begun - opened_ < kOpeningAtOnce) Connect(begun++, now);
    now = Turn(std::min(deadline_ns, now + kRetryAfterNs), now);
    failures = 0;
    for (const uint64_t count : open_failures_) failures += count;
  }
  opening_ = false;
  if (opened_ == connections()) return absl::OkStatus();
  Outcome worst = Outcome::kConnectTimeout;
  if (failures == 0) ++open_failures_[static_cast<int>(worst)];
  for (int i = 0; i < kOutcomes; ++i) {
    if (open_failures_[i] > 0) worst = static_cast<Outcome>(i);
  }
  const std::string advice(OutcomeAdvice(worst));
  return absl::UnavailableError(absl::StrCat(
      "cannot connect to ", config_.target->text, ": ", std::string(OutcomeName(worst)),
      open_failure_.empty() ? "" : ": ", open_failure_, ", with ", opened_, " of ", connections(),
      " connections open", advice.empty() ? "" : "; ", advice));
}

int64_t SocketPool::Turn(int64_t wake_ns, int64_t now_ns) {
  if (told_next_ == told_count_) {
    wake_ns = std::min({wake_ns, retries_.NextNs(), next_scan_ns_});
    told_count_ = WaitForEvents(epoll_.get(), told_.data(), kEventsPerTurn, wake_ns - now_ns);
    told_count_ = std::max(told_count_, 0);
    told_next_ = 0;
  }
  const bool any = told_next_ < told_count_;
  const int64_t begin_ns = MonotonicNanos();
  told_alone_ns_ = told_count_ == 1 ? begin_ns : 0;
  while (told_next_ < told_count_ && event_ns_ - begin_ns <= kLongestTurnNs) {
    const epoll_event& event = told_[told_next_++];
    if (event.data.u64 != kWakeKey) HandleEvent(event.data.u64, event.events);
    if (told_next_ < told_count_) sink_->BetweenEvents(event_ns_);
  }
  sink_->AfterEvents();
  if (begin_ns >= next_scan_ns_) ExpireLate(begin_ns);
  ReopenWaiting(begin_ns);
  if (!any) return begin_ns;
  const int64_t end_ns = MonotonicNanos();
  busy_ns_ += end_ns - begin_ns;
  return end_ns;
}

int64_t SocketPool::CatchUp(int64_t now_ns) {
  // Bounded: connections that flood would have events for ever.
  int turns = 1 + connections() / kEventsPerTurn;
  do {
    now_ns = Turn(now_ns, now_ns);
  } while (--turns > 0 && (told_next_ < told_count_ || told_count_ == kEventsPerTurn));
  return now_ns;
}

void SocketPool::ResumeReopening(int64_t now_ns) {
  // Also where reopening was never stopped: a period that drained at once ends without StopReopening().
  reopening_ = true;
  for (int i = 0; i < connections(); ++i) {
    Socket& socket = sockets_[i];
    if (socket.state == State::kClosed) {
      Connect(i, now_ns);
    } else if (socket.state != State::kOpen && socket.state != State::kWaiting) {
      socket.since_ns = now_ns;  // Nobody looked after it: it is not late yet.
    }
  }
}

void SocketPool::HandleEvent(uint64_t key, uint32_t events) {
  const auto connection = static_cast<int>(key & UINT32_MAX);
  const Socket& socket = sockets_[connection];
  if (socket.generation != key >> 32) return;
  if (socket.tls != nullptr) socket.tls->OnEvent();
  if (socket.state == State::kOpen || socket.state == State::kAgreeing) {
    OnEvents(connection, events);
  } else if (socket.state == State::kConnecting) {
    FinishConnecting(connection);
  } else if (socket.state == State::kShakingHands) {
    event_ns_ = MonotonicNanos();
    ShakeHands(connection, event_ns_);
  }
}

void SocketPool::Connect(int connection, int64_t now_ns) {
  Socket& socket = sockets_[connection];
  Dialled dialled = Dial(*config_.target);
  if (!dialled.fd.ok()) return OpenFailed(connection, dialled.outcome, now_ns);
  socket.fd = std::move(dialled.fd);
  socket.state = State::kConnecting;
  socket.since_ns = now_ns;
  ++socket.generation;
  // Once and for all: edges come for everything, and cost nothing where nothing happens. Also a
  // socket that is open already makes one for EPOLLOUT, which is waited for: sending from here
  // could recurse without end.
  epoll_event event = EveryEdge(connection, socket.generation);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.fd.get(), &event) != 0) {
    return OpenFailed(connection, Outcome::kOther, now_ns);
  }
}

void SocketPool::ReportAgain(int connection) {
  const Socket& socket = sockets_[connection];
  // What TLS holds back is told by EPOLLOUT, which a socket that is read from has.
  epoll_event event = EveryEdge(connection, socket.generation);
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, socket.fd.get(), &event);
}

void SocketPool::FinishConnecting(int connection) {
  Socket& socket = sockets_[connection];
  const int64_t now = MonotonicNanos();
  const Outcome outcome = DialOutcome(socket.fd.get());
  if (outcome != Outcome::kOk) return OpenFailed(connection, outcome, now);
  if (config_.tls != nullptr) {
    socket.state = State::kShakingHands;
    socket.tls = std::make_unique<TlsChannel>(*config_.tls, socket.fd.get());
    return ShakeHands(connection, now);
  }
  socket.state = State::kAgreeing;
  OnConnected(connection, now);
}

void SocketPool::ShakeHands(int connection, int64_t now_ns) {
  Socket& socket = sockets_[connection];
  const TlsChannel::Progress progress = socket.tls->Handshake();
  if (progress == TlsChannel::Progress::kPending) {
    if (socket.held_back()) ReportAgain(connection);
    return;
  }
  if (progress == TlsChannel::Progress::kFailed) {
    open_failure_ = socket.tls->failure();
    return OpenFailed(connection, OutcomeOfErrno(errno), now_ns);
  }
  socket.state = State::kAgreeing;
  OnConnected(connection, now_ns);
}

void SocketPool::Opened(int connection) {
  sockets_[connection].state = State::kOpen;
  ++open_now_;
  unreachable_since_ns_ = INT64_MAX;
  if (opening_) ++opened_;
}

void SocketPool::OpenFailed(int connection, Outcome outcome, int64_t now_ns) {
  Socket& socket = sockets_[connection];
  if (open_now_ == 0) {
    const int64_t since_ns = outcome == Outcome::kConnectTimeout ? socket.since_ns : now_ns;
    unreachable_since_ns_ = std::min(unreachable_since_ns_, since_ns);
  }
  socket.tls.reset();
  socket.fd.reset();
  socket.state = State::kWaiting;
  retries_.Push(now_ns + kRetryAfterNs, connection);
  if (!opening_) {
    // Those that waited for it are the requests that fail with it.
    if (EndKept(connection, outcome, INT64_MAX, now_ns) == 0) sink_->OnOpenFailed(outcome, now_ns);
  } else if (outcome != Outcome::kConnectTimeout) {  // That one may yet succeed.
    ++open_failures_[static_cast<int>(outcome)];
  }
}

void SocketPool::Close(int connection, bool reset) {
  Socket& socket = sockets_[connection];
  socket.tls.reset();
  if (reset) {
    CloseWithReset(std::move(socket.fd));
  } else {
    socket.fd.reset();
  }
  if (socket.state == State::kOpen) --open_now_;
  socket.state = State::kClosed;
  if (opening_) --opened_;
}

void SocketPool::Reopen(int connection, By by, bool answered, int64_t now_ns) {
  if (!reopening_ && !KeepsFlights(connection)) return;
  if (by == By::kServer) ++reconnects_;
  Socket& socket = sockets_[connection];
  if (!answered && now_ns - socket.since_ns < kRetryAfterNs) {
    socket.state = State::kWaiting;
    retries_.Push(now_ns + kRetryAfterNs, connection);
    return;
  }
  Connect(connection, now_ns);
}

void SocketPool::ReopenWaiting(int64_t now_ns) {
  while (retries_.NextNs() <= now_ns) {
    const int connection = retries_.Pop();
    if (reopening_ || KeepsFlights(connection)) {
      Connect(connection, now_ns);
    } else {
      sockets_[connection].state = State::kClosed;
    }
  }
}

void SocketPool::ExpireLate(int64_t now_ns) {
  next_scan_ns_ = now_ns + std::min(config_.timeout_ns / 8, kLongestScanNs);
  const int64_t limit_ns = now_ns - config_.timeout_ns;
  for (int i = 0; i < connections(); ++i) {
    const Socket& socket = sockets_[i];
    const bool opening = socket.state == State::kConnecting ||
                         socket.state == State::kShakingHands || socket.state == State::kAgreeing;
    if (opening && socket.since_ns <= limit_ns) {
      OpenFailed(i, socket.state == State::kAgreeing ? LateOpening(i) : Outcome::kConnectTimeout,
                 now_ns);
    } else if (socket.state == State::kOpen) {
      ExpireFlights(i, limit_ns, now_ns);
    } else if (KeepsFlights(i)) {
      EndKept(i, Outcome::kTimeout, limit_ns, now_ns);
    }
  }
}

}  // namespace assay::loadgen
