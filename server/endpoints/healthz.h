#ifndef ASSAY_SERVER_ENDPOINTS_HEALTHZ_H_
#define ASSAY_SERVER_ENDPOINTS_HEALTHZ_H_

#include "server/net/http_message.h"

namespace assay::server {

// GET /healthz: "ok" as soon as the server serves.
void RespondHealthz(const HttpRequest& request, HttpResponse& response);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENDPOINTS_HEALTHZ_H_
