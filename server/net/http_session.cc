#include "server/net/http_session.h"

#include "server/net/head_rules.h"

namespace assay::server {
namespace {

// Refuses the request at the front of `intake`. The framing is lost, so the connection must be closed.
void RespondWithError(SessionContext& context, const Intake& intake, const HttpError& error,
                      ResponseBatch& batch) {
  const HttpResponse response{
      .status = error.status, .content_type = "text/plain", .body = error.reason};
  // No response to HEAD has a body, whatever is wrong with the rest of the request (RFC 9110, 9.3.2).
  const bool to_head = intake.bytes.view().starts_with("HEAD ");
  WriteResponse(response,
                {.date_line = context.date.line(), .without_body = to_head, .close = true}, batch);
}

}  // namespace

HttpSession::Next HttpSession::Respond(SessionContext& context, Intake& intake,
                                       ResponseBatch& batch) {
  RequestParser& parser = intake.parser;
  while (!intake.bytes.empty()) {
    switch (parser.Parse(intake.bytes)) {
      case RequestParser::Progress::kNeedBytes:
        if (parser.TakeExpectation()) batch.bytes.Append("HTTP/1.1 100 Continue\r\n\r\n");
        return Next::kRead;
      case RequestParser::Progress::kError:
        RespondWithError(context, intake, parser.error(), batch);
        return Next::kClose;
      case RequestParser::Progress::kRequest: {
        const Next next = RespondToRequest(context, parser, batch);
        // A borrowed body may lie in these bytes. Consume() does not move or change them.
        intake.bytes.Consume(parser.consumed());
        parser.Reset();
        if (next != Next::kRead) return next;
        if (!intake.bytes.empty() && context.TurnIsOver()) return Next::kYield;
        break;
      }
    }
  }
  return Next::kRead;
}

HttpSession::Next HttpSession::RespondToRequest(SessionContext& context,
                                                const RequestParser& parser, ResponseBatch& batch) {
  HttpResponse response;
  context.handler(parser.request(), response);
  ++answered_;
  const bool last =
      context.limits.keep_alive_requests != 0 && answered_ >= context.limits.keep_alive_requests;
  const bool close = !parser.keep_alive() || last || context.stopping;
  const ResponseFrame frame{.date_line = context.date.line(),
                            .without_body = parser.request().method == HttpMethod::kHead,
                            .close = close,
                            .say_keep_alive = parser.http_1_0()};
  WriteResponse(response, frame, batch);
  if (close) return Next::kClose;
  return batch.full() ? Next::kSend : Next::kRead;
}

void HttpSession::RespondToEnd(SessionContext& context, const Intake& intake,
                               ResponseBatch& batch) {
  if (!intake.parser.mid_request()) return;
  RespondWithError(context, intake, {400, "the connection ended in the middle of the request"},
                   batch);
}

void HttpSession::RespondToTimeout(SessionContext& context, const Intake& intake,
                                   ResponseBatch& batch) {
  RespondWithError(context, intake, {408, "the request did not arrive in time"}, batch);
}

void HttpSession::RespondNoMemory(SessionContext& context, const Intake& intake,
                                  ResponseBatch& batch) {
  RespondWithError(context, intake, {503, "too many requests are being received to take this one"},
                   batch);
}

}  // namespace assay::server
