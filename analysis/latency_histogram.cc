#include "analysis/latency_histogram.h"

#include <algorithm>
#include <cassert>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "analysis/quantile_rank.h"

namespace assay {
namespace {

using Bucket = LatencyHistogram::Bucket;
using Parts = LatencyHistogram::Parts;
// A sum of 2^64 samples of 2^63 ns still fits.
using Wide = unsigned __int128;

absl::Status Impossible(std::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("not a latency histogram: ", std::string(reason)));
}

bool InBucket(int64_t value, uint32_t index) {
  return value >= LatencyHistogram::BucketLow(index) &&
         value <= LatencyHistogram::BucketHigh(index);
}

absl::Status CheckBuckets(const std::vector<Bucket>& buckets, uint64_t overflow_count) {
  uint64_t total = overflow_count;
  for (size_t i = 0; i < buckets.size(); ++i) {
    if (buckets[i].index >= LatencyHistogram::kBucketCount) {
      return Impossible(absl::StrCat("there is no bucket ", buckets[i].index));
    }
    if (i > 0 && buckets[i].index <= buckets[i - 1].index) {
      return Impossible(absl::StrCat("bucket ", buckets[i].index, " is out of order"));
    }
    if (buckets[i].count == 0) {
      return Impossible(absl::StrCat("bucket ", buckets[i].index, " is listed but empty"));
    }
    if (__builtin_add_overflow(total, buckets[i].count, &total)) {
      return Impossible("it has more than 2^64 samples");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckExtremes(const Parts& parts) {
  const bool has_buckets = !parts.buckets.empty();
  const bool min_fits = has_buckets ? InBucket(parts.min_ns, parts.buckets.front().index)
                                    : parts.min_ns > LatencyHistogram::kMaxNanos;
  const bool max_fits = parts.overflow_count > 0
                            ? parts.max_ns > LatencyHistogram::kMaxNanos
                            : InBucket(parts.max_ns, parts.buckets.back().index);
  if (!min_fits || !max_fits || parts.min_ns > parts.max_ns) {
    return Impossible(absl::StrCat("its extremes, ", parts.min_ns, " and ", parts.max_ns,
                                   " ns, do not match its buckets"));
  }
  return absl::OkStatus();
}

// The sum must be between the sums of the buckets' lower and upper ends.
absl::Status CheckSum(const Parts& parts) {
  Wide low = 0;
  Wide high = static_cast<Wide>(parts.overflow_count) * static_cast<uint64_t>(parts.max_ns);
  if (parts.overflow_count > 0) {
    low = static_cast<Wide>(parts.overflow_count - 1) * (LatencyHistogram::kMaxNanos + 1) +
          static_cast<uint64_t>(parts.max_ns);
  }
  for (const Bucket& bucket : parts.buckets) {
    low += static_cast<Wide>(bucket.count) *
           static_cast<uint64_t>(LatencyHistogram::BucketLow(bucket.index));
    high += static_cast<Wide>(bucket.count) *
            static_cast<uint64_t>(LatencyHistogram::BucketHigh(bucket.index));
  }
  const Wide largest = UINT64_MAX;
  if (parts.sum_ns < std::min(low, largest) || parts.sum_ns > std::min(high, largest)) {
    return Impossible(absl::StrCat("its sum, ", parts.sum_ns, " ns, does not match its buckets"));
  }
  return absl::OkStatus();
}

absl::Status CheckParts(const Parts& parts) {
  if (absl::Status status = CheckBuckets(parts.buckets, parts.overflow_count); !status.ok()) {
    return status;
  }
  if (parts.buckets.empty() && parts.overflow_count == 0) {
    return parts.sum_ns == 0 ? absl::OkStatus() : Impossible("it is empty but has a sum");
  }
  if (absl::Status status = CheckExtremes(parts); !status.ok()) return status;
  return CheckSum(parts);
}

}  // namespace

absl::StatusOr<LatencyHistogram> LatencyHistogram::FromParts(const Parts& parts) {
  if (absl::Status status = CheckParts(parts); !status.ok()) return status;
  LatencyHistogram histogram;
  histogram.count_ = parts.overflow_count;
  for (const Bucket& bucket : parts.buckets) {
    histogram.counts_[bucket.index] = bucket.count;
    histogram.count_ += bucket.count;
  }
  if (histogram.empty()) return histogram;
  histogram.overflow_count_ = parts.overflow_count;
  histogram.min_ns_ = parts.min_ns;
  histogram.max_ns_ = parts.max_ns;
  histogram.sum_ns_ = parts.sum_ns;
  return histogram;
}

void LatencyHistogram::RecordOverflow(int64_t latency_ns) {
  assert(latency_ns >= 0);
  ++count_;
  ++overflow_count_;
  sum_ns_ = SaturatingAdd(sum_ns_, static_cast<uint64_t>(latency_ns));
  min_ns_ = std::min(min_ns_, latency_ns);
  max_ns_ = std::max(max_ns_, latency_ns);
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  if (other.empty()) return;
  if (other.min_ns_ <= kMaxNanos) {
    const uint32_t first = BucketIndex(other.min_ns_);
    const uint32_t last = BucketIndex(std::min(other.max_ns_, kMaxNanos));
    for (uint32_t i = first; i <= last; ++i) counts_[i] += other.counts_[i];
  }
  count_ += other.count_;
  overflow_count_ += other.overflow_count_;
  sum_ns_ = SaturatingAdd(sum_ns_, other.sum_ns_);
  min_ns_ = std::min(min_ns_, other.min_ns_);
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

void LatencyHistogram::Clear() {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = 0;
  overflow_count_ = 0;
  sum_ns_ = 0;
  min_ns_ = INT64_MAX;
  max_ns_ = -1;
}

absl::StatusOr<int64_t> LatencyHistogram::QuantileNanos(double q) const {
  assert(q > 0 && q <= 1);
  if (empty()) return absl::FailedPreconditionError("an empty histogram has no quantiles");
  return NanosAtRank(QuantileRank(count_, q));
}

absl::StatusOr<int64_t> LatencyHistogram::NanosAtRank(uint64_t rank) const {
  if (rank < 1 || rank > count_) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is no sample of rank ", rank, " among ", count_));
  }
  if (rank > count_ - overflow_count_) {
    return absl::OutOfRangeError(absl::StrCat("the sample of rank ", rank, " among ", count_,
                                              " is longer than ", kMaxNanos, " ns"));
  }
  uint64_t seen = 0;
  uint32_t index = BucketIndex(min_ns_);
  while ((seen += counts_[index]) < rank) ++index;
  return std::min(BucketHigh(index), max_ns_);
}

void LatencyHistogram::ForEachBucket(
    absl::FunctionRef<void(uint32_t index, uint64_t count)> visit) const {
  if (empty() || min_ns_ > kMaxNanos) return;
  const uint32_t last = BucketIndex(std::min(max_ns_, kMaxNanos));
  for (uint32_t i = BucketIndex(min_ns_); i <= last; ++i) {
    if (counts_[i] != 0) visit(i, counts_[i]);
  }
}

LatencyHistogram::Parts LatencyHistogram::ToParts() const {
  Parts parts;
  ForEachBucket([&](uint32_t index, uint64_t count) { parts.buckets.push_back({index, count}); });
  parts.overflow_count = overflow_count_;
  parts.min_ns = min_ns();
  parts.max_ns = max_ns();
  parts.sum_ns = sum_ns_;
  return parts;
}

bool operator==(const LatencyHistogram& a, const LatencyHistogram& b) {
  return a.count_ == b.count_ && a.overflow_count_ == b.overflow_count_ && a.sum_ns_ == b.sum_ns_ &&
         a.min_ns_ == b.min_ns_ && a.max_ns_ == b.max_ns_ && a.counts_ == b.counts_;
}

}  // namespace assay
