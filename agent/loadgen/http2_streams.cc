// How the streams of an Http2Pool go on and end: what nghttp2 calls back, and what is sent again.

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "agent/loadgen/http2_pool.h"
#include "agent/loadgen/response_check.h"

namespace assay::loadgen {
namespace {

constexpr uint64_t kFrameHeadBytes = 9;
constexpr uint8_t kMostRefusals = 8;

}  // namespace

void Http2Pool::FramePosition::Take(const uint8_t* bytes, size_t size) {
  constexpr uint32_t kLengthBytes = 3;
  for (size_t at = 0; at < size;) {
    if (left_ > 0) {
      const size_t taken = std::min(left_, size - at);
      left_ -= taken;
      at += taken;
      continue;
    }
    if (head_bytes_ < kLengthBytes) length_ = length_ << 8 | bytes[at];
    ++at;
    if (++head_bytes_ < kFrameHeadBytes) continue;
    left_ = length_;
    length_ = head_bytes_ = 0;
  }
}

void Http2Pool::SetCallbacks() {
  nghttp2_session_callbacks* const of = callbacks_.get();
  nghttp2_session_callbacks_set_on_begin_frame_callback(
      of, [](nghttp2_session* session, const nghttp2_frame_hd* frame, void*) {
        if (frame->type != NGHTTP2_HEADERS && frame->type != NGHTTP2_DATA) return 0;
        Stream* const stream = StreamOf(session, frame->stream_id);
        if (stream != nullptr) stream->begun = true;
        return 0;
      });
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
  stream->response_bytes += kFrameHeadBytes + frame.hd.length;
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
  stream->answered = true;
  c.answered = true;
  // The response came before its request was fully sent: the rest is not wanted.
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
    const Outcome outcome = stream.reset_by_peer ? Outcome::kStreamReset
                            : c.going_away       ? Outcome::kClosedEarly
                                                 : Outcome::kMalformed;
    return Finish(stream, outcome, 0, 0, event_ns_);
  }
  ++c.ended;
  const Request& request = RequestOf(stream);
  const bool matches =
      (!request.expect_body.has_value() ||
       (!stream.body_differs && stream.body_bytes == request.expect_body->size())) &&
      (!request.expect_sha256.has_value() || stream.digest->Matches(*request.expect_sha256));
  // Late responses are found here as well as by the scan, so that its coarseness decides nothing.
  const bool late = event_ns_ - stream.flight.intended_ns > config_.timeout_ns;
  const Outcome outcome =
      late ? Outcome::kTimeout : CheckResponse(request, stream.status, stream.body_bytes, matches);
  Finish(stream, outcome, stream.status, stream.response_bytes, event_ns_);
}

bool Http2Pool::MayRepeat(const Connection& c, Stream& stream, uint32_t error_code) const {
  if (stream.not_sent) {
    if (!c.going_away) return false;
  } else if (error_code != NGHTTP2_REFUSED_STREAM || stream.begun) {
    return false;
  }
  // Not reset by the server: nghttp2 closes what the GOAWAY does not cover.
  const bool others_go_on = stream.reset_by_peer ? c.answered && c.in_flight - c.waiting > 1
                                                 : c.answered || c.last_covered > 0;
  return others_go_on || ++stream.refusals <= kMostRefusals;
}

void Http2Pool::Keep(Connection& c, Stream& stream) {
  if (!stream.not_sent) ++stream.flight.retries;
  stream.id = 0;
  stream.waits = true;
  ++c.waiting;
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

}  // namespace assay::loadgen
