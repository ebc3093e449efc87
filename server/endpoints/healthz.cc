#include "server/endpoints/healthz.h"

namespace assay {

void AnswerHealthz(const HttpRequest&, HttpResponse& response) {
  response.content_type = "text/plain";
  response.body = "ok";
}

}  // namespace assay
