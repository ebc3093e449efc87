#ifndef ASSAY_AGENT_LOADGEN_REQUEST_H_
#define ASSAY_AGENT_LOADGEN_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::loadgen {

// What to ask, as the user said it.
struct RequestSpec {
  // Empty: GET, or POST where there is a body.
  std::string method;
  std::string path = "/";
  // Sent in this order; they may replace Host, and Content-Length is added where there is a body.
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> body;
  // 0: any 2xx is right.
  int expect_status = 0;
  std::optional<uint64_t> expect_length;
  std::optional<std::string> expect_body;
  // Share of this request among those of its list.
  double weight = 1;
};

// A request ready to be sent over HTTP/1.1: built once, sent many times, never copied. Immutable;
// any thread.
struct Request {
  // Head and body.
  std::string bytes;
  // Its answer has no body.
  bool head = false;
  int expect_status = 0;
  std::optional<uint64_t> expect_length;
  std::optional<std::string> expect_body;
  double weight = 1;

  // `authority` is the Host header's value. kInvalidArgument for what would not be a request: a
  // path that does not begin with '/', line breaks or blanks where HTTP has none.
  static absl::StatusOr<Request> Build(const RequestSpec& spec, const std::string& authority);
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_REQUEST_H_
