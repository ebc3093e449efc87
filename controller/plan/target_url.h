#ifndef ASSAY_CONTROLLER_PLAN_TARGET_URL_H_
#define ASSAY_CONTROLLER_PLAN_TARGET_URL_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay::controller {

// The URL of a running server.
struct TargetUrl {
  bool tls = false;
  // "HOST:PORT", or "[V6]:PORT".
  std::string address;
};

// Whether `text` is the URL of a server, rather than the name of a target in the catalogue.
bool IsTargetUrl(std::string_view text);

// Parses "http://HOST[:PORT]" or "https://HOST[:PORT]", with or without a final slash, by the grammar of
// common/http_url.h. kInvalidArgument has the URL, without its user name and password, and says what is wrong with it.
absl::StatusOr<TargetUrl> ParseTargetUrl(std::string_view url);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_TARGET_URL_H_
