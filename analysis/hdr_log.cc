#include "analysis/hdr_log.h"

#include <zlib.h>

#include <bit>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "analysis/varint.h"

namespace assay {
namespace {

// The last two bytes give the encoding and the size of counts: variable.
constexpr uint32_t kV2Cookie = 0x1c849313;
constexpr uint32_t kV2CompressedCookie = 0x1c849314;
constexpr uint32_t kSignificantDigits = 3;
// The unit of a log's maximum column: milliseconds.
constexpr double kNanosPerMaximum = 1e6;

void AppendBigEndian32(uint32_t value, std::string* out) {
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

void AppendBigEndian64(uint64_t value, std::string* out) {
  AppendBigEndian32(static_cast<uint32_t>(value >> 32), out);
  AppendBigEndian32(static_cast<uint32_t>(value), out);
}

// "ZigZag LEB128-64b9B": seven bits per byte as usual, but the ninth byte holds the last eight bits.
void AppendCount(int64_t count, std::string* out) {
  uint64_t left = ZigZag(count);
  for (int byte = 0; byte < 8; ++byte, left >>= 7) {
    if (left < 128) {
      out->push_back(static_cast<char>(left));
      return;
    }
    out->push_back(static_cast<char>(left | 128));
  }
  out->push_back(static_cast<char>(left));
}

// The counts from bucket 0 to the last nonempty bucket. A run of n empty buckets is written as -n.
std::string EncodeCounts(const LatencyHistogram& histogram) {
  std::string counts;
  uint32_t next = 0;
  histogram.ForEachBucket([&](uint32_t index, uint64_t count) {
    if (index > next) AppendCount(-static_cast<int64_t>(index - next), &counts);
    AppendCount(static_cast<int64_t>(count), &counts);
    next = index + 1;
  });
  return counts;
}

std::string EncodeUncompressed(const LatencyHistogram& histogram) {
  const std::string counts = EncodeCounts(histogram);
  std::string out;
  AppendBigEndian32(kV2Cookie, &out);
  AppendBigEndian32(static_cast<uint32_t>(counts.size()), &out);
  // The offset of normalised indexes: zero.
  AppendBigEndian32(0, &out);
  AppendBigEndian32(kSignificantDigits, &out);
  // The smallest and largest value, and the factor for values.
  AppendBigEndian64(1, &out);
  AppendBigEndian64(LatencyHistogram::kMaxNanos, &out);
  AppendBigEndian64(std::bit_cast<uint64_t>(1.0), &out);
  return out + counts;
}

bool IsTag(absl::string_view tag) {
  return tag.find_first_of(absl::string_view(", \t\r\n")) == absl::string_view::npos;
}

}  // namespace

absl::StatusOr<std::string> EncodeHdrHistogram(const LatencyHistogram& histogram) {
  const std::string plain = EncodeUncompressed(histogram);
  uLongf length = compressBound(plain.size());
  std::string compressed(length, '\0');
  if (compress(reinterpret_cast<Bytef*>(compressed.data()), &length,
               reinterpret_cast<const Bytef*>(plain.data()), plain.size()) != Z_OK) {
    return absl::InternalError("zlib cannot compress a histogram: out of memory?");
  }
  compressed.resize(length);
  std::string out;
  AppendBigEndian32(kV2CompressedCookie, &out);
  AppendBigEndian32(static_cast<uint32_t>(length), &out);
  return absl::Base64Escape(out + compressed);
}

absl::StatusOr<std::string> HdrLog(absl::Time start, absl::Span<const HdrLogInterval> intervals) {
  std::string log = absl::StrFormat(
      "#[Logged by Assay; values are nanoseconds]\n"
      "#[Histogram log format version 1.3]\n"
      "#[StartTime: %.3f (seconds since epoch), %s]\n",
      absl::ToDoubleSeconds(start - absl::UnixEpoch()),
      absl::FormatTime("%a %b %d %H:%M:%S UTC %Y", start, absl::UTCTimeZone()));
  absl::StrAppend(&log,
                  "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
                  "\"Interval_Compressed_Histogram\"\n");
  for (const HdrLogInterval& interval : intervals) {
    if (!IsTag(interval.tag)) {
      return absl::InvalidArgumentError(
          absl::StrCat("a tag of an HdrHistogram log must not contain a comma or white space: \"",
                       interval.tag, "\""));
    }
    absl::StatusOr<std::string> histogram = EncodeHdrHistogram(*interval.histogram);
    if (!histogram.ok()) return histogram.status();
    if (interval.histogram->overflow_count() > 0) {
      absl::StrAppend(
          &log, "#[samples over ", LatencyHistogram::kMaxNanos,
          " ns that are left out of the next line: ", interval.histogram->overflow_count(), "]\n");
    }
    if (!interval.tag.empty()) absl::StrAppend(&log, "Tag=", interval.tag, ",");
    absl::StrAppendFormat(&log, "%.3f,%.3f,%.3f,%s\n", absl::ToDoubleSeconds(interval.start),
                          absl::ToDoubleSeconds(interval.length),
                          static_cast<double>(interval.histogram->max_ns()) / kNanosPerMaximum,
                          *histogram);
  }
  return log;
}

}  // namespace assay
