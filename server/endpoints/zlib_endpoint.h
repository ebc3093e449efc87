#ifndef ASSAY_SERVER_ENDPOINTS_ZLIB_ENDPOINT_H_
#define ASSAY_SERVER_ENDPOINTS_ZLIB_ENDPOINT_H_

#include <cstddef>
#include <memory>

#include "server/net/byte_buffer.h"
#include "server/net/http_message.h"

struct z_stream_s;

namespace assay::server {

// /zlib/compress and /zlib/decompress. One for each thread: its streams and its output are used
// again by every request, so that zlib allocates nothing after the first.
class ZlibEndpoint {
 public:
  // A body that inflates to more than `max_output` bytes is refused.
  explicit ZlibEndpoint(size_t max_output);
  ~ZlibEndpoint();

  // POST /zlib/compress?level=6: the body in zlib's format. 400 for a level not in 0 to 9.
  void Compress(const HttpRequest& request, HttpResponse& response);

  // POST /zlib/decompress: what the body inflates to. 400 for what is not one whole zlib stream,
  // 413 for more than max_output.
  void Decompress(const HttpRequest& request, HttpResponse& response);

 private:
  struct EndDeflate {
    void operator()(z_stream_s* stream) const;
  };
  struct EndInflate {
    void operator()(z_stream_s* stream) const;
  };

  const size_t max_output_;
  std::unique_ptr<z_stream_s, EndDeflate> deflate_;  // Null until first used.
  std::unique_ptr<z_stream_s, EndInflate> inflate_;
  ByteBuffer output_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENDPOINTS_ZLIB_ENDPOINT_H_
