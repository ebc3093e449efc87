#include "proto/convert/profile_chunk.h"

#include <zlib.h>

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay {
namespace {

Bytef* Bytes(std::string& text) { return reinterpret_cast<Bytef*>(text.data()); }
const Bytef* Bytes(const std::string& text) { return reinterpret_cast<const Bytef*>(text.data()); }

absl::Status Broken(const ProfileChunk& chunk, const std::string& why) {
  return absl::DataLossError(absl::StrCat("a profile's chunk ", chunk.sequence(), " ", why));
}

}  // namespace

ProfileChunk Deflated(const ProfileChunk& chunk) {
  const std::string plain = chunk.SerializeAsString();
  std::string deflated(compressBound(plain.size()), '\0');
  uLongf size = deflated.size();
  // Only without memory does it fail; as it is the chunk says the same.
  if (compress2(Bytes(deflated), &size, Bytes(plain), plain.size(), Z_BEST_COMPRESSION) != Z_OK) {
    return chunk;
  }
  deflated.resize(size);
  ProfileChunk packed;
  packed.set_sequence(chunk.sequence());
  packed.set_deflated(std::move(deflated));
  packed.set_inflated_bytes(static_cast<uint32_t>(plain.size()));
  return packed;
}

absl::StatusOr<ProfileChunk> Inflated(const ProfileChunk& chunk) {
  if (chunk.deflated().empty()) return chunk;
  if (chunk.inflated_bytes() > kMaxInflatedChunk) {
    return Broken(chunk, absl::StrCat("says that it holds ", chunk.inflated_bytes(), " bytes; ",
                                      kMaxInflatedChunk, " are possible"));
  }
  std::string plain(chunk.inflated_bytes(), '\0');
  uLongf size = plain.size();
  const int result =
      uncompress(Bytes(plain), &size, Bytes(chunk.deflated()), chunk.deflated().size());
  if (result != Z_OK || size != plain.size()) {
    return Broken(chunk, absl::StrCat("does not inflate to its ", chunk.inflated_bytes(),
                                      " bytes: ", zError(result)));
  }
  ProfileChunk inflated;
  if (!inflated.ParseFromString(plain) || inflated.sequence() != chunk.sequence()) {
    return Broken(chunk, "inflates to something else");
  }
  return inflated;
}

}  // namespace assay
