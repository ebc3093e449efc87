#ifndef ASSAY_SERVER_ENDPOINTS_JSON_ENDPOINT_H_
#define ASSAY_SERVER_ENDPOINTS_JSON_ENDPOINT_H_

#include <string>

#include "server/endpoints/order_reader.h"
#include "server/endpoints/order_totals.h"
#include "server/net/http_message.h"

namespace assay::server {

// /json. Use one object per thread: it keeps the memory of its responses.
class JsonEndpoint {
 public:
  // GET: {"message":"Hello, World!"}, an object made and serialised for this request.
  void ResponseMessage(const HttpRequest& request, HttpResponse& response);

  // POST: reads an order and responds with its totals; 400 and {"error":"..."} if the body is not an order.
  void RespondTotals(const HttpRequest& request, HttpResponse& response);

 private:
  OrderReader reader_;
  OrderTotals totals_;
  std::string text_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENDPOINTS_JSON_ENDPOINT_H_
