#ifndef ASSAY_AGENT_LOADGEN_BODY_DIGEST_H_
#define ASSAY_AGENT_LOADGEN_BODY_DIGEST_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "openssl/evp.h"

namespace assay::loadgen {

// The SHA-256 of a body as it comes, piece by piece: a right response that is large is known by 32 bytes.
//
// Threads: one. Cost: about 1 us, and 1 us for each 400 bytes to 2 KB, as the CPU has instructions for it; nothing is
// allocated after the constructor.
class BodyDigest {
 public:
  BodyDigest();

  // Before the first piece of each body.
  void Begin();
  void Add(const char* data, size_t size);
  // After the last: whether it is the one of these 32 bytes. Once a Begin().
  bool Matches(std::string_view sha256);

  // The 32 bytes that 64 hexadecimal digits name, of either case; kInvalidArgument where they do not.
  static absl::StatusOr<std::string> FromHex(std::string_view hex);

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
  bool sound_ = false;  // No call has failed since Begin().
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_BODY_DIGEST_H_
