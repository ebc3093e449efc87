#ifndef ASSAY_CONTROLLER_PLAN_TARGET_URL_H_
#define ASSAY_CONTROLLER_PLAN_TARGET_URL_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay::controller {

// A server that runs already.
struct TargetUrl {
  bool tls = false;
  // "HOST:PORT", or "[V6]:PORT".
  std::string address;
};

// Whether a word names a server by its URL, rather than by its name in the catalogue.
bool IsTargetUrl(std::string_view word);

// Of "http://HOST[:PORT]" or "https://HOST[:PORT]", a slash behind it or not, by the grammar of common/http_url.h.
// kInvalidArgument, with the URL, but for its password, and what is wrong with it.
absl::StatusOr<TargetUrl> ParseTargetUrl(std::string_view url);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_TARGET_URL_H_
