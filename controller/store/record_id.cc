#include "controller/store/record_id.h"

#include <sys/random.h>

#include <cstddef>
#include <cstdlib>

#include "absl/strings/escaping.h"

namespace assay::controller {
namespace {

std::string DrawHex(size_t bytes) {
  std::string drawn(bytes, '\0');
  // A request this small is never cut short. It blocks only until the kernel has randomness, which is before any user
  // logs in.
  if (getrandom(drawn.data(), drawn.size(), 0) != static_cast<ssize_t>(bytes)) std::abort();
  return absl::BytesToHexString(drawn);
}

}  // namespace

std::string DrawCampaignId() { return DrawHex(6); }

std::string DrawExecutionId() { return DrawHex(16); }

}  // namespace assay::controller
