#ifndef ASSAY_AGENT_LOADGEN_REQUEST_H_
#define ASSAY_AGENT_LOADGEN_REQUEST_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay::loadgen {

// What to ask, as the user said it.
struct RequestSpec {
  // Empty: GET, or POST where there is a body.
  std::string method;
  std::string path = "/";
  // Sent in this order; they may replace Host, and Content-Length is added where there is a body or the method has one
  // usually (RFC 9110, 8.6).
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> body;
  // 0: any 2xx is right.
  int expect_status = 0;
  std::optional<uint64_t> expect_length;
  std::optional<std::string> expect_body;
  // Of the body, as 32 bytes.
  std::optional<std::string> expect_sha256;
  // Share of this request among those of its list.
  double weight = 1;
};

// A request ready to be sent: built once, sent many times, never copied. Immutable; any thread.
struct Request {
  // Head and body as HTTP/1.1 has them.
  std::string bytes;
  // The head as HTTP/2 has it: names in lower case, without the scheme.
  std::string method;
  std::string path;
  std::string authority;
  std::vector<std::pair<std::string, std::string>> headers;
  size_t body_size = 0;
  bool has_body = false;
  // Its response has no body.
  bool head = false;
  // It says `Connection: close`: it is the last one on its connection (RFC 9112, 9.6).
  bool closes = false;
  // Sending it twice does what sending it once does (RFC 9110, 9.2.2).
  bool idempotent = false;
  int expect_status = 0;
  std::optional<uint64_t> expect_length;
  std::optional<std::string> expect_body;
  std::optional<std::string> expect_sha256;
  double weight = 1;

  std::string_view body() const { return std::string_view(bytes).substr(bytes.size() - body_size); }
  // kInvalidArgument for headers that HTTP/2 has no place for (RFC 9113, 8.2.2).
  absl::Status CheckForHttp2() const;

  // `authority` is the Host header's value. kInvalidArgument for what would not be a request: a
  // path that does not begin with '/', line breaks or blanks where HTTP has none.
  static absl::StatusOr<Request> Build(const RequestSpec& spec, const std::string& authority);
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_REQUEST_H_
