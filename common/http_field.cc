#include "common/http_field.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace assay {
namespace {

// The longest registered method has 17 bytes.
constexpr size_t kMostMethodBytes = 100;

}  // namespace

bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           kMarks.find(c) != std::string_view::npos;
  });
}

absl::Status CheckMethod(std::string_view method) {
  if (method.size() > kMostMethodBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("is ", method.size(), " bytes long; at most ", kMostMethodBytes));
  }
  if (!IsToken(method)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", std::string(method), "\" is not a method such as GET or POST"));
  }
  if (method == "CONNECT") {
    return absl::InvalidArgumentError("CONNECT opens a tunnel, which has no response to measure");
  }
  return absl::OkStatus();
}

absl::Status CheckHeaderName(std::string_view name) {
  if (IsToken(name)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(name),
                   "\" is not a header name; use only letters, digits and !#$%&'*+-.^_`|~"));
}

absl::Status CheckHeaderValue(std::string_view value) {
  const bool broken = std::any_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
  });
  if (!broken) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "has a line break or another control character, which would end the header early");
}

absl::Status CheckHeaderSize(int headers, size_t bytes) {
  if (headers > kMostHeaders) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are ", headers, "; at most ", kMostHeaders));
  }
  if (bytes > kMostHeaderBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("their names and values have ", bytes, " bytes; at most ", kMostHeaderBytes));
  }
  return absl::OkStatus();
}

bool IsHeaderOfHttp2(std::string_view name) {
  const absl::string_view one(name.data(), name.size());
  for (const char* alien :
       {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}) {
    if (absl::EqualsIgnoreCase(one, alien)) return false;
  }
  return true;
}

}  // namespace assay
