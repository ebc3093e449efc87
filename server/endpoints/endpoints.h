#ifndef ASSAY_SERVER_ENDPOINTS_ENDPOINTS_H_
#define ASSAY_SERVER_ENDPOINTS_ENDPOINTS_H_

#include <cstddef>

#include "server/endpoints/collatz.h"
#include "server/endpoints/json_endpoint.h"
#include "server/endpoints/zlib_endpoint.h"
#include "server/net/http_message.h"

namespace assay::server {

// The endpoint contract (docs/endpoints.md): which path and method is answered by what. Each
// endpoint is a file beside this one. One for each thread.
class Endpoints {
 public:
  // A response of /zlib/decompress is at most `max_output` bytes.
  explicit Endpoints(size_t max_output) : zlib_(max_output) {}

  // 404 for an unknown path, 405 with Allow for another method of a known one.
  void Respond(const HttpRequest& request, HttpResponse& response);

 private:
  struct Route;
  static const Route kRoutes[];

  JsonEndpoint json_;
  ZlibEndpoint zlib_;
  CollatzEndpoint collatz_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENDPOINTS_ENDPOINTS_H_
