#include "controller/plan/target_url.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/http_url.h"

namespace assay::controller {
namespace {

absl::Status Malformed(std::string_view url, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", WithoutUserinfo(url), "\": ", why,
                   "; expected http://HOST:PORT, such as http://127.0.0.1:8080"));
}

}  // namespace

bool IsTargetUrl(std::string_view text) { return HasScheme(text); }

absl::StatusOr<TargetUrl> ParseTargetUrl(std::string_view url) {
  const absl::StatusOr<HttpUrl> parsed = ParseHttpUrl(url);
  if (!parsed.ok()) return Malformed(url, parsed.status().message());
  if (!parsed->path.empty() && parsed->path != "/") {
    return Malformed(url, "it has a path or a query; move it to the path of the workload");
  }
  return TargetUrl{parsed->tls, parsed->HostAndPort()};
}

}  // namespace assay::controller
