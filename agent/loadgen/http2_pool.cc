#include "agent/loadgen/http2_pool.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <string_view>

#include "absl/status/status.h"
#include "agent/loadgen/verdict.h"
#include "common/monotonic_clock.h"
#include "common/status_macros.h"

namespace assay::loadgen {
namespace {

constexpr size_t kBufferBytes = 128 * 1024;
// Written at once, and a little more.
constexpr size_t kSendBytes = 32 * 1024;
// What the server may send ahead, on a stream and on a connection: not to be what limits it.
constexpr int32_t kWindowBytes = 16 << 20;
constexpr uint64_t kFrameHeadBytes = 9;
// Ids of streams are used up some time; a connection near the end is opened again.
constexpr int32_t kLastStreamId = INT32_MAX - 4096;
constexpr uint8_t kMostRefusals = 8;

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

void Http2Pool::SetCallbacks() {
  nghttp2_session_callbacks* const of = callbacks_.get();
  nghttp2_session_callbacks_set_on_header_callback(
      of, [](nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name, size_t size,
             const uint8_t* value, size_t, uint8_t, void*) {
        Stream* const stream = StreamOf(session, frame->hd.stream_id);
        // nghttp2 has seen to it that it is three digits.
        if (stream != nullptr && size == 7 && std::memcmp(name, ":status", 7) == 0) {
          stream->status = static_cast<uint16_t>((value[0] - '0') * 100 + (value[1] - '0') * 10 +
                                                 (value[2] - '0'));
        }
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      of, [](nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data, size_t size,
             void* connection) {
        Stream* const stream = StreamOf(session, id);
        if (stream != nullptr) {
          static_cast<Connection*>(connection)
              ->pool->OnBody(*stream, reinterpret_cast<const char*>(data), size);
        }
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      of, [](nghttp2_session* session, const nghttp2_frame* frame, void* connection) {
        auto* const c = static_cast<Connection*>(connection);
        const int32_t id = frame->hd.stream_id;
        c->pool->OnFrame(*c, id == 0 ? nullptr : StreamOf(session, id), *frame);
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      of, [](nghttp2_session* session, int32_t id, uint32_t error_code, void* connection) {
        auto* const c = static_cast<Connection*>(connection);
        Stream* const stream = StreamOf(session, id);
        if (stream != nullptr) c->pool->OnClosed(*c, *stream, error_code);
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_not_send_callback(
      of, [](nghttp2_session* session, const nghttp2_frame* frame, int, void*) {
        Stream* const stream =
            frame->hd.type == NGHTTP2_HEADERS ? StreamOf(session, frame->hd.stream_id) : nullptr;
        if (stream != nullptr) stream->not_sent = true;
        return 0;
      });
}

void Http2Pool::OnFrame(Connection& c, Stream* stream, const nghttp2_frame& frame) {
  nghttp2_session* const session = c.session.get();
  if (frame.hd.type == NGHTTP2_SETTINGS && (frame.hd.flags & NGHTTP2_FLAG_ACK) == 0) {
    c.settled = true;
    c.limit = std::min(pipeline_, nghttp2_session_get_remote_settings(
                                      session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS));
    c.no_streams_since_ns = c.limit == 0 ? event_ns_ : INT64_MAX;
  }
  if (frame.hd.type == NGHTTP2_GOAWAY) {
    c.going_away = true;
    c.last_covered = frame.goaway.last_stream_id;
  }
  if (stream == nullptr) return;
  if (frame.hd.type == NGHTTP2_RST_STREAM) stream->reset_by_peer = true;
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return;
  stream->answer_bytes += kFrameHeadBytes + frame.hd.length;
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
  stream->answered = true;
  c.answered = true;
  // The answer came before its request was fully sent: the rest is not wanted.
  if (nghttp2_session_get_stream_local_close(session, stream->id) == 0) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_NO_ERROR);
  }
}

void Http2Pool::OnBody(Stream& stream, const char* data, size_t size) {
  const Request& request = RequestOf(stream);
  if (request.expect_body.has_value() && !stream.body_differs) {
    const std::string& expected = *request.expect_body;
    stream.body_differs = stream.body_bytes + size > expected.size() ||
                          std::memcmp(expected.data() + stream.body_bytes, data, size) != 0;
  }
  if (request.expect_sha256.has_value()) stream.digest->Add(data, size);
  stream.body_bytes += size;
}

ssize_t Http2Pool::FillBody(nghttp2_session* session, int32_t id, uint8_t* buffer, size_t size,
                            uint32_t* flags, nghttp2_data_source*, void* connection) {
  Stream* const stream = StreamOf(session, id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // It was late.
  const std::string_view body =
      static_cast<Connection*>(connection)->pool->RequestOf(*stream).body();
  const size_t taken = std::min(size, body.size() - stream->body_sent);
  std::memcpy(buffer, body.data() + stream->body_sent, taken);
  stream->body_sent += taken;
  if (stream->body_sent == body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(taken);
}

void Http2Pool::OnClosed(Connection& c, Stream& stream, uint32_t error_code) {
  if (!stream.answered) {
    if (MayRepeat(c, stream, error_code)) return Keep(c, stream);
    const Fate fate = stream.reset_by_peer ? Fate::kStreamReset
                      : c.going_away       ? Fate::kClosedEarly
                                           : Fate::kMalformed;
    return Finish(stream, fate, 0, 0, event_ns_);
  }
  ++c.ended;
  const Request& request = RequestOf(stream);
  const bool matches =
      (!request.expect_body.has_value() ||
       (!stream.body_differs && stream.body_bytes == request.expect_body->size())) &&
      (!request.expect_sha256.has_value() || stream.digest->Matches(*request.expect_sha256));
  // Late answers are found here as well as by the scan, so that its coarseness decides nothing.
  const bool late = event_ns_ - stream.flight.intended_ns > config_.timeout_ns;
  const Fate fate =
      late ? Fate::kTimeout : VerdictOn(request, stream.status, stream.body_bytes, matches);
  Finish(stream, fate, stream.status, stream.answer_bytes, event_ns_);
}

bool Http2Pool::MayRepeat(const Connection& c, Stream& stream, uint32_t error_code) const {
  if (stream.not_sent) return c.going_away;
  if (error_code != NGHTTP2_REFUSED_STREAM || stream.answer_bytes > 0) return false;
  // Closed by nghttp2: the GOAWAY does not cover it.
  if (!stream.reset_by_peer) return c.answered || c.last_covered > 0;
  return c.in_flight - c.waiting > 1 || ++stream.refusals <= kMostRefusals;
}

void Http2Pool::Keep(Connection& c, Stream& stream) {
  if (!stream.not_sent) ++stream.flight.retries;
  stream.id = 0;
  stream.waits = true;
  ++c.waiting;
}

void Http2Pool::Finish(Stream& stream, Fate fate, int status, uint64_t answer_bytes,
                       int64_t now_ns) {
  Connection& c = connections_[stream.connection];
  if (stream.waits) --c.waiting;
  stream.waits = false;
  stream.id = 0;
  stream.next_free = c.first_free;
  c.first_free = static_cast<uint32_t>(&stream - &StreamAt(static_cast<int>(stream.connection), 0));
  --c.in_flight;
  sink_->OnEnded(stream.flight, fate, status, answer_bytes, now_ns);
}

void Http2Pool::OnConnected(int connection, int64_t now_ns) {
  Connection& c = connections_[connection];
  const TlsChannel* const tls = sockets_[connection].tls.get();
  if (tls != nullptr && !tls->ChoseHttp2()) {
    return OpenFailed(connection, Fate::kNotHttp2, now_ns);
  }
  nghttp2_session* session = nullptr;
  if (nghttp2_session_client_new2(&session, callbacks_.get(), &c, option_.get()) != 0) {
    return OpenFailed(connection, Fate::kOther, now_ns);
  }
  c.session.reset(session);
  c.settled = c.going_away = c.failed = c.answered = false;
  c.broken = Fate::kOk;
  c.no_streams_since_ns = INT64_MAX;
  c.ended = 0;
  c.last_covered = 0;
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
        End(connection, Fate::kMalformed, event_ns_);
        return false;
      }
      // The end of the connection may have made its edge already.
      if (!socket.MayHoldMore(static_cast<size_t>(size), kBufferBytes) && !ending) return true;
    } else if (size == 0) {
      End(connection, c.broken == Fate::kOk ? Fate::kClosedEarly : c.broken, event_ns_);
      return false;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (c.broken != Fate::kOk) {
        End(connection, c.broken, event_ns_);
        return false;
      }
      if (socket.held_back()) ReportAgain(connection);
      return true;
    } else if (errno != EINTR) {
      End(connection, FateOfErrno(errno), event_ns_);
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
    End(connection, Fate::kClosedEarly, now_ns);
  } else if (nghttp2_session_want_read(c.session.get()) == 0 &&
             nghttp2_session_want_write(c.session.get()) == 0) {
    End(connection, Fate::kMalformed, now_ns);
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
  stream.not_sent = false;
  stream.status = 0;
  stream.answered = stream.reset_by_peer = stream.body_differs = false;
  stream.body_sent = 0;
  stream.body_bytes = stream.answer_bytes = 0;
  if (stream.digest != nullptr) stream.digest->Begin();
  const Head& head = heads_[stream.flight.request];
  const nghttp2_data_provider body{.source = {}, .read_callback = FillBody};
  stream.id = nghttp2_submit_request(c.session.get(), nullptr, head.data(), head.size(),
                                     RequestOf(stream).body_size > 0 ? &body : nullptr, &stream);
  if (stream.id < 0) c.failed = true;
  if (stream.id > kLastStreamId) c.going_away = true;
}

void Http2Pool::SubmitWaiting(int connection, bool fresh) {
  Connection& c = connections_[connection];
  const uint32_t under_way = c.in_flight - c.waiting;
  if (c.waiting == 0 || c.going_away || !is_open(connection) || under_way >= c.limit) return;
  size_t most = c.limit - under_way;
  if (!fresh && under_way > 0) most = std::min<size_t>(most, c.ended);
  c.ended = 0;
  if (most == 0) return;
  waiting_.clear();
  for (uint32_t place = 0; place < pipeline_; ++place) {
    if (StreamAt(connection, place).waits) waiting_.push_back(&StreamAt(connection, place));
  }
  std::sort(waiting_.begin(), waiting_.end(), [](const Stream* a, const Stream* b) {
    return a->flight.intended_ns < b->flight.intended_ns;
  });
  if (waiting_.size() > most) waiting_.resize(most);
  for (Stream* const stream : waiting_) {
    stream->waits = false;
    --c.waiting;
    Submit(c, *stream);
  }
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
        End(connection, Fate::kOther, now_ns);
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
      const Fate fate = FateOfErrno(errno);
      if (fate != Fate::kReset || !is_open(connection)) {
        End(connection, fate, now_ns);
        return false;
      }
      // A GOAWAY may have come before the server closed: the event reads it, and then the end.
      c.broken = fate;
      ReportAgain(connection);
      return true;
    }
  }
}

void Http2Pool::End(int connection, Fate fate, int64_t now_ns) {
  const bool wrong = fate == Fate::kMalformed || fate == Fate::kOther;
  if (is_open(connection)) {
    Break(connection, fate, wrong ? By::kUs : By::kServer, now_ns);
  } else {
    const bool alien = !connections_[connection].settled &&
                       (fate == Fate::kMalformed || fate == Fate::kClosedEarly);
    OpenFailed(connection, alien ? Fate::kNotHttp2 : fate, now_ns);
  }
}

void Http2Pool::Break(int connection, Fate fate, By by, int64_t now_ns) {
  Connection& c = connections_[connection];
  Close(connection, /*reset=*/by == By::kUs);
  c.session.reset();
  for (uint32_t place = 0; place < pipeline_; ++place) {
    Stream& stream = StreamAt(connection, place);
    if (stream.id == 0) continue;
    const bool unanswered = by == By::kServer && c.answered && !stream.answered &&
                            stream.answer_bytes == 0 && RequestOf(stream).idempotent;
    if (unanswered) {
      Keep(c, stream);
    } else {
      Finish(stream, fate, 0, 0, now_ns);
    }
  }
  Reopen(connection, by, c.answered, now_ns);
}

void Http2Pool::ExpireFlights(int connection, int64_t limit_ns, int64_t now_ns) {
  Connection& c = connections_[connection];
  if (c.in_flight == 0 && c.no_streams_since_ns <= limit_ns) {
    Close(connection, /*reset=*/false);
    return OpenFailed(connection, Fate::kNoStreams, now_ns);
  }
  bool any = false;
  bool silent = false;
  for (uint32_t place = 0; place < pipeline_ && c.in_flight > 0; ++place) {
    Stream& stream = StreamAt(connection, place);
    if ((stream.id == 0 && !stream.waits) || stream.flight.intended_ns > limit_ns) continue;
    if (stream.waits) {
      Finish(stream, Fate::kTimeout, 0, 0, now_ns);
      continue;
    }
    any = true;
    silent = silent || c.heard_ns <= stream.flight.send_ns;
    nghttp2_session_set_stream_user_data(c.session.get(), stream.id, nullptr);
    nghttp2_submit_rst_stream(c.session.get(), NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_CANCEL);
    Finish(stream, Fate::kTimeout, 0, 0, now_ns);
  }
  if (silent) {
    Break(connection, Fate::kLostBehind, By::kUs, now_ns);
  } else if (any) {
    Proceed(connection, now_ns);
  }
}

int Http2Pool::EndKept(int connection, Fate fate, int64_t limit_ns, int64_t now_ns) {
  Connection& c = connections_[connection];
  int ended = 0;
  for (uint32_t place = 0; place < pipeline_ && c.waiting > 0; ++place) {
    Stream& stream = StreamAt(connection, place);
    if (!stream.waits || stream.flight.intended_ns > limit_ns) continue;
    Finish(stream, fate, 0, 0, now_ns);
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
