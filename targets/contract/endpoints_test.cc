// The responses of each endpoint, over every target of the catalogue.

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/verify/endpoint_contract.h"
#include "agent/verify/endpoint_work.h"
#include "gtest/gtest.h"
#include "targets/contract/contract_fixture.h"

namespace assay::targets {
namespace {

// The targets that this build makes must be installed; otherwise all tests would be skipped and pass. With
// ASSAY_REQUIRE_ALL_TARGETS=1, as in continuous integration, the other targets must be installed too.
TEST(OwnCatalogueTest, RequiredTargetsAreInstalled) {
  const char* const all = std::getenv("ASSAY_REQUIRE_ALL_TARGETS");
  std::vector<std::string> names = {"epoll", "libmicrohttpd"};
  if (all != nullptr && std::string_view(all) == "1") names = ContractTargets();
  for (const std::string& name : names) {
    const auto target = BoxCatalogue().Find(name);
    ASSERT_TRUE(target.ok()) << target.status();
    const auto program = BoxCatalogue().Program(**target);
    EXPECT_TRUE(program.ok()) << program.status();
  }
}

TEST_P(ContractTest, EveryEndpointServesItsExample) {
  RawConnection connection = Connect();
  for (const agent::ContractRequest& request : std::vector<agent::ContractRequest>{
           {"GET", "/plaintext", "", ""},
           {"GET", "/json", "", ""},
           {"GET", "/healthz", "", ""},
           {"GET", "/cpu?n=10000", "", ""},
           {"POST", "/echo", "hello", "text/x-own; charset=utf-8"},
           {"POST", "/json", R"({"items":[{"id":1,"name":"a","price":250,"qty":2}]})",
            "application/json"},
           {"POST", "/zlib/compress", "hello hello hello", "text/plain"},
           {"POST", "/zlib/decompress", agent::Deflate("hello hello hello", 9), ""},
       }) {
    if (Serves(request.method, request.target)) Ask(connection, request);
  }
}

TEST_P(ContractTest, EchoesBodiesOfEverySize) {
  if (!Serves("POST", "/echo")) GTEST_SKIP() << "the target does not serve this";
  RawConnection connection = Connect();
  for (const size_t size : {0, 1, 2, 100, 1023, 1024, 4095, 4096, 4097, 16383, 16384, 16385, 65535,
                            65536, 65537, 1 << 20}) {
    Ask(connection, {"POST", "/echo", random().Bytes(size), "application/x-random"});
  }
}

TEST_P(ContractTest, AcceptsBodiesUpToTheLimit) {
  std::string order = R"({"items":[{"id":1,"name":"a","price":250,"qty":2}]})";
  order.resize(agent::kContractBodyLimit, ' ');
  std::vector<agent::ContractRequest> requests = {
      {"POST", "/echo", random().Bytes(agent::kContractBodyLimit), "a/b"},
      {"POST", "/json", order, "application/json"},
      // The fastest level: this test is about the size.
      {"POST", "/zlib/compress?level=1", random().Words(agent::kContractBodyLimit), ""},
      // Not a zlib stream, which the server detects only after receiving the body.
      {"POST", "/zlib/decompress", std::string(agent::kContractBodyLimit, 'a'), ""}};
  bool asked = false;
  for (agent::ContractRequest& request : requests) {
    if (!Serves("POST", request.target)) continue;
    asked = true;
    SCOPED_TRACE(request.target);
    RawConnection connection = Connect();
    ASSERT_EQ(request.body.size(), agent::kContractBodyLimit);
    Ask(connection, request);
    request.body.push_back(' ');
    ASSERT_TRUE(connection.Send(Encode(request)).ok());
    const auto response = connection.Read();
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, 413);
  }
  if (!asked) GTEST_SKIP() << "serves no POST";
  // The target continues to serve other connections.
  RawConnection next = Connect();
  Ask(next, {"GET", "/healthz", "", ""});
}

TEST_P(ContractTest, ComputesRandomOrders) {
  if (!Serves("POST", "/json")) GTEST_SKIP() << "the target does not serve this";
  RawConnection connection = Connect();
  for (int i = 0; i < 100; ++i) {
    Ask(connection, {"POST", "/json", random().Order(i % 10), "application/json"});
  }
  for (const int items : {100, 1000, 10000}) {
    Ask(connection, {"POST", "/json", random().Order(items), "application/json"});
  }
}

// The limits of 64 bits, and invalid JSON.
TEST_P(ContractTest, RefusesOrdersThatCannotBeComputed) {
  if (!Serves("POST", "/json")) GTEST_SKIP() << "the target does not serve this";
  RawConnection connection = Connect();
  const auto item = [](const std::string& id, const std::string& name, const std::string& price,
                       const std::string& quantity) {
    return absl::StrCat("{\"id\":", id, ",\"name\":", name, ",\"price\":", price,
                        ",\"qty\":", quantity, "}");
  };
  const std::string good = item("1", "\"a\"", "2", "3");
  std::vector<std::string> bodies = {"",
                                     " ",
                                     "null",
                                     "[]",
                                     "{}",
                                     "{\"items\":null}",
                                     "1",
                                     "\"",
                                     "{",
                                     "{\"a\"}",
                                     "{\"a\":}",
                                     "{\"items\":{}}",
                                     "{\"items\":[1]}",
                                     "{\"items\":[]}x",
                                     "{\"items\":[]}{}",
                                     "{'items':[]}",
                                     "{\"items\":[],}",
                                     "{\"items\":[],\"a\":01}",
                                     "{\"items\":[],\"a\":tru}",
                                     "{\"items\":[],\"a\":\"\x01\"}",
                                     "{\"items\":[],\"a\":\"\\x\"}",
                                     "{\"Items\":[]}"};
  for (const std::string& bad :
       {item("1.0", "\"a\"", "2", "3"),
        item("1e2", "\"a\"", "2", "3"),
        item("\"1\"", "\"a\"", "2", "3"),
        item("null", "\"a\"", "2", "3"),
        item("9223372036854775808", "\"a\"", "2", "3"),
        item("-9223372036854775809", "\"a\"", "2", "3"),
        item("99999999999999999999999", "\"a\"", "2", "3"),
        item("1", "7", "2", "3"),
        item("1", "\"\xff\"", "2", "3"),
        item("1", "\"\\ud800\"", "2", "3"),
        item("1", "\"\xed\xa0\x80\"", "2", "3"),
        item("1", "\"\xc0\xaf\"", "2", "3"),
        item("1", "\"a\"", "9223372036854775807", "2"),
        item("1", "\"a\"", "-9223372036854775808", "-1"),
        item("1", "\"a\"", "true", "3"),
        std::string(R"({"id":1,"name":"a","price":2})"),
        std::string(R"({"id":1,"id":"x"})"),
        std::string("{}"),
        std::string("null"),
        absl::StrCat(item("1", "\"a\"", "9223372036854775807", "1"), ",", good)}) {
    bodies.push_back(absl::StrCat("{\"items\":[", bad, "]}"));
    bodies.push_back(absl::StrCat("{\"items\":[", good, ",", bad, ",", good, "]}"));
  }
  for (const std::string& body : bodies) {
    const agent::ContractRequest request{"POST", "/json", body, "application/json"};
    ASSERT_EQ(agent::ContractResponse(request)->status, 400) << body;
    SCOPED_TRACE(body);
    Ask(connection, request);
  }
}

TEST_P(ContractTest, ComputesOrdersAtTheEndsOfSixtyFourBits) {
  if (!Serves("POST", "/json")) GTEST_SKIP() << "the target does not serve this";
  RawConnection connection = Connect();
  static constexpr const char* kTwoItems =
      R"({"id":1,"name":"a","price":9223372036854775807,"qty":1},)"
      R"({"id":2,"name":"b","price":-9223372036854775807,"qty":1})";
  for (const char* items :
       {R"({"id":9223372036854775807,"name":"","price":9223372036854775807,"qty":1})",
        R"({"id":-9223372036854775808,"name":"","price":-9223372036854775808,"qty":1})",
        R"({"id":9007199254740993,"name":"a","price":-4611686018427387904,"qty":2})", kTwoItems,
        R"({"id":0,"name":"a\u0000b","price":0,"qty":9223372036854775807})"}) {
    const agent::ContractRequest request{"POST", "/json", absl::StrCat("{\"items\":[", items, "]}"),
                                         ""};
    ASSERT_EQ(agent::ContractResponse(request)->status, 200) << items;
    Ask(connection, request);
  }
}

TEST_P(ContractTest, CompressesAtEveryLevel) {
  if (!Serves("POST", "/zlib/compress")) GTEST_SKIP() << "the target does not serve this";
  RawConnection connection = Connect();
  for (int level = 0; level <= 9; ++level) {
    const std::string target = absl::StrCat("/zlib/compress?level=", level);
    Ask(connection, {"POST", target, random().Words(random().Number(0, 100000)), "text/plain"});
    Ask(connection, {"POST", target, random().Bytes(random().Number(0, 100000)), "a/b"});
  }
  for (const size_t size : {0, 1, 1 << 20}) {
    Ask(connection, {"POST", "/zlib/compress", random().Words(size), ""});
  }
  for (const char* level : {"10", "-1", "x", "", "6x"}) {
    Ask(connection, {"POST", absl::StrCat("/zlib/compress?level=", level), "body", ""});
  }
}

// A level must have an effect: the sizes differ as zlib's do.
TEST_P(ContractTest, UsesTheRequestedCompressionLevel) {
  if (!Serves("POST", "/zlib/compress")) GTEST_SKIP() << "the target does not serve this";
  RawConnection connection = Connect();
  const std::string body = random().Words(200000);
  std::vector<size_t> sizes;
  for (const int level : {0, 1, 9}) {
    ASSERT_TRUE(
        connection.Send(Encode({"POST", absl::StrCat("/zlib/compress?level=", level), body, ""}))
            .ok());
    const auto response = connection.Read();
    ASSERT_TRUE(response.ok()) << response.status();
    sizes.push_back(response->body.size());
  }
  EXPECT_GT(sizes[0], body.size());
  EXPECT_GT(sizes[0], sizes[1]);
  EXPECT_GT(sizes[1], sizes[2]);
}

TEST_P(ContractTest, DecompressesCompleteStreamsAndRefusesOthers) {
  if (!Serves("POST", "/zlib/decompress")) GTEST_SKIP() << "the target does not serve this";
  RawConnection connection = Connect();
  for (int i = 0; i < 20; ++i) {
    const std::string packed =
        agent::Deflate(i % 2 == 0 ? random().Words(random().Number(0, 300000))
                                  : random().Bytes(random().Number(0, 300000)),
                       i % 10);
    Ask(connection, {"POST", "/zlib/decompress", packed, ""});
    std::string broken = packed;
    switch (i % 4) {
      case 0:
        broken.resize(random().Number(0, packed.size() - 1));
        break;
      case 1:
        // The checksum at the end.
        broken.back() = static_cast<char>(broken.back() ^ 1);
        break;
      case 2:
        broken += "x";
        break;
      default:
        broken[0] = 0x1f;
    }
    Ask(connection, {"POST", "/zlib/decompress", broken, ""});
  }
  Ask(connection, {"POST", "/zlib/decompress", "", ""});
}

TEST_P(ContractTest, InflatesUpToTheLimit) {
  if (!Serves("POST", "/zlib/decompress")) GTEST_SKIP() << "the target does not serve this";
  for (const int beyond : {-1, 0, 1, 100, 64 << 20}) {
    RawConnection connection = Connect();
    Ask(connection, {"POST", "/zlib/decompress",
                     agent::Deflate(std::string(agent::kContractBodyLimit + beyond, 'a'), 9), ""});
  }
}

TEST_P(ContractTest, FindsTheLongestChain) {
  if (!Serves("GET", "/cpu")) GTEST_SKIP() << "the target does not serve this";
  RawConnection connection = Connect();
  for (const char* n : {"2", "3", "4", "10", "97", "100000"}) {
    Ask(connection, {"GET", absl::StrCat("/cpu?n=", n), "", ""});
  }
  for (int i = 0; i < 20; ++i) {
    Ask(connection, {"GET", absl::StrCat("/cpu?n=", random().Number(2, 30000)), "", ""});
  }
  for (const char* query : {"", "?", "?n", "?n=", "?n=0", "?n=1", "?n=-2", "?n=10000001", "?n=2x",
                            "?n=x", "?n=2.5", "?m=2", "?n=18446744073709551618"}) {
    Ask(connection, {"GET", absl::StrCat("/cpu", query), "", ""});
  }
  Ask(connection, {"GET", "/cpu?a=b&n=7&c=d", "", ""});
}

TEST_P(ContractTest, RefusesOtherMethodsAndNamesTheAllowedOnes) {
  for (const char* path : {"/plaintext", "/json", "/echo", "/healthz", "/cpu?n=10",
                           "/zlib/compress", "/zlib/decompress"}) {
    for (const char* method : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
      if (!Knows(path) || !Serves(method, path)) continue;
      // On separate connections: after an unknown method a server may close.
      RawConnection connection = Connect();
      Ask(connection, {method, path, "", ""});
    }
  }
}

TEST_P(ContractTest, DoesNotFindOtherPaths) {
  for (const char* path : {"/", "/nothing", "/jsonx", "/json/", "/JSON", "/zlib", "/echo/x"}) {
    RawConnection connection = Connect();
    Ask(connection, {"GET", path, "", ""});
  }
}

TEST_P(ContractTest, AQueryDoesNotChangeThePath) {
  RawConnection connection = Connect();
  Ask(connection, {"GET", "/plaintext?a=b&c", "", ""});
  Ask(connection, {"GET", "/json?", "", ""});
}

TEST_P(ContractTest, RespondsToHeadAsToGetWithoutTheBody) {
  RawConnection connection = Connect();
  for (const char* path : {"/plaintext", "/json", "/healthz", "/cpu?n=100"}) {
    if (!Serves("GET", path)) continue;
    ASSERT_TRUE(connection.Send(Encode({"HEAD", path, "", ""})).ok());
    const auto head = connection.Read(/*head=*/true);
    ASSERT_TRUE(head.ok()) << head.status();
    ASSERT_TRUE(connection.Send(Encode({"GET", path, "", ""})).ok());
    const auto get = connection.Read();
    ASSERT_TRUE(get.ok()) << get.status();
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->Header("content-length"), get->Header("content-length"));
    EXPECT_EQ(head->Header("content-type"), get->Header("content-type"));
  }
}

}  // namespace
}  // namespace assay::targets
