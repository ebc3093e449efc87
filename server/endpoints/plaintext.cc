#include "server/endpoints/plaintext.h"

namespace assay::server {

void RespondPlaintext(const HttpRequest&, HttpResponse& response) {
  response.content_type = "text/plain";
  response.body = "Hello, World!";
}

}  // namespace assay::server
