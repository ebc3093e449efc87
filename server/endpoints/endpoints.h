#ifndef ASSAY_SERVER_ENDPOINTS_ENDPOINTS_H_
#define ASSAY_SERVER_ENDPOINTS_ENDPOINTS_H_

#include <cstddef>

#include "server/endpoints/collatz.h"
#include "server/endpoints/json_endpoint.h"
#include "server/endpoints/zlib_endpoint.h"
#include "server/net/http_message.h"

namespace assay::server {

// The endpoint contract (docs/endpoints.md): maps a path and method to its endpoint. Each endpoint has its own file in
// this folder. Use one object per thread.
class Endpoints {
 public:
  // A response of /zlib/decompress is at most `max_output` bytes.
  explicit Endpoints(size_t max_output) : zlib_(max_output) {}

  // Responds with 404 for an unknown path, and with 405 and Allow for another method of a known one.
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
