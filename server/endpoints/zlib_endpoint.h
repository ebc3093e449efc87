#ifndef ASSAY_SERVER_ENDPOINTS_ZLIB_ENDPOINT_H_
#define ASSAY_SERVER_ENDPOINTS_ZLIB_ENDPOINT_H_

#include <cstddef>
#include <memory>

#include "server/net/byte_buffer.h"
#include "server/net/http_message.h"

struct z_stream_s;

namespace assay::server {

// /zlib/compress and /zlib/decompress. Use one object per thread: all its requests share the zlib streams and the
// output buffer, so zlib allocates nothing after the first request.
class ZlibEndpoint {
 public:
  // Refuses a body that inflates to more than `max_output` bytes.
  explicit ZlibEndpoint(size_t max_output);
  ~ZlibEndpoint();

  // POST /zlib/compress?level=6: the body in zlib's format. 400 if the level is not in 0 to 9.
  void Compress(const HttpRequest& request, HttpResponse& response);

  // POST /zlib/decompress: the inflated body. 400 if the body is not exactly one zlib stream, 413 if the output exceeds
  // max_output.
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
