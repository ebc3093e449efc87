#include "server/endpoints/collatz.h"

#include <optional>

#include "server/endpoints/json_text.h"
#include "server/endpoints/query.h"

namespace assay::server {

CollatzChain LongestCollatzChain(int64_t n) {
  CollatzChain longest{.start = 1, .steps = 0};
  for (int64_t start = 2; start < n; ++start) {
    // The highest value of a chain that starts below 10,000,000 is 60,342,610,919,632.
    auto value = static_cast<uint64_t>(start);
    int64_t steps = 0;
    while (value != 1) {
      value = (value & 1) != 0 ? 3 * value + 1 : value >> 1;
      ++steps;
    }
    if (steps > longest.steps) longest = {.start = start, .steps = steps};
  }
  return longest;
}

void CollatzEndpoint::Respond(const HttpRequest& request, HttpResponse& response) {
  response.content_type = "application/json";
  const std::optional<int64_t> n =
      NumberParameter(request.query, "n", std::nullopt, 2, kMaxCollatz);
  if (!n.has_value()) {
    response.status = 400;
    response.body = R"({"error":"n must be a number from 2 to 10000000"})";
    return;
  }
  const CollatzChain chain = LongestCollatzChain(*n);
  text_.assign("{\"n\":");
  AppendJsonNumber(*n, text_);
  text_.append(",\"start\":");
  AppendJsonNumber(chain.start, text_);
  text_.append(",\"steps\":");
  AppendJsonNumber(chain.steps, text_);
  text_.push_back('}');
  response.body = text_;
}

}  // namespace assay::server
