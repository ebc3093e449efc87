#include "server/net/http_session.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

using Next = HttpSession::Next;

// Responds with the contents of the request, so that a test sees what the handler saw.
void Describe(const HttpRequest& request, HttpResponse& response, std::string& text) {
  static constexpr const char* kMethods[] = {"GET", "HEAD", "POST", "OPTIONS", "OTHER"};
  text = absl::StrCat(kMethods[static_cast<int>(request.method)], " ", std::string(request.path),
                      " [", std::string(request.query), "] [", std::string(request.body), "] [",
                      std::string(request.Header("x-test")), "]");
  response.body = text;
}

struct Outcome {
  std::string output;
  Next next = Next::kRead;
};

class HttpSessionTest : public ::testing::Test {
 protected:
  // The output of a session when `input` arrives in pieces of `step` bytes.
  Outcome Converse(std::string_view input, size_t step) {
    std::string text;
    SessionContext context{
        .limits = limits_,
        .handler = [&text](const HttpRequest& request,
                           HttpResponse& response) { Describe(request, response, text); },
        .date = {}};
    HttpSession session;
    Intake intake(limits_);
    ResponseBatch batch;
    Outcome outcome;
    for (size_t at = 0; at < input.size() && outcome.next != Next::kClose; at += step) {
      intake.bytes.Append(input.substr(at, step));
      do {
        outcome.next = session.Respond(context, intake, batch);
        absl::StrAppend(&outcome.output, std::string(batch.bytes.view()),
                        std::string(batch.borrowed));
        batch.Clear();
      } while (outcome.next == Next::kSend);
    }
    return outcome;
  }

  // The status and body of each response; the remaining bytes if a response is malformed.
  static std::vector<std::string> Responses(std::string_view output) {
    std::vector<std::string> responses;
    while (!output.empty()) {
      const size_t head = output.find("\r\n\r\n");
      const size_t length = output.find("Content-Length: ");
      if (absl::StartsWith(absl::string_view(output.data(), output.size()), "HTTP/1.1 100 ")) {
        responses.push_back("100");
        output.remove_prefix(head + 4);
        continue;
      }
      if (head == output.npos || length > head) {
        responses.push_back("broken: " + std::string(output));
        return responses;
      }
      const size_t size = std::stoul(std::string(output.substr(length + 16, 20)));
      responses.push_back(std::string(output.substr(9, 3)) + " " +
                          std::string(output.substr(head + 4, size)));
      output.remove_prefix(std::min(head + 4 + size, output.size()));
    }
    return responses;
  }

  // Expects these responses for pieces of every size.
  void ExpectResponses(std::string_view input, const std::vector<std::string>& expected,
                       Next next) {
    for (const size_t step : {input.size(), size_t{1}, size_t{2}, size_t{7}, size_t{61}}) {
      const Outcome outcome = Converse(input, std::max<size_t>(step, 1));
      EXPECT_EQ(Responses(outcome.output), expected) << input << "\nin steps of " << step;
      EXPECT_EQ(outcome.next, next) << input << "\nin steps of " << step;
    }
  }

  HttpLimits limits_{.max_head = 512, .max_body = 1000};
};

TEST_F(HttpSessionTest, RespondsToARequestInPiecesOfAnySize) {
  ExpectResponses("GET /a?b=c HTTP/1.1\r\nHost: h\r\nX-Test: \t v w \r\n\r\n",
                  {"200 GET /a [b=c] [] [v w]"}, Next::kRead);
  ExpectResponses("POST /a HTTP/1.1\r\nHost: h\r\ncontent-LENGTH: 5\r\n\r\nhello",
                  {"200 POST /a [] [hello] []"}, Next::kRead);
  ExpectResponses(
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nT: u\r\n\r\n",
      {"200 POST /a [] [hello] []"}, Next::kRead);
}

// The parser replaces the tabs of the head by spaces, but must not change the body.
TEST_F(HttpSessionTest, KeepsTheTabsOfABody) {
  ExpectResponses("POST /a HTTP/1.1\r\nHost: h\r\nX-Test: v\tw\t\r\nContent-Length: 3\r\n\r\n\ta\t",
                  {"200 POST /a [] [\ta\t] [v w]"}, Next::kRead);
}

TEST_F(HttpSessionTest, RespondsToPipelinedRequestsInOrder) {
  ExpectResponses(
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nxy"
      "\r\n"  // Some clients end a body with this (RFC 9112, 2.2).
      "POST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n"
      "GET /4 HTTP/1.1\r\nHost: h\r\nX-Test: last\r\n\r\n",
      {"200 GET /1 [] [] []", "200 POST /2 [] [xy] []", "200 POST /3 [] [z] []",
       "200 GET /4 [] [] [last]"},
      Next::kRead);
}

// One system call sends the whole batch.
TEST_F(HttpSessionTest, PipelinedRequestsFillOneBatch) {
  std::string input;
  for (int i = 0; i < 16; ++i) input += "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  std::string text;
  SessionContext context{
      .limits = limits_,
      .handler = [&text](const HttpRequest& r, HttpResponse& a) { Describe(r, a, text); },
      .date = {}};
  HttpSession session;
  Intake intake(limits_);
  ResponseBatch batch;
  intake.bytes.Append(input);
  EXPECT_EQ(session.Respond(context, intake, batch), Next::kRead);
  EXPECT_EQ(Responses(batch.bytes.view()).size(), 16u);
  EXPECT_EQ(session.answered(), 16u);
}

TEST_F(HttpSessionTest, HeadGetsTheHeadOfGet) {
  const Outcome outcome = Converse("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", 1000);
  EXPECT_TRUE(outcome.output.ends_with("Content-Length: 16\r\n\r\n")) << outcome.output;
}

TEST_F(HttpSessionTest, ClosesWhenTheClientAsksForIt) {
  ExpectResponses("GET /1 HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\nGET /2 HTTP/1.1\r\n",
                  {"200 GET /1 [] [] []"}, Next::kClose);
  ExpectResponses("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, close\r\n\r\n",
                  {"200 GET / [] [] []"}, Next::kClose);
  ExpectResponses("GET / HTTP/1.0\r\n\r\n", {"200 GET / [] [] []"}, Next::kClose);
}

TEST_F(HttpSessionTest, KeepsAnHttp10ConnectionThatAsksForIt) {
  const Outcome outcome = Converse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 100);
  EXPECT_EQ(outcome.next, Next::kRead);
  EXPECT_NE(outcome.output.find("Connection: keep-alive\r\n"), std::string::npos);
}

TEST_F(HttpSessionTest, ClosesAfterTheLastRequestAllowed) {
  limits_.keep_alive_requests = 2;
  const std::string request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  const Outcome outcome = Converse(request + request + request, 1000);
  EXPECT_EQ(outcome.next, Next::kClose);
  EXPECT_EQ(Responses(outcome.output).size(), 2u);
  EXPECT_NE(outcome.output.find("Connection: close"), std::string::npos);
}

TEST_F(HttpSessionTest, SendsContinueAfterTheHeadIfTheBodyIsMissing) {
  const std::string head =
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
  EXPECT_EQ(Responses(Converse(head, head.size()).output), std::vector<std::string>{"100"});
  EXPECT_EQ(Responses(Converse(head + "ab", head.size()).output),
            (std::vector<std::string>{"100", "200 POST / [] [ab] []"}));
  EXPECT_EQ(Responses(Converse(head + "ab", 1).output),
            (std::vector<std::string>{"100", "200 POST / [] [ab] []"}));
  // The body came with the head: the client does not wait.
  EXPECT_EQ(Responses(Converse(head + "ab", 1000).output),
            std::vector<std::string>{"200 POST / [] [ab] []"});
  const std::string chunked =
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(Responses(Converse(chunked + "0\r\n\r\n", chunked.size()).output),
            (std::vector<std::string>{"100", "200 POST / [] [] []"}));
}

TEST_F(HttpSessionTest, SendsNoContinueForABodyThatIsTooLarge) {
  ExpectResponses(
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n",
      {"413 the body is larger than this server accepts"}, Next::kClose);
}

// Every response of a stopping server is the connection's last.
TEST_F(HttpSessionTest, ClosesWhenTheServerStops) {
  std::string text;
  SessionContext context{
      .limits = limits_,
      .handler = [&text](const HttpRequest& r, HttpResponse& a) { Describe(r, a, text); },
      .date = {},
      .stopping = true};
  HttpSession session;
  Intake intake(limits_);
  ResponseBatch batch;
  intake.bytes.Append("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(session.Respond(context, intake, batch), Next::kClose);
  EXPECT_NE(batch.bytes.view().find("Connection: close"), std::string_view::npos);
}

TEST_F(HttpSessionTest, StopsWhenTheBatchIsFull) {
  limits_ = HttpLimits();
  const std::string body(100 << 10, 'b');
  const std::string request =
      absl::StrCat("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
  const Outcome outcome = Converse(request + request + request, 1 << 20);
  EXPECT_EQ(Responses(outcome.output).size(), 3u);
  EXPECT_EQ(outcome.next, Next::kRead);
}

// A client would take a body after the head for the next response.
TEST_F(HttpSessionTest, ErrorResponsesToHeadHaveNoBody) {
  limits_.max_head = 512;
  limits_.max_body = 10;
  const std::string fields = "HEAD / HTTP/1.1\r\nHost: h\r\n";
  for (const std::string& input :
       {std::string("HEAD / HTTP/1.1\r\n\r\n"), fields + "Content-Length: 99\r\n\r\n",
        fields + "Expect: tea\r\n\r\n", fields + "X: " + std::string(600, 'x'),
        fields + "Transfer-Encoding: chunked\r\n\r\nff\r\n"}) {
    for (const size_t step : {input.size(), size_t{1}, size_t{7}}) {
      const Outcome outcome = Converse(input, step);
      EXPECT_EQ(outcome.next, Next::kClose) << input;
      EXPECT_TRUE(absl::StartsWith(outcome.output, "HTTP/1.1 4")) << outcome.output;
      EXPECT_TRUE(absl::EndsWith(outcome.output, "\r\n\r\n")) << outcome.output;
    }
  }
}

TEST_F(HttpSessionTest, AnIncompleteHeadRequestGetsNoBody) {
  SessionContext context{
      .limits = limits_, .handler = [](const HttpRequest&, HttpResponse&) {}, .date = {}};
  HttpSession session;
  Intake intake(limits_);
  ResponseBatch batch;
  intake.bytes.Append("HEAD / HTTP/1.1\r\nHo");
  session.Respond(context, intake, batch);
  session.RespondToTimeout(context, intake, batch);
  EXPECT_TRUE(batch.bytes.view().starts_with("HTTP/1.1 408")) << batch.bytes.view();
  EXPECT_TRUE(batch.bytes.view().ends_with("\r\n\r\n")) << batch.bytes.view();
  batch.Clear();
  session.RespondToEnd(context, intake, batch);
  EXPECT_TRUE(batch.bytes.view().starts_with("HTTP/1.1 400")) << batch.bytes.view();
  EXPECT_TRUE(batch.bytes.view().ends_with("\r\n\r\n")) << batch.bytes.view();
}

}  // namespace
}  // namespace assay::server
