#include "server/endpoints/echo.h"

namespace assay::server {

void RespondEcho(const HttpRequest& request, HttpResponse& response) {
  response.content_type = request.Header("Content-Type");
  response.body = request.body;
}

}  // namespace assay::server
