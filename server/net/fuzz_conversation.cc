#include "server/net/fuzz_conversation.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/net/http_session.h"

namespace assay::server {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string Request(std::string_view line, std::string_view fields, std::string_view body = "") {
  return absl::StrCat(std::string(line), " HTTP/1.1\r\nHost: h\r\n", std::string(fields), "\r\n",
                      std::string(body));
}

}  // namespace

HttpLimits FuzzConversation::Limits() { return {.max_head = 300, .max_body = 200}; }

HttpHandler FuzzConversation::Handler(std::string& text) {
  return [&text](const HttpRequest& request, HttpResponse& response) {
    text = absl::StrCat(static_cast<int>(request.method), " ", std::string(request.path), "?",
                        std::string(request.query), " ", std::string(request.body));
    for (const HttpHeader& header : request.headers) {
      absl::StrAppend(&text, "|", std::string(header.name), "=", std::string(header.value));
    }
    if (request.path == "/large") text.append(40'000, 'x');
    if (request.path == "/echo") text = std::string(request.body);
    // The client's bytes must not look like a response.
    absl::StrReplaceAll({{"HTTP/1.1", "HTTP/1-1"}}, &text);
    response.body = text;
  };
}

std::string FuzzConversation::WithoutContinue(std::string responses) {
  size_t at;
  while ((at = responses.find(kContinue)) != std::string::npos)
    responses.erase(at, kContinue.size());
  return responses;
}

std::string FuzzConversation::Responses(std::string_view input,
                                        const std::function<size_t()>& piece_size) {
  const HttpLimits limits = Limits();
  std::string text;
  SessionContext context{.limits = limits, .handler = Handler(text), .date = {}};
  HttpSession session;
  Intake intake(limits);
  ResponseBatch batch;
  std::string responses;
  const auto take_batch = [&] {
    absl::StrAppend(&responses, std::string(batch.bytes.view()), std::string(batch.borrowed));
    batch.Clear();
  };
  while (!input.empty()) {
    const size_t size = std::min(piece_size(), input.size());
    // A new buffer of the exact size, so that a read beyond the body's padding is detected.
    intake.bytes.Append(input.substr(0, size));
    input.remove_prefix(size);
    HttpSession::Next next;
    do {
      next = session.Respond(context, intake, batch);
      take_batch();
    } while (next == HttpSession::Next::kSend);
    if (next == HttpSession::Next::kClose) return WithoutContinue(responses);
  }
  session.RespondToEnd(context, intake, batch);
  take_batch();
  return WithoutContinue(responses);
}

void FuzzConversation::Fail(std::string_view what, std::string_view expected,
                            std::string_view actual) {
  std::cerr << what << "\n--- expected\n" << expected << "\n--- actual\n" << actual << "\n";
  std::abort();
}

std::vector<std::string> FuzzConversation::Seeds() {
  const std::string get = Request("GET /a?b=c&d", "X-A:  b \r\n");
  const std::string post = Request("POST /echo", "Content-Length: 5\r\n", "hello");
  const std::string chunked =
      Request("POST /b", "Transfer-Encoding: chunked\r\n",
              "5;x=\"y\"\r\nhello\r\n0a\r\n0123456789\r\n0\r\nT: u\r\n\r\n");
  const std::string extensions = Request("POST /b", "Transfer-Encoding: chunked\r\n",
                                         "001 ;a\t= b ;c=\"\\\"d\"\r\nx\r\n0;e\r\n\r\n");
  const std::string expect =
      Request("POST /%65cho", "Expect: 100-continue\r\nContent-Length: 3\r\n", "abc");
  return {get,
          post,
          Request("POST /b", "Content-Length: 25\r\n", kContinue) + get,
          chunked,
          expect,
          get + post + chunked + expect + get,
          extensions + Request("POST /echo", "") + get,
          Request("POST /b", "Transfer-Encoding: chunked\r\n", "1;a=b \r\nx\r\n0\r\n\r\n"),
          "GET / HTTP/1.1\nHost: h\r\n\r\n",
          Request("GET /large", "") + Request("GET /large", "") + chunked + chunked,
          Request("OPTIONS *", "Connection: keep-alive, close\r\n") + get,
          "GET http://u.v:80/w?x HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n" + get,
          Request("GET /", "Connection: Upgrade\r\nUpgrade: h2c\r\n") + get,
          Request("POST /", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
          Request("POST /", "Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
          Request("GET /", absl::StrCat("A: ", std::string(250, 'a'), "\r\n")),
          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n"};
}

}  // namespace assay::server
