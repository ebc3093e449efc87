#include "proto/convert/sample_chunk.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analysis/crc32c.h"

namespace assay {
namespace {

absl::Status Broken(const SampleChunk& chunk, std::string_view reason) {
  return absl::DataLossError(absl::StrCat("sample chunk ", chunk.thread_sequence(),
                                          " of load thread ", chunk.thread(), ": ",
                                          std::string(reason)));
}

}  // namespace

absl::Status CheckChunk(const SampleChunk& chunk) {
  if (chunk.count() == 0 || chunk.count() > kMaxChunkSamples) {
    return Broken(chunk, absl::StrCat("has ", chunk.count(), " samples; 1 to ", kMaxChunkSamples,
                                      " are allowed"));
  }
  const uint32_t actual = Crc32c(chunk.payload());
  if (actual != chunk.crc32c()) {
    return Broken(chunk, absl::StrCat("its ", chunk.payload().size(), " bytes have checksum ",
                                      absl::Hex(actual, absl::kZeroPad8), ", not ",
                                      absl::Hex(chunk.crc32c(), absl::kZeroPad8),
                                      ": they were corrupted in transit or on disk"));
  }
  return absl::OkStatus();
}

absl::Status DecodeChunk(const SampleChunk& chunk, std::vector<Sample>* append_to) {
  if (absl::Status status = CheckChunk(chunk); !status.ok()) return status;
  absl::Status status;
  switch (chunk.codec()) {
    case SampleChunk::BLOCK_PACKED:
      status = DecodeBlocks(chunk.payload(), chunk.count(), chunk.first_send_ns(), append_to);
      break;
    case SampleChunk::PLANES_ZLIB:
      status = DecodePlanes(chunk.payload(), chunk.count(), chunk.first_send_ns(), append_to);
      break;
    default:
      return absl::UnimplementedError(
          absl::StrCat("sample chunk ", chunk.thread_sequence(), " of load thread ", chunk.thread(),
                       " has codec ", static_cast<int>(chunk.codec()),
                       ", which this version cannot read; use the later version that wrote it"));
  }
  if (!status.ok()) {
    return Broken(chunk, absl::StrCat("the checksum matches, but ", status.message(),
                                      ": the version that wrote it has a bug"));
  }
  return absl::OkStatus();
}

absl::StatusOr<SampleChunk> TranscodeForRest(const SampleChunk& chunk) {
  std::vector<Sample> samples;
  if (absl::Status status = DecodeChunk(chunk, &samples); !status.ok()) return status;
  absl::StatusOr<std::string> payload = EncodePlanes(samples, chunk.first_send_ns());
  if (!payload.ok()) return payload.status();
  SampleChunk rest;
  rest.set_thread(chunk.thread());
  rest.set_thread_sequence(chunk.thread_sequence());
  rest.set_first_index(chunk.first_index());
  rest.set_first_send_ns(chunk.first_send_ns());
  rest.set_count(chunk.count());
  rest.set_codec(SampleChunk::PLANES_ZLIB);
  rest.set_crc32c(Crc32c(*payload));
  rest.set_payload(*std::move(payload));
  return rest;
}

}  // namespace assay
