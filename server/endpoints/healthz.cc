#include "server/endpoints/healthz.h"

namespace assay {

void RespondHealthz(const HttpRequest&, HttpResponse& response) {
  response.content_type = "text/plain";
  response.body = "ok";
}

}  // namespace assay
