#include "server/endpoints/zlib_endpoint.h"

#include <zlib.h>

#include <algorithm>
#include <optional>

#include "server/endpoints/query.h"

namespace assay::server {
namespace {

// An output buffer larger than this is not kept for the next request.
constexpr size_t kKeptOutput = 4 << 20;

void Refuse(int status, std::string_view message, HttpResponse& response) {
  response.status = status;
  response.content_type = "text/plain";
  response.body = message;
}

// zlib counts in 32 bits; the limit of a body is far below that.
void SetInput(std::string_view body, z_stream& stream) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
}

}  // namespace

void ZlibEndpoint::EndDeflate::operator()(z_stream* stream) const {
  deflateEnd(stream);
  delete stream;
}

void ZlibEndpoint::EndInflate::operator()(z_stream* stream) const {
  inflateEnd(stream);
  delete stream;
}

ZlibEndpoint::ZlibEndpoint(size_t max_output) : max_output_(max_output) {}

ZlibEndpoint::~ZlibEndpoint() = default;

void ZlibEndpoint::Compress(const HttpRequest& request, HttpResponse& response) {
  const std::optional<int64_t> level = NumberParameter(request.query, "level", 6, 0, 9);
  if (!level.has_value()) return Refuse(400, "level must be a number from 0 to 9\n", response);
  if (deflate_ == nullptr) {
    deflate_.reset(new z_stream{});
    if (deflateInit(deflate_.get(), static_cast<int>(*level)) != Z_OK) {
      deflate_.reset();
      return Refuse(503, "out of memory while compressing\n", response);
    }
  } else {
    deflateReset(deflate_.get());
    // After a reset and before any input this only sets the level.
    deflateParams(deflate_.get(), static_cast<int>(*level), Z_DEFAULT_STRATEGY);
  }
  SetInput(request.body, *deflate_);
  if (output_.capacity() > kKeptOutput) output_ = ByteBuffer();
  output_.Clear();
  const size_t bound = deflateBound(deflate_.get(), request.body.size());
  deflate_->next_out = reinterpret_cast<Bytef*>(output_.Reserve(bound));
  deflate_->avail_out = static_cast<uInt>(bound);
  if (deflate(deflate_.get(), Z_FINISH) != Z_STREAM_END) {
    return Refuse(500, "zlib could not compress the body\n", response);
  }
  output_.Commit(bound - deflate_->avail_out);
  response.content_type = "application/octet-stream";
  response.body = output_.view();
}

void ZlibEndpoint::Decompress(const HttpRequest& request, HttpResponse& response) {
  if (inflate_ == nullptr) {
    inflate_.reset(new z_stream{});
    if (inflateInit(inflate_.get()) != Z_OK) {
      inflate_.reset();
      return Refuse(503, "out of memory while decompressing\n", response);
    }
  } else {
    inflateReset(inflate_.get());
  }
  SetInput(request.body, *inflate_);
  if (output_.capacity() > kKeptOutput) output_ = ByteBuffer();
  output_.Clear();
  size_t step = std::max<size_t>(4 * request.body.size(), 16 << 10);
  while (true) {
    // One byte beyond the limit distinguishes "just fits" from "too large".
    const size_t room = std::min(step, max_output_ + 1 - output_.size());
    inflate_->next_out = reinterpret_cast<Bytef*>(output_.Reserve(room));
    inflate_->avail_out = static_cast<uInt>(room);
    const int result = inflate(inflate_.get(), Z_NO_FLUSH);
    output_.Commit(room - inflate_->avail_out);
    if (output_.size() > max_output_) {
      return Refuse(413, "the body inflates to more than this server accepts\n", response);
    }
    if (result == Z_STREAM_END) break;
    // If the output is full the loop continues; otherwise the input is corrupt or truncated.
    if (result != Z_OK || inflate_->avail_out != 0) {
      return Refuse(400, "the body is not a whole zlib stream\n", response);
    }
    step = output_.size();
  }
  if (inflate_->avail_in != 0) {
    return Refuse(400, "the body has bytes after the zlib stream\n", response);
  }
  response.content_type = "application/octet-stream";
  response.body = output_.view();
}

}  // namespace assay::server
