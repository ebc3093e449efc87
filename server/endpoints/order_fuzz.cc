// Bodies of POST /json: both readers accept the same bodies and make the same response, which is valid JSON.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/fuzz_driver.h"
#include "nlohmann/json.hpp"
#include "server/endpoints/order_reader.h"
#include "server/endpoints/order_sax.h"
#include "server/endpoints/order_totals.h"
#include "server/net/http_message.h"

namespace assay::server {

std::vector<std::string> Seeds() {
  return {
      R"({"items":[{"id":1,"name":"a","price":250,"qty":2},{"id":-2,"name":"b","price":0,"qty":9}]})",
      R"({"items":[{"id":1,"name":"\u00e4\ud83d\ude00\n\"\\\/","price":-0,"qty":1}],"x":[{"y":1.5e3}]})",
      R"( {"items" : 7 , "items":[{"id":"x","id":3,"name":null,"name":"c","price":1,"qty":1} ] } )",
      R"({"items":[{"id":9223372036854775807,"name":"","price":9223372036854775807,"qty":1}]})",
      R"({"items":[{"id":1,"name":"a","price":9223372036854775807,"qty":2}]})",
      R"({"items":[{"id":1,"name":"a","price":99999999999999999999,"qty":2}],"b":true,"n":null})",
      R"({"x":{"items":[[[]]]},"items":[]})",
      "\xef\xbb\xbf{\"items\":[]}",
      "{\"items\":[{\"name\":\"\xc3\xa4\xff\"}]}"};
}

}  // namespace assay::server

std::vector<std::string> assay::FuzzSeeds() { return server::Seeds(); }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // As in a connection's buffer, more bytes follow the body.
  std::string memory(reinterpret_cast<const char*>(data), size);
  memory.append(assay::server::HttpRequest::kReadableBehindBody, '}');
  const std::string_view body = std::string_view(memory).substr(0, size);

  static assay::server::OrderReader reader;  // Reused, as in the server.
  static assay::server::OrderTotals by_reader;
  static assay::server::OrderTotals by_sax;
  const std::string error = reader.Read(body, by_reader);
  if (error != assay::server::ReadOrderBySax(body, by_sax)) std::abort();
  if (!error.empty()) return 0;
  const std::string_view response = by_reader.End();
  if (response != by_sax.End()) std::abort();
  if (nlohmann::json::parse(response, nullptr, false).is_discarded()) std::abort();
  return 0;
}
