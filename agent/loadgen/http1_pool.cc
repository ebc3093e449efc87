#include "agent/loadgen/http1_pool.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "agent/loadgen/response_check.h"
#include "common/monotonic_clock.h"
#include "common/status_macros.h"

namespace assay::loadgen {
namespace {

constexpr size_t kBufferBytes = 128 * 1024;
// A TLS record's most.
constexpr size_t kGatherBytes = 16 * 1024;

}  // namespace

Http1Pool::Http1Pool(const Config& config, FlightSink* sink)
    : SocketPool(config, sink),
      pipeline_(static_cast<uint32_t>(config.pipeline)),
      connections_(config.connections),
      flights_(static_cast<size_t>(config.connections) * config.pipeline),
      buffer_(std::make_unique<char[]>(kBufferBytes)) {
  for (Connection& c : connections_) c.parser.set_known_head(&known_head_);
  if (!ChecksHashes()) return;
  for (Connection& c : connections_) c.digest = std::make_unique<BodyDigest>();
}

absl::StatusOr<std::unique_ptr<Http1Pool>> Http1Pool::Create(const Config& config,
                                                             FlightSink* sink) {
  std::unique_ptr<Http1Pool> pool(new Http1Pool(config, sink));
  ASSAY_RETURN_IF_ERROR(pool->Watch());
  return pool;
}

void Http1Pool::OnConnected(int connection, int64_t now_ns) {
  Connection& c = connections_[connection];
  c.answered = c.closing = false;
  c.broken = Outcome::kOk;
  Opened(connection);
  if (c.unsent > 0) {
    for (int i = 0; i < c.in_flight; ++i) c.closing |= RequestOf(FlightAt(connection, i)).closes;
    const uint32_t generation = sockets_[connection].generation;
    Flush(connection, now_ns);
    if (sockets_[connection].generation != generation || !is_open(connection)) return;
  }
  Ready(connection, now_ns);
}

void Http1Pool::OnEvents(int connection, uint32_t events) {
  const Socket& socket = sockets_[connection];
  const Connection& c = connections_[connection];
  if (c.unsent > 0 && c.broken == Outcome::kOk && (events & EPOLLOUT) != 0) {
    const uint32_t generation = socket.generation;
    Flush(connection, MonotonicNanos());
    if (socket.generation != generation || socket.state != State::kOpen) return;
  }
  if ((events & socket.receive_events()) != 0) Receive(connection, (events & kEnding) != 0);
}

void Http1Pool::Receive(int connection, bool ending) {
  Socket& socket = sockets_[connection];
  int64_t now = 0;
  // What the kernel told of was there then: the call that fetches it is no part of the response's time.
  int64_t came_ns = socket.tls == nullptr ? told_alone_ns_ : 0;
  for (int received = 0;; ++received) {
    if (received == kReceivesAtOnce) {
      ReportAgain(connection);
      break;
    }
    const ssize_t size = socket.Receive(buffer_.get(), kBufferBytes);
    event_ns_ = now = MonotonicNanos();
    if (size > 0) {
      const int64_t answer_ns = came_ns == 0 ? now : came_ns;
      came_ns = 0;
      if (!Consume(connection, buffer_.get(), static_cast<size_t>(size), answer_ns)) return;
      // The end of the connection may have made its edge already.
      if (!socket.MayHoldMore(static_cast<size_t>(size), kBufferBytes) && !ending) break;
    } else if (size == 0) {
      return OnEnd(connection, now);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (connections_[connection].broken != Outcome::kOk) return OnEnd(connection, now);
      if (socket.held_back()) ReportAgain(connection);
      break;
    } else if (errno == EPIPE) {
      return OnEnd(connection, now);  // A reset behind the end, of what was sent meanwhile.
    } else if (errno != EINTR) {
      return Break(connection, OutcomeOfErrno(errno), Outcome::kLostBehind, By::kServer, now,
                   Again::kUnanswered);
    }
  }
  if (connections_[connection].in_flight < pipeline_) Ready(connection, now);
}

bool Http1Pool::Consume(int connection, const char* data, size_t size, int64_t now_ns) {
  Connection& c = connections_[connection];
  while (size > 0) {
    if (c.in_flight == 0) {
      Break(connection, Outcome::kMalformed, Outcome::kMalformed, By::kServer, now_ns,
            Again::kNone);
      return false;
    }
    if (!c.answering) {
      const Request& request = (*config_.requests)[FlightAt(connection, 0).request];
      c.answering = true;
      c.parser.Begin(request.head, request.expect_body ? &*request.expect_body : nullptr,
                     request.expect_sha256 ? c.digest.get() : nullptr);
    }
    const ResponseParser::Progress progress = c.parser.Feed(data, size);
    if (progress.result == ResponseParser::Result::kNeedMore) return true;
    data += progress.consumed;
    size -= progress.consumed;
    // Bytes that nothing was asked for put the response before them in doubt as well.
    if (progress.result == ResponseParser::Result::kMalformed || (size > 0 && c.in_flight == 1)) {
      Break(connection, Outcome::kMalformed, Outcome::kLostBehind, By::kUs, now_ns, Again::kNone);
      return false;
    }
    FinishResponse(connection, now_ns);
    if (c.unsent > c.in_flight) {  // The response came before its request was fully sent.
      c.unsent = c.in_flight;
      c.unsent_offset = 0;
      Break(connection, Outcome::kLostBehind, Outcome::kLostBehind, By::kUs, now_ns,
            Again::kUnprocessed);
      return false;
    }
    if (!c.parser.keep_alive() || (c.closing && c.in_flight == 0)) {
      Break(connection, Outcome::kClosedEarly, Outcome::kClosedEarly, By::kServer, now_ns,
            Again::kUnprocessed);
      return false;
    }
  }
  return true;
}

void Http1Pool::FinishResponse(int connection, int64_t now_ns) {
  Connection& c = connections_[connection];
  const Flight flight = FlightAt(connection, 0);
  const Request& request = (*config_.requests)[flight.request];
  c.answering = false;
  c.answered = true;
  c.first = static_cast<uint16_t>(c.first + 1u == pipeline_ ? 0 : c.first + 1);
  --c.in_flight;
  // Late responses are found here as well as by the scan, so that its coarseness decides nothing.
  const bool late = now_ns - flight.intended_ns > config_.timeout_ns;
  const Outcome outcome = late ? Outcome::kTimeout
                               : CheckResponse(request, c.parser.status(), c.parser.body_bytes(),
                                               BodyMatches(c, request));
  sink_->OnEnded(flight, outcome, c.parser.status(), c.parser.response_bytes(), now_ns);
}

void Http1Pool::OnEnd(int connection, int64_t now_ns) {
  Connection& c = connections_[connection];
  if (c.answering && c.broken != Outcome::kReset && !sockets_[connection].cut_short() &&
      c.parser.FeedEnd() == ResponseParser::Result::kComplete) {
    FinishResponse(connection, now_ns);
    // The end of its connection ended it: what is behind it was not processed.
    return Break(connection, Outcome::kClosedEarly, Outcome::kClosedEarly, By::kServer, now_ns,
                 Again::kUnprocessed);
  }
  const Outcome outcome = c.broken == Outcome::kOk ? Outcome::kClosedEarly : c.broken;
  Break(connection, outcome, Outcome::kClosedEarly, By::kServer, now_ns, Again::kUnanswered);
}

void Http1Pool::Queue(int connection, const Flight& flight) {
  Connection& c = connections_[connection];
  ++c.in_flight;
  ++c.unsent;
  FlightAt(connection, c.in_flight - 1) = flight;
  c.closing |= RequestOf(flight).closes;
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
  const ssize_t sent = sockets_[connection].Send(bytes.data() + c.unsent_offset, left);
  if (sent == static_cast<ssize_t>(left)) {
    c.unsent = 0;
    c.unsent_offset = 0;
  } else if (sent >= 0) {
    c.unsent_offset += static_cast<size_t>(sent);
    // A short send is no edge yet: only one that finds no room is followed by EPOLLOUT.
    while (c.unsent > 0 && SendMany(connection, now_ns)) {
    }
  } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
    SendFailed(connection, errno, now_ns);
  }
}

void Http1Pool::SendFailed(int connection, int error, int64_t now_ns) {
  const Outcome outcome = OutcomeOfErrno(error);
  if (outcome != Outcome::kReset) {
    return Break(connection, outcome, Outcome::kLostBehind, By::kServer, now_ns,
                 Again::kUnanswered);
  }
  // Responses may have come before the server closed: the event reads them, and then the end, which came before the
  // reset where that is EPIPE (Linux).
  connections_[connection].broken = error == EPIPE ? Outcome::kClosedEarly : outcome;
  ReportAgain(connection);
}

// One record for many requests, where each would be one of its own.
ssize_t Http1Pool::SendGathered(Socket& socket, const iovec* pieces, int count) {
  char gathered[kGatherBytes];
  size_t size = 0;
  for (int i = 0; i < count && size < kGatherBytes; ++i) {
    const size_t taken = std::min(pieces[i].iov_len, kGatherBytes - size);
    std::memcpy(gathered + size, pieces[i].iov_base, taken);
    size += taken;
  }
  return socket.Send(gathered, size);
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
  Socket& socket = sockets_[connection];
  const ssize_t sent = socket.tls == nullptr
                           ? sendmsg(socket.fd.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT)
                           : SendGathered(socket, pieces, count);
  if (sent < 0) {
    if (errno == EINTR) return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
      SendFailed(connection, errno, now_ns);
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

bool Http1Pool::IsKept(int connection, int position, Again again) const {
  const Connection& c = connections_[connection];
  if (again == Again::kNone || !c.answered) return false;
  if (again == Again::kUnprocessed) return true;
  if (position == 0 && c.answering) return false;
  const int first_unsent = c.in_flight - c.unsent + (c.unsent_offset > 0 ? 1 : 0);
  return position >= first_unsent || RequestOf(FlightAt(connection, position)).idempotent;
}

void Http1Pool::Break(int connection, Outcome first, Outcome others, By by, int64_t now_ns,
                      Again again) {
  Connection& c = connections_[connection];
  Close(connection, /*reset=*/by == By::kUs && c.in_flight > 0);
  const int first_unsent = c.in_flight - c.unsent + (c.unsent_offset > 0 ? 1 : 0);
  int kept = 0;
  for (int i = 0; i < c.in_flight; ++i) {
    Flight flight = FlightAt(connection, i);
    if (!IsKept(connection, i, again)) {
      sink_->OnEnded(flight, i == 0 ? first : others, 0, 0, now_ns);
      continue;
    }
    if (i < first_unsent) ++flight.retries;
    FlightAt(connection, kept++) = flight;
  }
  c.answering = false;
  c.in_flight = c.unsent = static_cast<uint16_t>(kept);
  c.unsent_offset = 0;
  Reopen(connection, by, c.answered, now_ns);
}

void Http1Pool::ExpireFlights(int connection, int64_t limit_ns, int64_t now_ns) {
  // Answers come in order: what is behind the late one is lost with it.
  if (connections_[connection].in_flight > 0 && FlightAt(connection, 0).intended_ns <= limit_ns) {
    Break(connection, Outcome::kTimeout, Outcome::kLostBehind, By::kUs, now_ns, Again::kNone);
  }
}

int Http1Pool::EndKept(int connection, Outcome outcome, int64_t limit_ns, int64_t now_ns) {
  Connection& c = connections_[connection];
  int ended = 0;
  while (c.in_flight > 0 && FlightAt(connection, 0).intended_ns <= limit_ns) {
    const Flight flight = FlightAt(connection, 0);
    c.first = static_cast<uint16_t>(c.first + 1u == pipeline_ ? 0 : c.first + 1);
    c.unsent = --c.in_flight;
    ++ended;
    sink_->OnEnded(flight, outcome, 0, 0, now_ns);
  }
  return ended;
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
