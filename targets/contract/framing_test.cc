// Requests whose bytes arrive in every possible way, over every target of the catalogue.

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "agent/verify/endpoint_contract.h"
#include "agent/verify/http_exchange.h"
#include "gtest/gtest.h"
#include "targets/contract/contract_fixture.h"

namespace assay::targets {
namespace {

// A POST /echo with a chunked body. `chunks` are already encoded and end with the last one.
std::string Chunked(const std::string& chunks) {
  return absl::StrCat("POST /echo HTTP/1.1\r\nHost: assay\r\nContent-Type: a/b\r\n",
                      "Transfer-Encoding: chunked\r\n\r\n", chunks);
}

std::string Chunk(const std::string& data) {
  return absl::StrCat(absl::Hex(data.size()), "\r\n", data, "\r\n");
}

TEST_P(ContractTest, KeepsAConnectionForManyRequests) {
  RawConnection connection = Connect();
  // More requests than any server's default limit per connection; nginx's is 1,000.
  for (int i = 0; i < 1500; ++i) Ask(connection, {"GET", "/plaintext", "", ""});
}

// Otherwise a response could be taken for the response to another request.
TEST_P(ContractTest, RespondsToPipelinedRequestsInOrder) {
  RawConnection connection = Connect();
  std::vector<agent::ContractRequest> requests;
  std::string bytes;
  for (int i = 0; i < 64; ++i) {
    switch (i % 4) {
      case 0:
        requests.push_back({"GET", "/plaintext", "", ""});
        break;
      case 1:
        requests.push_back({"GET", absl::StrCat("/cpu?n=", random().Number(2, 1000)), "", ""});
        break;
      case 2:
        requests.push_back({"POST", "/echo", random().Bytes(random().Number(0, 3000)), "a/b"});
        break;
      default:
        requests.push_back({"GET", "/json", "", ""});
    }
    if (!Serves(requests.back().method, requests.back().target)) {
      requests.back() = {"HEAD", "/healthz", "", ""};
    }
    bytes += Encode(requests.back());
  }
  ASSERT_TRUE(connection.Send(bytes).ok());
  for (const agent::ContractRequest& request : requests) ExpectRight(connection, request);
}

TEST_P(ContractTest, AcceptsRequestsAByteAtATime) {
  RawConnection connection = Connect();
  ASSERT_TRUE(connection.SendByteByByte(Encode({"GET", "/json", "", ""})).ok());
  ExpectRight(connection, {"GET", "/json", "", ""});
  for (const agent::ContractRequest& request :
       std::vector<agent::ContractRequest>{{"POST", "/echo", random().Bytes(300), "a/b"},
                                           {"POST", "/json", random().Order(3), "application/json"},
                                           {"POST", "/zlib/compress", random().Words(300), ""}}) {
    if (!Serves(request.method, request.target)) continue;
    ASSERT_TRUE(connection.SendByteByByte(Encode(request)).ok());
    ExpectRight(connection, request);
  }
}

// Regression test: the first server that Assay measured took a request to be one segment, and stalled here.
TEST_P(ContractTest, AcceptsARequestSplitAnywhere) {
  if (!Serves("POST", "/echo")) GTEST_SKIP() << "the target does not serve this";
  RawConnection connection = Connect();
  const agent::ContractRequest request{"POST", "/echo", "0123456789", "a/b"};
  const std::string bytes = Encode(request);
  for (size_t at = 1; at < bytes.size(); ++at) {
    ASSERT_TRUE(connection.Send(bytes.substr(0, at)).ok());
    // The server must serve another connection while this request is incomplete.
    RawConnection other = Connect();
    Ask(other, {"GET", "/healthz", "", ""});
    ASSERT_TRUE(connection.Send(bytes.substr(at)).ok());
    ExpectRight(connection, request);
  }
}

TEST_P(ContractTest, AcceptsChunkedBodies) {
  if (!Serves("POST", "/echo")) GTEST_SKIP() << "the target does not serve this";
  RawConnection connection = Connect();
  const auto expect_echo = [&](const std::string& body) {
    ExpectRight(connection, {"POST", "/echo", body, "a/b"});
  };
  ASSERT_TRUE(connection.Send(Chunked("0\r\n\r\n")).ok());
  expect_echo("");
  for (int i = 0; i < 20; ++i) {
    std::string body, chunks;
    for (int64_t left = random().Number(1, 10); left > 0; --left) {
      const std::string data = random().Bytes(random().Number(1, i < 10 ? 20 : 30000));
      body += data;
      chunks += Chunk(data);
    }
    ASSERT_TRUE(connection.Send(Chunked(chunks + "0\r\n\r\n")).ok());
    expect_echo(body);
  }
  ASSERT_TRUE(connection.SendByteByByte(Chunked(Chunk("abc") + Chunk("de") + "0\r\n\r\n")).ok());
  expect_echo("abcde");
  // Extensions and a trailer are not part of the body.
  ASSERT_TRUE(
      connection.Send(Chunked("3;name=value\r\nabc\r\n002\r\nde\r\n0\r\nX-After: 1\r\n\r\n")).ok());
  expect_echo("abcde");
  // The bytes after the last chunk are the next request.
  ASSERT_TRUE(
      connection.Send(Chunked("1\r\na\r\n0\r\n\r\n") + Encode({"GET", "/json", "", ""})).ok());
  expect_echo("a");
  ExpectRight(connection, {"GET", "/json", "", ""});
}

// RFC 9112, 6.3: the bytes that follow are the next request. `curl -X POST` sends this.
TEST_P(ContractTest, TreatsAPostWithoutALengthAsOneWithoutABody) {
  for (const agent::ContractRequest& request :
       std::vector<agent::ContractRequest>{{"POST", "/echo", "", "a/b"},
                                           {"POST", "/json", "", "application/json"},
                                           {"POST", "/zlib/compress", "", "a/b"},
                                           {"POST", "/zlib/decompress", "", "a/b"}}) {
    if (!Serves(request.method, request.target)) continue;
    SCOPED_TRACE(request.target);
    RawConnection connection = Connect();
    ASSERT_TRUE(connection
                    .Send(absl::StrCat("POST ", request.target, " HTTP/1.1\r\nHost: assay\r\n",
                                       "Content-Type: ", request.content_type, "\r\n\r\n",
                                       Encode({"GET", "/healthz", "", ""})))
                    .ok());
    ExpectRight(connection, request);
    ExpectRight(connection, {"GET", "/healthz", "", ""});
  }
}

TEST_P(ContractTest, RefusesChunkedBodiesBeyondTheLimit) {
  if (!Serves("POST", "/echo")) GTEST_SKIP() << "the target does not serve this";
  RawConnection connection = Connect();
  const std::string chunk = Chunk(random().Bytes(1 << 20));
  std::string chunks;
  for (size_t size = 0; size <= agent::kContractBodyLimit; size += 1 << 20) chunks += chunk;
  ASSERT_TRUE(connection.Send(Chunked(chunks + "0\r\n\r\n")).ok());
  const auto response = connection.Read();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 413);
}

TEST_P(ContractTest, SendsContinueToAClientThatWaitsForIt) {
  if (!Serves("POST", "/echo")) GTEST_SKIP() << "the target does not serve this";
  RawConnection connection = Connect();
  ASSERT_TRUE(connection
                  .Send("POST /echo HTTP/1.1\r\nHost: assay\r\nContent-Type: a/b\r\n"
                        "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
                  .ok());
  const auto interim = connection.ReadAny();
  ASSERT_TRUE(interim.ok()) << interim.status();
  EXPECT_EQ(interim->status, 100);
  ASSERT_TRUE(connection.Send("hello").ok());
  ExpectRight(connection, {"POST", "/echo", "hello", "a/b"});
  Ask(connection, {"GET", "/plaintext", "", ""});
}

TEST_P(ContractTest, ServesLibcurl) {
  if (!Serves("POST", "/echo")) GTEST_SKIP() << "the target does not serve this";
  // With the header fields that libcurl adds when a body is large.
  for (const size_t size : {0, 10, 1 << 20}) {
    const std::string body = random().Bytes(size);
    const auto reply = agent::Exchange(
        target().address(),
        {"POST", "/echo", {{"Expect", "100-continue"}, {"Content-Type", "a/b"}}, body},
        absl::Seconds(60));
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(agent::Difference(*agent::ContractResponse({"POST", "/echo", body, "a/b"}), *reply),
              "");
  }
}

TEST_P(ContractTest, RefusesHeadsBeyondTheLimit) {
  RawConnection connection = Connect();
  ASSERT_TRUE(connection
                  .Send(absl::StrCat("GET /plaintext HTTP/1.1\r\nHost: assay\r\nX-Long: ",
                                     std::string(15000, 'a'), "\r\n\r\n"))
                  .ok());
  ExpectRight(connection, {"GET", "/plaintext", "", ""});
  // Far enough above the limit for servers that count in buffers.
  RawConnection second = Connect();
  ASSERT_TRUE(second
                  .Send(absl::StrCat("GET /plaintext HTTP/1.1\r\nHost: assay\r\nX-Long: ",
                                     std::string(40000, 'a'), "\r\n\r\n"))
                  .ok());
  const auto response = second.Read();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 431);
}

TEST_P(ContractTest, ClosesWhenTheClientAsksForIt) {
  RawConnection connection = Connect();
  ASSERT_TRUE(
      connection.Send("GET /json HTTP/1.1\r\nHost: assay\r\nConnection: close\r\n\r\n").ok());
  ExpectRight(connection, {"GET", "/json", "", ""});
  EXPECT_TRUE(connection.ReadsEnd());
}

// Many connections have incomplete requests at once; each gets its own bytes back.
TEST_P(ContractTest, KeepsConnectionsApart) {
  if (!Serves("POST", "/echo")) GTEST_SKIP() << "the target does not serve this";
  struct Half {
    RawConnection connection;
    agent::ContractRequest request;
    std::string bytes;
  };
  std::vector<Half> halves;
  for (int i = 0; i < 50; ++i) {
    agent::ContractRequest request{"POST", "/echo", random().Bytes(random().Number(1, 20000)),
                                   "a/b"};
    std::string bytes = Encode(request);
    halves.push_back({Connect(), std::move(request), std::move(bytes)});
  }
  for (Half& half : halves) {
    ASSERT_TRUE(half.connection.Send(half.bytes.substr(0, half.bytes.size() / 2)).ok());
  }
  for (size_t i = halves.size(); i-- > 0;) {
    Half& half = halves[i];
    ASSERT_TRUE(half.connection.Send(half.bytes.substr(half.bytes.size() / 2)).ok());
    ExpectRight(half.connection, half.request);
  }
}

// Clients disconnect at any point of a request and its response.
TEST_P(ContractTest, SurvivesClientsThatDisconnect) {
  const agent::ContractRequest request =
      Serves("POST", "/echo")
          ? agent::ContractRequest{"POST", "/echo", random().Bytes(200000), "a/b"}
          : agent::ContractRequest{"GET", "/json", "", ""};
  const std::string bytes = Encode(request);
  for (int i = 0; i < 40; ++i) {
    RawConnection connection = Connect();
    ASSERT_TRUE(connection.Send(bytes.substr(0, random().Number(0, bytes.size()))).ok());
  }
  RawConnection connection = Connect();
  Ask(connection, request);
}

}  // namespace
}  // namespace assay::targets
