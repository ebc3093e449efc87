#include "server/endpoints/healthz.h"

namespace assay::server {

void RespondHealthz(const HttpRequest&, HttpResponse& response) {
  response.content_type = "text/plain";
  response.body = "ok";
}

}  // namespace assay::server
