#include "proto/convert/profile_chunk.h"

#include <zlib.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proto/text/valid_text.h"

namespace assay {
namespace {

Bytef* Bytes(std::string& text) { return reinterpret_cast<Bytef*>(text.data()); }
const Bytef* Bytes(const std::string& text) { return reinterpret_cast<const Bytef*>(text.data()); }

// Splits the chunk by kind of content. The concatenated sections are the chunk.
std::vector<std::string> Parts(const ProfileChunk& chunk) {
  ProfileChunk columns = chunk;
  std::vector<ProfileChunk> parts(4);
  parts[0].mutable_strings()->Swap(columns.mutable_strings());
  parts[1].mutable_mappings()->Swap(columns.mutable_mappings());
  parts[1].mutable_frames()->Swap(columns.mutable_frames());
  parts[2].mutable_stacks()->Swap(columns.mutable_stacks());
  parts[3].mutable_sample_stack()->Swap(columns.mutable_sample_stack());
  parts.push_back(std::move(columns));
  std::vector<std::string> bytes;
  for (const ProfileChunk& part : parts) {
    if (part.ByteSizeLong() > 0) bytes.push_back(SerializeValidText(part));
  }
  return bytes;
}

// Compresses each section as a zlib block of its own, since each has other frequent bytes; all share the window.
// Returns an empty string if memory runs out.
std::string DeflatedParts(std::vector<std::string> parts) {
  constexpr int kLargestWindow = 15;
  // The most bytes of a block beyond its data, including pending bits.
  constexpr size_t kBlockBytes = 64;
  z_stream stream = {};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kLargestWindow, MAX_MEM_LEVEL,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return "";
  }
  size_t size = 0;
  for (const std::string& part : parts) size += part.size() + kBlockBytes;
  std::string deflated(deflateBound(&stream, size), '\0');
  stream.next_out = Bytes(deflated);
  stream.avail_out = static_cast<uInt>(deflated.size());
  for (std::string& part : parts) {
    stream.next_in = Bytes(part);
    stream.avail_in = static_cast<uInt>(part.size());
    deflate(&stream, Z_BLOCK);
  }
  const int ended = deflate(&stream, Z_FINISH);
  deflated.resize(stream.total_out);
  deflateEnd(&stream);
  return ended == Z_STREAM_END ? deflated : "";
}

absl::Status Broken(const ProfileChunk& chunk, const std::string& why) {
  return absl::DataLossError(absl::StrCat("a profile's chunk ", chunk.sequence(), " ", why));
}

}  // namespace

ProfileChunk Deflated(const ProfileChunk& chunk) {
  std::vector<std::string> parts = Parts(chunk);
  size_t size = 0;
  for (const std::string& part : parts) size += part.size();
  std::string deflated = DeflatedParts(std::move(parts));
  // Compression does not help: keep the chunk uncompressed.
  if (deflated.empty()) return chunk;
  ProfileChunk packed;
  packed.set_sequence(chunk.sequence());
  packed.set_deflated(std::move(deflated));
  packed.set_inflated_bytes(static_cast<uint32_t>(size));
  return packed;
}

absl::StatusOr<ProfileChunk> Inflated(const ProfileChunk& chunk) {
  if (chunk.deflated().empty()) return chunk;
  if (chunk.inflated_bytes() > kMaxInflatedChunk) {
    return Broken(chunk, absl::StrCat("declares an inflated size of ", chunk.inflated_bytes(),
                                      " bytes; ", kMaxInflatedChunk, " are allowed"));
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
  if (!ParseMendingText(plain, &inflated) || inflated.sequence() != chunk.sequence()) {
    return Broken(chunk, "inflates to other contents than declared");
  }
  return inflated;
}

}  // namespace assay
