#ifndef ASSAY_SERVER_ENDPOINTS_ECHO_H_
#define ASSAY_SERVER_ENDPOINTS_ECHO_H_

#include "server/net/http_message.h"

namespace assay::server {

// POST /echo: the body, with its Content-Type if it has one. The body is not copied.
void RespondEcho(const HttpRequest& request, HttpResponse& response);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENDPOINTS_ECHO_H_
