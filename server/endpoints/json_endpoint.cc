#include "server/endpoints/json_endpoint.h"

#include "server/endpoints/json_text.h"

namespace assay::server {

namespace {

struct Message {
  std::string_view message;
};

void AppendJson(const Message& message, std::string& json) {
  json.append("{\"message\":");
  AppendJsonString(message.message, json);
  json.push_back('}');
}

}  // namespace

void JsonEndpoint::ResponseMessage(const HttpRequest&, HttpResponse& response) {
  const Message message{.message = "Hello, World!"};
  text_.clear();
  AppendJson(message, text_);
  response.content_type = "application/json";
  response.body = text_;
}

void JsonEndpoint::RespondTotals(const HttpRequest& request, HttpResponse& response) {
  response.content_type = "application/json";
  const std::string error = reader_.Read(request.body, totals_);
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

}  // namespace assay::server
