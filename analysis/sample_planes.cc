// PLANES_ZLIB: the bytes of a payload, in order. A payload without samples is empty.
//
// clang-format off
//   1 byte    1 if times are completion times, 0 if they are send times
//   varint    the first sample's time minus the base, zigzag
//   column    the difference of each further time to the one before; absent with one sample
//   column    latencies
//   column    outcomes
// clang-format on
//
// A column is the smallest value as a zigzag varint, the number of byte planes (0 to 8), and the planes of the values
// minus the smallest, lowest plane first. A plane begins with one byte for its encoding: 0, followed by one byte per
// value; or 1, followed by a varint of the length and a raw deflate stream of these bytes. The low planes are noise,
// which deflate does not compress; the high planes hardly change. Each plane gets the encoding that suits it.
//
// The layout never changes: a new layout needs a new codec id.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "analysis/sample_codec.h"
#include "analysis/varint.h"

namespace assay {
namespace {

constexpr auto kLargestOutcome = static_cast<uint64_t>(SampleOutcome::kTimeout);
constexpr uint8_t kPlain = 0;
constexpr uint8_t kDeflated = 1;
// Planes of at least this entropy, in bits per byte, are not deflated.
constexpr double kNoise = 7.7;
// Planes of at most this entropy are mostly runs.
constexpr double kRuns = 1;

void AppendVarint(uint64_t value, std::string* out) {
  std::array<uint8_t, kMaxVarintBytes> bytes;
  const uint8_t* end = PutVarint(value, bytes.data());
  out->append(reinterpret_cast<const char*>(bytes.data()), end - bytes.data());
}

double EntropyBits(const std::vector<uint8_t>& plane) {
  // Four tables, so that a run of one value does not wait for its own counter.
  std::array<std::array<uint32_t, 256>, 4> counts{};
  for (size_t i = 0; i < plane.size(); ++i) ++counts[i % 4][plane[i]];
  const auto total = static_cast<double>(plane.size());
  double bits = 0;
  for (size_t byte = 0; byte < 256; ++byte) {
    const uint32_t count = counts[0][byte] + counts[1][byte] + counts[2][byte] + counts[3][byte];
    if (count > 0) bits -= count * std::log2(count / total);
  }
  return bits / total;
}

// One zlib stream, reused for each plane.
class Deflater {
 public:
  Deflater() {
    usable_ = deflateInit2(&stream_, 1, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_RLE) == Z_OK;
  }
  ~Deflater() {
    if (usable_) deflateEnd(&stream_);
  }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  // A plane contains only runs and symbols for Huffman codes. A longer search costs time and finds nothing.
  absl::Status Deflate(int strategy, std::vector<uint8_t>* plane, std::string* out) {
    if (!usable_ || deflateReset(&stream_) != Z_OK ||
        deflateParams(&stream_, 1, strategy) != Z_OK) {
      return absl::InternalError("zlib cannot deflate samples: out of memory?");
    }
    std::string deflated(deflateBound(&stream_, plane->size()), '\0');
    stream_.next_in = plane->data();
    stream_.avail_in = static_cast<uInt>(plane->size());
    stream_.next_out = reinterpret_cast<Bytef*>(deflated.data());
    stream_.avail_out = static_cast<uInt>(deflated.size());
    if (deflate(&stream_, Z_FINISH) != Z_STREAM_END) {
      return absl::InternalError("zlib did not finish deflating samples");
    }
    deflated.resize(deflated.size() - stream_.avail_out);
    AppendVarint(deflated.size(), out);
    out->append(deflated);
    return absl::OkStatus();
  }

 private:
  z_stream stream_{};
  bool usable_;
};

class Inflater {
 public:
  Inflater() { usable_ = inflateInit2(&stream_, -MAX_WBITS) == Z_OK; }
  ~Inflater() {
    if (usable_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Whether [at, at + bytes) inflates to exactly the plane's size.
  bool Inflate(const uint8_t* at, size_t bytes, std::vector<uint8_t>* plane) {
    if (!usable_ || inflateReset(&stream_) != Z_OK) return false;
    // zlib does not write to its input, but its type is not const.
    stream_.next_in = const_cast<Bytef*>(at);
    stream_.avail_in = static_cast<uInt>(bytes);
    stream_.next_out = plane->data();
    stream_.avail_out = static_cast<uInt>(plane->size());
    return inflate(&stream_, Z_FINISH) == Z_STREAM_END && stream_.avail_out == 0 &&
           stream_.avail_in == 0;
  }

 private:
  z_stream stream_{};
  bool usable_;
};

// Appends the column of value_at(0) ... value_at(count - 1). It calls value_at again for each plane, because this is
// cheap and a copy of the columns would be larger than the output.
template <typename ValueAt>
absl::Status AppendColumn(size_t count, ValueAt value_at, Deflater* deflater, std::string* out) {
  int64_t smallest = INT64_MAX;
  for (size_t i = 0; i < count; ++i) {
    smallest = std::min(smallest, static_cast<int64_t>(value_at(i)));
  }
  const auto base = static_cast<uint64_t>(smallest);
  uint64_t any = 0;
  for (size_t i = 0; i < count; ++i) any |= value_at(i) - base;
  const int planes = (std::bit_width(any) + 7) / 8;
  AppendVarint(ZigZag(smallest), out);
  out->push_back(static_cast<char>(planes));

  std::vector<uint8_t> plane(count);
  for (int k = 0; k < planes; ++k) {
    for (size_t i = 0; i < count; ++i) {
      plane[i] = static_cast<uint8_t>((value_at(i) - base) >> (8 * k));
    }
    const double entropy = EntropyBits(plane);
    if (entropy > kNoise) {
      out->push_back(kPlain);
      out->append(reinterpret_cast<const char*>(plane.data()), plane.size());
      continue;
    }
    out->push_back(kDeflated);
    const int strategy = entropy <= kRuns ? Z_RLE : Z_HUFFMAN_ONLY;
    if (absl::Status status = deflater->Deflate(strategy, &plane, out); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

// Reads a column of `count` values and calls add(i, summand) for the summands of each value: the value is their sum
// modulo 2^64. Returns the end, or nullptr if the bytes are not such a column.
template <typename Add>
const uint8_t* ReadColumn(const uint8_t* at, const uint8_t* end, size_t count, Inflater* inflater,
                          Add add) {
  uint64_t zigzag;
  at = GetVarint(at, end, &zigzag);
  if (at == nullptr || at == end) return nullptr;
  const int planes = *at++;
  if (planes > 8) return nullptr;
  const auto smallest = static_cast<uint64_t>(UnZigZag(zigzag));
  for (size_t i = 0; i < count; ++i) add(i, smallest);
  std::vector<uint8_t> plane(count);
  for (int k = 0; k < planes; ++k) {
    if (at == end) return nullptr;
    const uint8_t encoding = *at++;
    uint64_t bytes = count;
    if (encoding == kDeflated) at = GetVarint(at, end, &bytes);
    if (encoding > kDeflated || at == nullptr) return nullptr;
    if (bytes > static_cast<size_t>(end - at)) return nullptr;
    const uint8_t* from = at;
    if (encoding == kDeflated) {
      if (!inflater->Inflate(at, bytes, &plane)) return nullptr;
      from = plane.data();
    }
    for (size_t i = 0; i < count; ++i) add(i, static_cast<uint64_t>(from[i]) << (8 * k));
    at += bytes;
  }
  return at;
}

uint64_t TimeOf(const Sample& sample, bool completion) {
  return static_cast<uint64_t>(sample.intended_ns) +
         (completion ? static_cast<uint64_t>(sample.latency_ns) : 0);
}

uint64_t StepTo(const Sample& sample, const Sample& before, bool completion) {
  return TimeOf(sample, completion) - TimeOf(before, completion);
}

// Estimates how many bits the differences of each kind of time need.
uint64_t StepBits(absl::Span<const Sample> samples, bool completion) {
  uint64_t bits = 0;
  for (size_t i = 1; i < samples.size(); ++i) {
    const auto step = static_cast<int64_t>(StepTo(samples[i], samples[i - 1], completion));
    bits += std::bit_width(ZigZag(step));
  }
  return bits;
}

// Adds to a field, signed or unsigned, without overflow.
void AddTo(int64_t* field, uint64_t part) {
  *field = static_cast<int64_t>(static_cast<uint64_t>(*field) + part);
}

// REQUIRES: `samples` are all zero.
const uint8_t* ReadPlanes(const uint8_t* at, const uint8_t* end, int64_t base_ns,
                          absl::Span<Sample> samples) {
  if (at == end || *at > 1) return nullptr;
  const bool completion = *at++ == 1;
  uint64_t zigzag;
  at = GetVarint(at, end, &zigzag);
  if (at == nullptr) return nullptr;
  Inflater inflater;
  const size_t count = samples.size();
  if (count > 1) {
    // The differences are stored in the fields of the send times.
    at = ReadColumn(at, end, count - 1, &inflater,
                    [&](size_t i, uint64_t part) { AddTo(&samples[i + 1].intended_ns, part); });
    if (at == nullptr) return nullptr;
  }
  at = ReadColumn(at, end, count, &inflater,
                  [&](size_t i, uint64_t part) { AddTo(&samples[i].latency_ns, part); });
  if (at == nullptr) return nullptr;
  std::vector<uint8_t> outcomes(count);
  bool all_outcomes = true;
  at = ReadColumn(at, end, count, &inflater, [&](size_t i, uint64_t part) {
    all_outcomes &= part <= kLargestOutcome;
    outcomes[i] = static_cast<uint8_t>(outcomes[i] + part);
    all_outcomes &= outcomes[i] <= kLargestOutcome;
  });
  if (at == nullptr || !all_outcomes) return nullptr;
  uint64_t time = static_cast<uint64_t>(UnZigZag(zigzag)) + static_cast<uint64_t>(base_ns);
  for (size_t i = 0; i < count; ++i) {
    time += static_cast<uint64_t>(samples[i].intended_ns);
    const auto latency = static_cast<uint64_t>(samples[i].latency_ns);
    samples[i].intended_ns = static_cast<int64_t>(completion ? time - latency : time);
    samples[i].outcome = static_cast<SampleOutcome>(outcomes[i]);
  }
  return at;
}

}  // namespace

absl::StatusOr<std::string> EncodePlanes(absl::Span<const Sample> samples, int64_t base_ns) {
  assert(samples.size() <= kMaxChunkSamples);
  std::string out;
  if (samples.empty()) return out;
  const bool completion = StepBits(samples, true) < StepBits(samples, false);
  const uint64_t first_time = TimeOf(samples[0], completion) - static_cast<uint64_t>(base_ns);
  out.push_back(completion ? 1 : 0);
  AppendVarint(ZigZag(static_cast<int64_t>(first_time)), &out);
  Deflater deflater;
  absl::Status status;
  if (samples.size() > 1) {
    const auto step = [&](size_t i) { return StepTo(samples[i + 1], samples[i], completion); };
    status = AppendColumn(samples.size() - 1, step, &deflater, &out);
  }
  const auto latency = [&](size_t i) { return static_cast<uint64_t>(samples[i].latency_ns); };
  if (status.ok()) status = AppendColumn(samples.size(), latency, &deflater, &out);
  const auto outcome = [&](size_t i) { return static_cast<uint64_t>(samples[i].outcome); };
  if (status.ok()) status = AppendColumn(samples.size(), outcome, &deflater, &out);
  if (!status.ok()) return status;
  return out;
}

absl::Status DecodePlanes(std::string_view payload, uint32_t count, int64_t base_ns,
                          std::vector<Sample>* append_to) {
  if (count > kMaxChunkSamples) {
    return absl::DataLossError(
        absl::StrCat("a chunk of ", count, " samples; at most ", kMaxChunkSamples, " are allowed"));
  }
  const auto* at = reinterpret_cast<const uint8_t*>(payload.data());
  const uint8_t* const end = at + payload.size();
  const size_t before = append_to->size();
  append_to->resize(before + count);
  bool whole = at == end;
  if (count > 0) {
    at = ReadPlanes(at, end, base_ns, absl::MakeSpan(*append_to).subspan(before));
    whole = at != nullptr && at == end;
  }
  if (!whole) {
    append_to->resize(before);
    return absl::DataLossError(absl::StrCat("the payload of ", payload.size(),
                                            " bytes is not a valid encoding of ", count,
                                            " samples"));
  }
  return absl::OkStatus();
}

}  // namespace assay
