// The zlib endpoints on arbitrary bodies: a compressed body inflates to the original, an invalid stream is refused, and
// every request leaves the streams usable for the next.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analysis/fuzz_driver.h"
#include "server/endpoints/zlib_endpoint.h"
#include "server/net/http_message.h"

namespace assay::server {
namespace {

constexpr size_t kMaxOutput = 1 << 14;

struct Result {
  int status;
  std::string body;
};

Result Compress(ZlibEndpoint& endpoint, std::string_view body, int level) {
  HttpResponse response;
  const std::string query = absl::StrCat("level=", level);
  endpoint.Compress(
      {.method = HttpMethod::kPost, .path = {}, .query = query, .body = body, .headers = {}},
      response);
  return {response.status, std::string(response.body)};
}

Result Decompress(ZlibEndpoint& endpoint, std::string_view body) {
  HttpResponse response;
  endpoint.Decompress(
      {.method = HttpMethod::kPost, .path = {}, .query = {}, .body = body, .headers = {}},
      response);
  return {response.status, std::string(response.body)};
}

}  // namespace

std::vector<std::string> Seeds() {
  ZlibEndpoint endpoint(kMaxOutput);
  std::vector<std::string> seeds;
  for (const int level : {0, 1, 6, 9}) {
    for (const std::string& body :
         {std::string(), std::string("hello, hello, hello"), std::string(2 * kMaxOutput, 'z')}) {
      seeds.push_back(static_cast<char>(level) + Compress(endpoint, body, level).body);
    }
  }
  return seeds;
}

}  // namespace assay::server

std::vector<std::string> assay::FuzzSeeds() { return server::Seeds(); }

// The first byte chooses the level.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static assay::server::ZlibEndpoint endpoint(assay::server::kMaxOutput);
  const int level = data[0] % 10;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);

  const assay::server::Result inflated = assay::server::Decompress(endpoint, body);
  if (inflated.status != 200 && inflated.status != 400 && inflated.status != 413) std::abort();
  if (inflated.status == 200 && inflated.body.size() > assay::server::kMaxOutput) std::abort();

  const assay::server::Result packed = assay::server::Compress(endpoint, body, level);
  if (packed.status != 200) std::abort();
  const assay::server::Result unpacked = assay::server::Decompress(endpoint, packed.body);
  const bool fits = body.size() <= assay::server::kMaxOutput;
  if (unpacked.status != (fits ? 200 : 413)) std::abort();
  if (fits && unpacked.body != body) std::abort();
  return 0;
}
