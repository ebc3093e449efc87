#include "agent/loadgen/http2_pool.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <string_view>

#include "absl/status/status.h"
#include "common/monotonic_clock.h"
#include "common/status_macros.h"

namespace assay::loadgen {
namespace {

constexpr size_t kBufferBytes = 128 * 1024;
// Written at once, and a little more.
constexpr size_t kSendBytes = 32 * 1024;
// What the server may send ahead, on a stream and on a connection: not to be what limits it.
constexpr int32_t kWindowBytes = 16 << 20;
// Ids of streams are used up some time; a connection near the end is opened again.
constexpr int32_t kLastStreamId = INT32_MAX - 4096;

nghttp2_nv Field(std::string_view name, std::string_view value) {
  auto* name_bytes = reinterpret_cast<uint8_t*>(const_cast<char*>(name.data()));
  auto* value_bytes = reinterpret_cast<uint8_t*>(const_cast<char*>(value.data()));
  return {name_bytes, value_bytes, name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

}  // namespace

Http2Pool::Http2Pool(const Config& config, FlightSink* sink)
    : SocketPool(config, sink),
      pipeline_(static_cast<uint32_t>(config.pipeline)),
      connections_(config.connections),
      streams_(static_cast<size_t>(config.connections) * config.pipeline),
      buffer_(std::make_unique<char[]>(kBufferBytes)) {
  waiting_.reserve(pipeline_);
  for (int i = 0; i < connections(); ++i) {
    connections_[i].pool = this;
    for (uint32_t place = 0; place < pipeline_; ++place) {
      StreamAt(i, place).connection = static_cast<uint32_t>(i);
      StreamAt(i, place).next_free = place + 1;
      if (ChecksHashes()) StreamAt(i, place).digest = std::make_unique<BodyDigest>();
    }
  }
}

absl::StatusOr<std::unique_ptr<Http2Pool>> Http2Pool::Create(const Config& config,
                                                             FlightSink* sink) {
  std::unique_ptr<Http2Pool> pool(new Http2Pool(config, sink));
  ASSAY_RETURN_IF_ERROR(pool->Watch());
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0) {
    nghttp2_session_callbacks_del(callbacks);
    return absl::ResourceExhaustedError("nghttp2: no memory");
  }
  pool->callbacks_.reset(callbacks);
  pool->option_.reset(option);
  nghttp2_option_set_no_closed_streams(option, 1);
  pool->SetCallbacks();
  pool->BuildHeads();
  return pool;
}

void Http2Pool::BuildHeads() {
  for (const Request& request : *config_.requests) {
    Head head = {Field(":method", request.method),
                 Field(":scheme", config_.tls == nullptr ? "http" : "https"),
                 Field(":authority", request.authority), Field(":path", request.path)};
    for (const auto& [name, value] : request.headers) head.push_back(Field(name, value));
    heads_.push_back(std::move(head));
  }
}

void Http2Pool::Finish(Stream& stream, Outcome outcome, int status, uint64_t response_bytes,
                       int64_t now_ns) {
  Connection& c = connections_[stream.connection];
  if (stream.waits) --c.waiting;
  stream.waits = false;
  stream.id = 0;
  stream.next_free = c.first_free;
  c.first_free = static_cast<uint32_t>(&stream - &StreamAt(static_cast<int>(stream.connection), 0));
  --c.in_flight;
  sink_->OnEnded(stream.flight, outcome, status, response_bytes, now_ns);
}

void Http2Pool::OnConnected(int connection, int64_t now_ns) {
  Connection& c = connections_[connection];
  const TlsChannel* const tls = sockets_[connection].tls.get();
  if (tls != nullptr && !tls->ChoseHttp2()) {
    return OpenFailed(connection, Outcome::kNotHttp2, now_ns);
  }
  nghttp2_session* session = nullptr;
  if (nghttp2_session_client_new2(&session, callbacks_.get(), &c, option_.get()) != 0) {
    return OpenFailed(connection, Outcome::kOther, now_ns);
  }
  c.session.reset(session);
  c.settled = c.going_away = c.failed = c.answered = false;
  c.broken = Outcome::kOk;
  c.no_streams_since_ns = INT64_MAX;
  c.ended = 0;
  c.last_covered = 0;
  c.position = FramePosition();
  c.unsent.clear();
  c.unsent_offset = 0;
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindowBytes}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kWindowBytes);
  // What came together with the end of connecting makes no event of its own.
  if (Send(connection, now_ns) && Receive(connection, /*ending=*/true)) {
    Proceed(connection, now_ns);
  }
}

void Http2Pool::OnEvents(int connection, uint32_t events) {
  event_ns_ = MonotonicNanos();
  if ((events & sockets_[connection].receive_events()) != 0 &&
      !Receive(connection, (events & kEnding) != 0)) {
    return;
  }
  Proceed(connection, event_ns_);
}

bool Http2Pool::Receive(int connection, bool ending) {
  Connection& c = connections_[connection];
  Socket& socket = sockets_[connection];
  for (int received = 0; received < kReceivesAtOnce; ++received) {
    const ssize_t size = socket.Receive(buffer_.get(), kBufferBytes);
    event_ns_ = MonotonicNanos();
    if (size > 0) {
      c.heard_ns = event_ns_;
      const auto* bytes = reinterpret_cast<const uint8_t*>(buffer_.get());
      if (nghttp2_session_mem_recv(c.session.get(), bytes, static_cast<size_t>(size)) < 0) {
        End(connection, Outcome::kMalformed, event_ns_);
        return false;
      }
      c.position.Take(bytes, static_cast<size_t>(size));
      // The end of the connection may have made its edge already.
      if (!socket.MayHoldMore(static_cast<size_t>(size), kBufferBytes) && !ending) return true;
    } else if (size == 0) {
      End(connection, c.broken == Outcome::kOk ? Outcome::kClosedEarly : c.broken, event_ns_);
      return false;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (c.broken != Outcome::kOk) {
        End(connection, c.broken, event_ns_);
        return false;
      }
      if (socket.held_back()) ReportAgain(connection);
      return true;
    } else if (errno != EINTR) {
      End(connection, OutcomeOfErrno(errno), event_ns_);
      return false;
    }
  }
  ReportAgain(connection);
  return true;
}

void Http2Pool::Proceed(int connection, int64_t now_ns) {
  Connection& c = connections_[connection];
  const Socket& socket = sockets_[connection];
  const uint32_t generation = socket.generation;
  // What acknowledges and what resets; it may make room.
  if (socket.state == State::kAgreeing && c.settled && c.limit > 0 && !c.going_away) {
    Opened(connection);
    SubmitWaiting(connection, /*fresh=*/true);
  } else if (c.waiting > 0) {
    SubmitWaiting(connection, /*fresh=*/false);
  }
  if (!Send(connection, now_ns)) return;
  if (HasRoom(connection)) Ready(connection, now_ns);
  if (socket.generation != generation ||
      (socket.state != State::kOpen && socket.state != State::kAgreeing)) {
    return;
  }
  if (c.going_away && c.in_flight == c.waiting) {
    End(connection, Outcome::kClosedEarly, now_ns);
  } else if (nghttp2_session_want_read(c.session.get()) == 0 &&
             nghttp2_session_want_write(c.session.get()) == 0) {
    End(connection, Outcome::kMalformed, now_ns);
  }
}

void Http2Pool::Queue(int connection, const Flight& flight) {
  Connection& c = connections_[connection];
  Stream& stream = StreamAt(connection, c.first_free);
  c.first_free = stream.next_free;
  ++c.in_flight;
  stream.flight = flight;
  stream.refusals = 0;
  Submit(c, stream);
}

void Http2Pool::Submit(Connection& c, Stream& stream) {
  stream.not_sent = stream.begun = false;
  stream.status = 0;
  stream.answered = stream.reset_by_peer = stream.body_differs = false;
  stream.body_sent = 0;
  stream.body_bytes = stream.response_bytes = 0;
  if (stream.digest != nullptr) stream.digest->Begin();
  const Head& head = heads_[stream.flight.request];
  const nghttp2_data_provider body{.source = {}, .read_callback = FillBody};
  stream.id = nghttp2_submit_request(c.session.get(), nullptr, head.data(), head.size(),
                                     RequestOf(stream).body_size > 0 ? &body : nullptr, &stream);
  if (stream.id < 0) c.failed = true;
  if (stream.id > kLastStreamId) c.going_away = true;
}

void Http2Pool::Flush(int connection, int64_t now_ns) { Send(connection, now_ns); }

bool Http2Pool::Send(int connection, int64_t now_ns) {
  Connection& c = connections_[connection];
  Socket& socket = sockets_[connection];
  for (;;) {
    if (c.unsent_offset == c.unsent.size()) {
      c.unsent.clear();
      c.unsent_offset = 0;
      while (!c.failed && c.unsent.size() < kSendBytes) {
        const uint8_t* data = nullptr;
        const ssize_t size = nghttp2_session_mem_send(c.session.get(), &data);
        if (size < 0) c.failed = true;
        if (size <= 0) break;
        c.unsent.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
      }
      if (c.failed) {
        End(connection, Outcome::kOther, now_ns);
        return false;
      }
      if (c.unsent.empty()) return true;
    }
    const ssize_t sent =
        socket.Send(c.unsent.data() + c.unsent_offset, c.unsent.size() - c.unsent_offset);
    if (sent >= 0) {
      c.unsent_offset += static_cast<size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return true;
    } else if (errno != EINTR) {
      const Outcome outcome = OutcomeOfErrno(errno);
      if (outcome != Outcome::kReset || !is_open(connection)) {
        End(connection, outcome, now_ns);
        return false;
      }
      // A GOAWAY may have come before the server closed: the event reads it, and then the end.
      c.broken = outcome;
      ReportAgain(connection);
      return true;
    }
  }
}

void Http2Pool::End(int connection, Outcome outcome, int64_t now_ns) {
  const bool wrong = outcome == Outcome::kMalformed || outcome == Outcome::kOther;
  if (is_open(connection)) {
    Break(connection, outcome, wrong ? By::kUs : By::kServer, now_ns);
  } else {
    const bool alien = !connections_[connection].settled &&
                       (outcome == Outcome::kMalformed || outcome == Outcome::kClosedEarly);
    OpenFailed(connection, alien ? Outcome::kNotHttp2 : outcome, now_ns);
  }
}

void Http2Pool::Break(int connection, Outcome outcome, By by, int64_t now_ns) {
  Connection& c = connections_[connection];
  Close(connection, /*reset=*/by == By::kUs);
  c.session.reset();
  for (uint32_t place = 0; place < pipeline_; ++place) {
    Stream& stream = StreamAt(connection, place);
    if (stream.id == 0) continue;
    // A frame that was cut before it said whose it is may have begun any response.
    const bool unanswered = by == By::kServer && c.answered && !stream.answered && !stream.begun &&
                            !c.position.WithinHead() && RequestOf(stream).idempotent;
    if (unanswered) {
      Keep(c, stream);
    } else {
      Finish(stream, outcome, 0, 0, now_ns);
    }
  }
  Reopen(connection, by, c.answered, now_ns);
}

void Http2Pool::ExpireFlights(int connection, int64_t limit_ns, int64_t now_ns) {
  Connection& c = connections_[connection];
  if (c.in_flight == 0 && c.no_streams_since_ns <= limit_ns) {
    Close(connection, /*reset=*/false);
    return OpenFailed(connection, Outcome::kNoStreams, now_ns);
  }
  bool any = false;
  bool silent = false;
  for (uint32_t place = 0; place < pipeline_ && c.in_flight > 0; ++place) {
    Stream& stream = StreamAt(connection, place);
    if ((stream.id == 0 && !stream.waits) || stream.flight.intended_ns > limit_ns) continue;
    if (stream.waits) {
      Finish(stream, Outcome::kTimeout, 0, 0, now_ns);
      continue;
    }
    any = true;
    silent = silent || c.heard_ns <= stream.flight.send_ns;
    nghttp2_session_set_stream_user_data(c.session.get(), stream.id, nullptr);
    nghttp2_submit_rst_stream(c.session.get(), NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_CANCEL);
    Finish(stream, Outcome::kTimeout, 0, 0, now_ns);
  }
  if (silent) {
    Break(connection, Outcome::kLostBehind, By::kUs, now_ns);
  } else if (any) {
    Proceed(connection, now_ns);
  }
}

int Http2Pool::EndKept(int connection, Outcome outcome, int64_t limit_ns, int64_t now_ns) {
  Connection& c = connections_[connection];
  int ended = 0;
  for (uint32_t place = 0; place < pipeline_ && c.waiting > 0; ++place) {
    Stream& stream = StreamAt(connection, place);
    if (!stream.waits || stream.flight.intended_ns > limit_ns) continue;
    Finish(stream, outcome, 0, 0, now_ns);
    ++ended;
  }
  return ended;
}

int64_t Http2Pool::CountInFlight(bool counted_only) const {
  return std::count_if(streams_.begin(), streams_.end(), [&](const Stream& stream) {
    return (stream.id != 0 || stream.waits) && (!counted_only || stream.flight.counted);
  });
}

}  // namespace assay::loadgen
