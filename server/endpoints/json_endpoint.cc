#include "server/endpoints/json_endpoint.h"

#include "nlohmann/json.hpp"
#include "server/endpoints/json_text.h"
#include "server/endpoints/order_sax.h"

namespace assay {

void JsonEndpoint::AnswerMessage(const HttpRequest&, HttpResponse& response) {
  const nlohmann::json message = {{"message", "Hello, World!"}};
  text_ = message.dump();
  response.content_type = "application/json";
  response.body = text_;
}

void JsonEndpoint::AnswerTotals(const HttpRequest& request, HttpResponse& response) {
  response.content_type = "application/json";
  const std::string error = ReadOrderBySax(request.body, totals_);
  if (error.empty()) {
    response.body = totals_.End();
    return;
  }
  response.status = 400;
  text_.assign("{\"error\":");
  AppendJsonString(error, text_);
  text_.push_back('}');
  response.body = text_;
}

}  // namespace assay
