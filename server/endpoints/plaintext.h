#ifndef ASSAY_SERVER_ENDPOINTS_PLAINTEXT_H_
#define ASSAY_SERVER_ENDPOINTS_PLAINTEXT_H_

#include "server/net/http_message.h"

namespace assay::server {

// GET /plaintext: "Hello, World!". It measures the cost of HTTP alone.
void RespondPlaintext(const HttpRequest& request, HttpResponse& response);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENDPOINTS_PLAINTEXT_H_
