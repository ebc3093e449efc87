#include "agent/loadgen/body_digest.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace assay::loadgen {
namespace {

constexpr size_t kBytes = 32;

}  // namespace

BodyDigest::BodyDigest() : context_(EVP_MD_CTX_new()) {}

void BodyDigest::Begin() {
  sound_ = context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
}

void BodyDigest::Add(const char* data, size_t size) {
  sound_ = sound_ && EVP_DigestUpdate(context_.get(), data, size) == 1;
}

bool BodyDigest::Matches(std::string_view sha256) {
  unsigned char found[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  return sound_ && EVP_DigestFinal_ex(context_.get(), found, &size) == 1 &&
         sha256 == std::string_view(reinterpret_cast<const char*>(found), size);
}

absl::StatusOr<std::string> BodyDigest::FromHex(std::string_view hex) {
  bool digits = hex.size() == 2 * kBytes;
  for (const char c : hex) digits = digits && absl::ascii_isxdigit(static_cast<unsigned char>(c));
  if (digits) return absl::HexStringToBytes(absl::string_view(hex.data(), hex.size()));
  return absl::InvalidArgumentError(
      absl::StrCat("'", std::string(hex), "' is not a SHA-256 of 64 hexadecimal digits"));
}

}  // namespace assay::loadgen
