#include "agent/loadgen/request.h"

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/http_field.h"
#include "common/http_url.h"
#include "common/status_macros.h"

namespace assay::loadgen {
namespace {

absl::Status Check(const RequestSpec& spec, const std::string& method) {
  if (const absl::Status known = CheckMethod(method); !known.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the method ", known.message()));
  }
  if (const absl::Status path = CheckRequestTarget(spec.path); !path.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", spec.path, "' is not a path: ", path.message()));
  }
  size_t bytes = 0;
  for (const auto& [name, value] : spec.headers) {
    bytes += name.size() + value.size();
    if (!CheckHeaderName(name).ok() || !CheckHeaderValue(value).ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", name, ": ", value, "' is not a header of the form 'Name: value'"));
    }
  }
  const absl::Status size = CheckHeaderSize(static_cast<int>(spec.headers.size()), bytes);
  if (!size.ok()) return absl::InvalidArgumentError(absl::StrCat("headers: ", size.message()));
  return absl::OkStatus();
}

bool Has(const RequestSpec& spec, std::string_view name) {
  return std::any_of(spec.headers.begin(), spec.headers.end(), [&](const auto& header) {
    return absl::EqualsIgnoreCase(header.first, absl::string_view(name.data(), name.size()));
  });
}

// Any `Connection` header's list has the option `close`.
bool SaysClose(const RequestSpec& spec) {
  for (const auto& [name, value] : spec.headers) {
    if (!absl::EqualsIgnoreCase(name, "connection")) continue;
    for (const absl::string_view option : absl::StrSplit(value, ',')) {
      if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(option), "close")) return true;
    }
  }
  return false;
}

// RFC 9110, 9.2.2. Methods are case-sensitive.
bool IsIdempotent(const std::string& method) {
  for (const char* one : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
    if (method == one) return true;
  }
  return false;
}

// The headers for HTTP/2, where the host is part of the request's target.
std::vector<std::pair<std::string, std::string>> Lowered(const RequestSpec& spec,
                                                         std::string& authority) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const auto& [name, value] : spec.headers) {
    if (absl::EqualsIgnoreCase(name, "host")) {
      authority = value;
    } else {
      headers.emplace_back(absl::AsciiStrToLower(name), value);
    }
  }
  return headers;
}

}  // namespace

absl::Status Request::CheckForHttp2() const {
  for (const auto& [name, value] : headers) {
    if (IsHeaderOfHttp2(name)) continue;
    return absl::InvalidArgumentError(absl::StrCat("HTTP/2 has no header '", name, "'"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Request> Request::Build(const RequestSpec& spec, const std::string& authority) {
  std::string method = spec.method;
  if (method.empty()) method = spec.body.has_value() ? "POST" : "GET";
  ASSAY_RETURN_IF_ERROR(Check(spec, method));
  Request request;
  request.bytes = absl::StrCat(method, " ", spec.path, " HTTP/1.1\r\n");
  if (!Has(spec, "host")) absl::StrAppend(&request.bytes, "Host: ", authority, "\r\n");
  for (const auto& [name, value] : spec.headers) {
    absl::StrAppend(&request.bytes, name, ": ", value, "\r\n");
  }
  request.method = method;
  request.path = spec.path;
  request.authority = authority;
  request.headers = Lowered(spec, request.authority);
  // Without it a server could not tell that there is none.
  const bool wants_body = method == "POST" || method == "PUT" || method == "PATCH";
  if ((spec.body.has_value() || wants_body) && !Has(spec, "content-length") &&
      !Has(spec, "transfer-encoding")) {
    const std::string length = absl::StrCat(spec.body.has_value() ? spec.body->size() : 0);
    absl::StrAppend(&request.bytes, "Content-Length: ", length, "\r\n");
    request.headers.emplace_back("content-length", length);
  }
  request.has_body = spec.body.has_value();
  request.body_size = spec.body.has_value() ? spec.body->size() : 0;
  absl::StrAppend(&request.bytes, "\r\n", spec.body.value_or(""));
  request.head = method == "HEAD";
  request.closes = SaysClose(spec);
  request.idempotent = IsIdempotent(method);
  request.expect_status = spec.expect_status;
  request.expect_length = spec.expect_length;
  request.expect_body = spec.expect_body;
  request.expect_sha256 = spec.expect_sha256;
  request.weight = spec.weight;
  return request;
}

}  // namespace assay::loadgen
