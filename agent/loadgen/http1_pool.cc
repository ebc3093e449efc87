#include "agent/loadgen/http1_pool.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/loadgen/dial.h"
#include "agent/loadgen/socket_calls.h"
#include "common/file.h"
#include "common/monotonic_clock.h"

namespace assay::loadgen {
namespace {

constexpr size_t kBufferBytes = 128 * 1024;
constexpr int kEventsPerTurn = 512;
constexpr int64_t kRetryAfterNs = 50'000'000;
constexpr int64_t kLongestScanNs = 250'000'000;
// Connections being opened at once: more could overflow the server's listen queue, which costs a
// second each.
constexpr int kOpeningAtOnce = 64;
constexpr uint64_t kWakeKey = UINT64_MAX;

uint64_t KeyOf(int connection, uint32_t generation) {
  return static_cast<uint64_t>(generation) << 32 | static_cast<uint32_t>(connection);
}

}  // namespace

Http1Pool::Http1Pool(const Config& config, FlightSink* sink)
    : config_(config),
      pipeline_(static_cast<uint32_t>(config.pipeline)),
      sink_(sink),
      connections_(config.connections),
      flights_(static_cast<size_t>(config.connections) * config.pipeline),
      buffer_(std::make_unique<char[]>(kBufferBytes)),
      retries_(static_cast<size_t>(config.connections)) {}

absl::StatusOr<std::unique_ptr<Http1Pool>> Http1Pool::Create(const Config& config,
                                                             FlightSink* sink) {
  std::unique_ptr<Http1Pool> pool(new Http1Pool(config, sink));
  pool->epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!pool->epoll_.ok()) return ErrnoStatus(errno, "epoll_create1");
  if (config.wake_fd >= 0) {
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.u64 = kWakeKey}};
    if (epoll_ctl(pool->epoll_.get(), EPOLL_CTL_ADD, config.wake_fd, &event) != 0) {
      return ErrnoStatus(errno, "epoll_ctl for the wake-up descriptor");
    }
  }
  return pool;
}

absl::Status Http1Pool::OpenAll(int64_t deadline_ns) {
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
  Fate worst = Fate::kConnectTimeout;
  if (failures == 0) ++open_failures_[static_cast<int>(worst)];
  for (int i = 0; i < kFates; ++i) {
    if (open_failures_[i] > 0) worst = static_cast<Fate>(i);
  }
  const std::string advice(FateAdvice(worst));
  return absl::UnavailableError(absl::StrCat(
      "cannot connect to ", config_.target->text, ": ", std::string(FateName(worst)), ", with ",
      opened_, " of ", connections(), " connections open", advice.empty() ? "" : "; ", advice));
}

int64_t Http1Pool::Turn(int64_t wake_ns, int64_t now_ns) {
  wake_ns = std::min({wake_ns, retries_.NextNs(), next_scan_ns_});
  epoll_event events[kEventsPerTurn];
  const int count = WaitForEvents(epoll_.get(), events, kEventsPerTurn, wake_ns - now_ns);
  const int64_t begin_ns = MonotonicNanos();
  for (int i = 0; i < count; ++i) {
    if (events[i].data.u64 != kWakeKey) HandleEvent(events[i].data.u64, events[i].events);
    if (i + 1 < count) sink_->BetweenEvents(event_ns_);
  }
  if (begin_ns >= next_scan_ns_) ExpireLate(begin_ns);
  ReopenWaiting(begin_ns);
  if (count <= 0) return begin_ns;
  const int64_t end_ns = MonotonicNanos();
  busy_ns_ += end_ns - begin_ns;
  return end_ns;
}

void Http1Pool::HandleEvent(uint64_t key, uint32_t events) {
  const auto connection = static_cast<int>(key & UINT32_MAX);
  Connection& c = connections_[connection];
  if (c.generation != key >> 32) return;
  if (c.state == State::kConnecting) return FinishConnecting(connection);
  if (c.state != State::kOpen) return;
  constexpr uint32_t kEnding = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if (c.unsent > 0 && (events & EPOLLOUT) != 0) {
    Flush(connection, MonotonicNanos());
    if (c.generation != key >> 32 || c.state != State::kOpen) return;
  }
  if ((events & (EPOLLIN | kEnding)) != 0) Receive(connection, (events & kEnding) != 0);
}

void Http1Pool::Receive(int connection, bool ending) {
  Connection& c = connections_[connection];
  int64_t now;
  for (;;) {
    const ssize_t size = ReceiveSome(c.fd.get(), buffer_.get(), kBufferBytes);
    event_ns_ = now = MonotonicNanos();
    if (size > 0) {
      if (!Consume(connection, buffer_.get(), static_cast<size_t>(size), now)) return;
      // A short read empties the socket: what comes later makes an edge of its own. The end of the
      // connection may have made its edge already.
      if (static_cast<size_t>(size) < kBufferBytes && !ending) break;
    } else if (size == 0) {
      return OnEnd(connection, now);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (errno != EINTR) {
      return Break(connection, FateOfErrno(errno), Fate::kLostBehind, By::kServer, now);
    }
  }
  if (c.in_flight < pipeline_) sink_->OnReady(connection, now);
}

bool Http1Pool::Consume(int connection, const char* data, size_t size, int64_t now_ns) {
  Connection& c = connections_[connection];
  while (size > 0) {
    if (c.in_flight == 0) {
      Break(connection, Fate::kMalformed, Fate::kMalformed, By::kServer, now_ns);
      return false;
    }
    if (!c.answering) {
      const Request& request = (*config_.requests)[FlightAt(connection, 0).request];
      c.answering = true;
      c.parser.Begin(request.head, request.expect_body ? &*request.expect_body : nullptr);
    }
    const ResponseParser::Progress progress = c.parser.Feed(data, size);
    if (progress.result == ResponseParser::Result::kNeedMore) return true;
    data += progress.consumed;
    size -= progress.consumed;
    // Bytes that nothing was asked for put the answer before them in doubt as well.
    if (progress.result == ResponseParser::Result::kMalformed || (size > 0 && c.in_flight == 1)) {
      Break(connection, Fate::kMalformed, Fate::kLostBehind, By::kUs, now_ns);
      return false;
    }
    FinishAnswer(connection, now_ns);
    if (c.unsent > c.in_flight) {  // The answer came before its request was fully sent.
      c.unsent = c.in_flight;
      Break(connection, Fate::kLostBehind, Fate::kLostBehind, By::kUs, now_ns);
      return false;
    }
    if (!c.parser.keep_alive()) {
      Break(connection, Fate::kClosedEarly, Fate::kClosedEarly, By::kServer, now_ns);
      return false;
    }
  }
  return true;
}

void Http1Pool::FinishAnswer(int connection, int64_t now_ns) {
  Connection& c = connections_[connection];
  const Flight flight = FlightAt(connection, 0);
  const Request& request = (*config_.requests)[flight.request];
  c.answering = false;
  c.first = static_cast<uint16_t>(c.first + 1u == pipeline_ ? 0 : c.first + 1);
  --c.in_flight;
  // Late answers are found here as well as by the scan, so that its coarseness decides nothing.
  const bool late = now_ns - flight.intended_ns > config_.timeout_ns;
  sink_->OnEnded(flight, late ? Fate::kTimeout : Judge(request, c.parser), c.parser.status(),
                 c.parser.answer_bytes(), now_ns);
}

Fate Http1Pool::Judge(const Request& request, const ResponseParser& answer) const {
  const int status = answer.status();
  if (request.expect_status != 0 ? status != request.expect_status : status / 100 != 2) {
    return Fate::kUnexpectedStatus;
  }
  if (request.expect_length.has_value() && answer.body_bytes() != *request.expect_length) {
    return Fate::kWrongLength;
  }
  return answer.body_matches() ? Fate::kOk : Fate::kWrongBody;
}

void Http1Pool::OnEnd(int connection, int64_t now_ns) {
  Connection& c = connections_[connection];
  if (c.answering && c.parser.FeedEnd() == ResponseParser::Result::kComplete) {
    FinishAnswer(connection, now_ns);
  }
  Break(connection, Fate::kClosedEarly, Fate::kClosedEarly, By::kServer, now_ns);
}

void Http1Pool::Queue(int connection, const Flight& flight) {
  Connection& c = connections_[connection];
  ++c.in_flight;
  ++c.unsent;
  FlightAt(connection, c.in_flight - 1) = flight;
}

void Http1Pool::Flush(int connection, int64_t now_ns) {
  Connection& c = connections_[connection];
  if (c.unsent != 1) {
    while (c.unsent > 0 && SendMany(connection, now_ns)) {
    }
    return;
  }
  const std::string& bytes = Bytes(FlightAt(connection, c.in_flight - 1));
  const size_t left = bytes.size() - c.unsent_offset;
  const ssize_t sent = SendSome(c.fd.get(), bytes.data() + c.unsent_offset, left);
  if (sent == static_cast<ssize_t>(left)) {
    c.unsent = 0;
    c.unsent_offset = 0;
  } else if (sent >= 0) {
    c.unsent_offset += static_cast<size_t>(sent);
    // A short send is no edge yet: only one that finds no room is followed by EPOLLOUT.
    while (c.unsent > 0 && SendMany(connection, now_ns)) {
    }
  } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
    Break(connection, FateOfErrno(errno), Fate::kLostBehind, By::kServer, now_ns);
  }
}

// Sends as much of the queue as one call takes. False: there is no more room, or no more
// connection.
bool Http1Pool::SendMany(int connection, int64_t now_ns) {
  constexpr int kPieces = 64;
  Connection& c = connections_[connection];
  iovec pieces[kPieces];
  const int count = std::min<int>(c.unsent, kPieces);
  for (int i = 0; i < count; ++i) {
    const std::string& bytes = Bytes(FlightAt(connection, c.in_flight - c.unsent + i));
    const size_t offset = i == 0 ? c.unsent_offset : 0;
    pieces[i] = {const_cast<char*>(bytes.data()) + offset, bytes.size() - offset};
  }
  const msghdr message{.msg_iov = pieces, .msg_iovlen = static_cast<size_t>(count)};
  const ssize_t sent = sendmsg(c.fd.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) {
    if (errno == EINTR) return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
      Break(connection, FateOfErrno(errno), Fate::kLostBehind, By::kServer, now_ns);
    }
    return false;
  }
  auto left = static_cast<size_t>(sent);
  for (int i = 0; i < count && left >= pieces[i].iov_len; ++i) {
    left -= pieces[i].iov_len;
    --c.unsent;
    c.unsent_offset = 0;
  }
  c.unsent_offset += left;
  return true;
}

void Http1Pool::Connect(int connection, int64_t now_ns) {
  Connection& c = connections_[connection];
  Dialled dialled = Dial(*config_.target);
  if (!dialled.fd.ok()) return OpenFailed(connection, dialled.fate, now_ns);
  c.fd = std::move(dialled.fd);
  c.state = State::kConnecting;
  c.since_ns = now_ns;
  ++c.generation;
  // Once and for all: edges come for everything, and cost nothing where nothing happens. Also a
  // socket that is open already makes one for EPOLLOUT, which is waited for: sending from here
  // could recurse without end.
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                    .data = {.u64 = KeyOf(connection, c.generation)}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, c.fd.get(), &event) != 0) {
    return OpenFailed(connection, Fate::kOther, now_ns);
  }
}

void Http1Pool::FinishConnecting(int connection) {
  const int64_t now = MonotonicNanos();
  const Fate fate = DialledFate(connections_[connection].fd.get());
  if (fate != Fate::kOk) return OpenFailed(connection, fate, now);
  connections_[connection].state = State::kOpen;
  if (opening_) {
    ++opened_;
  } else {
    sink_->OnReady(connection, now);
  }
}

void Http1Pool::OpenFailed(int connection, Fate fate, int64_t now_ns) {
  Connection& c = connections_[connection];
  c.fd.reset();
  c.state = State::kWaiting;
  retries_.Push(now_ns + kRetryAfterNs, connection);
  if (!opening_) {
    sink_->OnOpenFailed(fate, now_ns);
  } else if (fate != Fate::kConnectTimeout) {  // That one may yet succeed.
    ++open_failures_[static_cast<int>(fate)];
  }
}

void Http1Pool::Break(int connection, Fate first, Fate others, By by, int64_t now_ns) {
  Connection& c = connections_[connection];
  const bool was_opened = opening_;
  if (by == By::kUs && c.in_flight > 0) {
    CloseWithReset(std::move(c.fd));
  } else {
    c.fd.reset();
  }
  c.state = State::kClosed;
  c.answering = false;
  const int lost = c.in_flight;
  c.in_flight = 0;
  c.unsent = 0;
  c.unsent_offset = 0;
  for (int i = 0; i < lost; ++i) {
    sink_->OnEnded(FlightAt(connection, i), i == 0 ? first : others, 0, 0, now_ns);
  }
  if (was_opened) --opened_;
  if (!reopening_) return;
  if (by == By::kServer) ++reconnects_;
  Connect(connection, now_ns);
}

void Http1Pool::ReopenWaiting(int64_t now_ns) {
  while (retries_.NextNs() <= now_ns) {
    const int connection = retries_.Pop();
    if (reopening_) Connect(connection, now_ns);
  }
}

void Http1Pool::ExpireLate(int64_t now_ns) {
  next_scan_ns_ = now_ns + std::min(config_.timeout_ns / 8, kLongestScanNs);
  const int64_t limit_ns = now_ns - config_.timeout_ns;
  for (int i = 0; i < connections(); ++i) {
    Connection& c = connections_[i];
    if (c.state == State::kConnecting && c.since_ns <= limit_ns) {
      OpenFailed(i, Fate::kConnectTimeout, now_ns);
    } else if (c.in_flight > 0 && FlightAt(i, 0).intended_ns <= limit_ns) {
      Break(i, Fate::kTimeout, Fate::kLostBehind, By::kUs, now_ns);
    }
  }
}

int64_t Http1Pool::CountInFlight(bool counted_only) const {
  int64_t count = 0;
  for (size_t i = 0; i < connections_.size(); ++i) {
    for (uint32_t k = 0; k < connections_[i].in_flight; ++k) {
      const uint32_t place = (connections_[i].first + k) % pipeline_;
      if (!counted_only || flights_[i * pipeline_ + place].counted) ++count;
    }
  }
  return count;
}

}  // namespace assay::loadgen
