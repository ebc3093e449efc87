// BLOCK_PACKED: the bytes of a block, in order.
//
// clang-format off
//   1 byte    the number of samples minus 1; bit 7 is set if times are completion times
//   varint    the first sample's time minus the base, zigzag
//   column    the difference of each further time to the one before; absent in a block of one sample
//   column    latencies
//   column    outcomes
// clang-format on
//
// packed_column.h describes columns. The layout never changes: a new layout needs a new codec id.
#include "analysis/sample_codec.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "absl/strings/str_cat.h"
#include "analysis/packed_column.h"
#include "analysis/varint.h"

namespace assay {
namespace {

constexpr uint8_t kCompletionTimes = 128;
constexpr size_t kHeaderBytes = 1 + kMaxVarintBytes;
static_assert(kBlockSamples == PackedColumn::kMaxValues);
static_assert(kHeaderBytes + 2 * PackedColumn::kMaxBytes + 128 <= kMaxBlockBytes);

using Column = std::array<uint64_t, kBlockSamples>;

absl::Status BrokenBlock(size_t block, std::string_view reason) {
  return absl::DataLossError(
      absl::StrCat("block ", block, " of the samples ", std::string(reason)));
}

// Reads one block of exactly samples.size() samples; nullptr if the bytes are not such a block.
const uint8_t* ReadBlock(const uint8_t* at, const uint8_t* end, int64_t base_ns,
                         absl::Span<Sample> samples) {
  const size_t count = samples.size();
  if (at == end) return nullptr;
  const bool completion_times = (*at & kCompletionTimes) != 0;
  if ((*at & (kCompletionTimes - 1)) + size_t{1} != count) return nullptr;
  uint64_t first_time;
  at = GetVarint(at + 1, end, &first_time);
  if (at == nullptr) return nullptr;
  uint64_t time = static_cast<uint64_t>(UnZigZag(first_time)) + static_cast<uint64_t>(base_ns);

  Column steps;
  Column latencies;
  Column outcomes;
  steps[0] = 0;
  if (count > 1) {
    at = PackedColumn::Read(at, end, absl::MakeSpan(steps).subspan(1, count - 1));
    if (at == nullptr) return nullptr;
  }
  at = PackedColumn::Read(at, end, absl::MakeSpan(latencies).first(count));
  if (at == nullptr) return nullptr;
  at = PackedColumn::Read(at, end, absl::MakeSpan(outcomes).first(count));
  if (at == nullptr) return nullptr;

  uint64_t any_outcome = 0;
  for (size_t i = 0; i < count; ++i) {
    time += steps[i];
    const uint64_t send = completion_times ? time - latencies[i] : time;
    samples[i] = {.intended_ns = static_cast<int64_t>(send),
                  .latency_ns = static_cast<int64_t>(latencies[i]),
                  .outcome = static_cast<SampleOutcome>(outcomes[i])};
    any_outcome |= outcomes[i];
  }
  // Every number of up to three bits is an outcome, so the OR of all outcomes shows whether one is invalid.
  return any_outcome <= static_cast<uint64_t>(SampleOutcome::kTimeout) ? at : nullptr;
}

}  // namespace

size_t EncodeBlock(absl::Span<const Sample> samples, int64_t base_ns, uint8_t* out) {
  const size_t count = samples.size();
  assert(count >= 1 && count <= kBlockSamples);
  Column send_steps;
  Column completion_steps;
  Column latencies;
  Column outcomes;
  auto send = static_cast<uint64_t>(samples[0].intended_ns);
  uint64_t completion = send + static_cast<uint64_t>(samples[0].latency_ns);
  const uint64_t first_send = send;
  const uint64_t first_completion = completion;
  for (size_t i = 0; i < count; ++i) {
    const auto next_send = static_cast<uint64_t>(samples[i].intended_ns);
    latencies[i] = static_cast<uint64_t>(samples[i].latency_ns);
    outcomes[i] = static_cast<uint64_t>(samples[i].outcome);
    send_steps[i] = next_send - send;
    completion_steps[i] = next_send + latencies[i] - completion;
    send = next_send;
    completion = next_send + latencies[i];
  }

  uint8_t* at = out;
  const auto put_header = [&](bool completion_times, uint64_t first_time) {
    *at++ = static_cast<uint8_t>(count - 1) | (completion_times ? kCompletionTimes : 0);
    at = PutVarint(ZigZag(static_cast<int64_t>(first_time - static_cast<uint64_t>(base_ns))), at);
  };
  if (count == 1) {
    put_header(false, first_send);
  } else {
    const PackedColumn by_send(absl::MakeSpan(send_steps).subspan(1, count - 1));
    const PackedColumn by_completion(absl::MakeSpan(completion_steps).subspan(1, count - 1));
    const bool completion_times = by_completion.bits() < by_send.bits();
    put_header(completion_times, completion_times ? first_completion : first_send);
    at = (completion_times ? by_completion : by_send).Write(at);
  }
  at = PackedColumn(absl::MakeSpan(latencies).first(count)).Write(at);
  at = PackedColumn(absl::MakeSpan(outcomes).first(count)).Write(at);
  return static_cast<size_t>(at - out);
}

absl::Status DecodeBlocks(std::string_view payload, uint32_t count, int64_t base_ns,
                          std::vector<Sample>* append_to) {
  if (count > kMaxChunkSamples) {
    return absl::DataLossError(
        absl::StrCat("a chunk of ", count, " samples; at most ", kMaxChunkSamples, " are allowed"));
  }
  const auto* at = reinterpret_cast<const uint8_t*>(payload.data());
  const uint8_t* const end = at + payload.size();
  const size_t before = append_to->size();
  append_to->resize(before + count);
  absl::Span<Sample> left = absl::MakeSpan(*append_to).subspan(before);
  for (size_t block = 0; !left.empty(); ++block) {
    const absl::Span<Sample> samples = left.first(std::min<size_t>(left.size(), kBlockSamples));
    at = ReadBlock(at, end, base_ns, samples);
    if (at == nullptr) {
      append_to->resize(before);
      return BrokenBlock(block, absl::StrCat("does not contain ", samples.size(), " samples"));
    }
    left.remove_prefix(samples.size());
  }
  if (at != end) {
    append_to->resize(before);
    return absl::DataLossError(
        absl::StrCat(end - at, " bytes follow the last of ", count, " samples"));
  }
  return absl::OkStatus();
}

}  // namespace assay
