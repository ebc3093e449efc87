#ifndef ASSAY_ANALYSIS_LATENCY_HISTOGRAM_H_
#define ASSAY_ANALYSIS_LATENCY_HISTOGRAM_H_

#include <bit>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace assay {

// Latency counts in log-linear buckets. Merging the histograms of two hosts gives exactly the histogram of all their
// samples, in any order.
//
// Range: [0, kMaxNanos], about 68.7 s. A longer sample counts in overflow_count() and in no bucket, and is never
// clamped.
// Accuracy: QuantileNanos() is at or above the true sample, by less than 0.1 %; below 2,048 ns it is exact. min_ns(),
// max_ns() and sum_ns() are exact and include overflowed samples.
// Threads: none of its own; one histogram per load thread. Several threads may read a const histogram.
// Cost: Record() is O(1): no allocation, lock or system call. The constructor allocates 216 KiB. A moved-from
// histogram may only be assigned to or destroyed.
//
// The layout is that of HdrHistogram with unit 1 ns and 3 significant digits, so that an export to HdrHistogram is
// exact: values below 2,048 have one bucket each; every further power of two is divided into 1,024 buckets.
class LatencyHistogram {
 public:
  // Version of the bucket layout. Only histograms of equal versions can be merged.
  static constexpr uint32_t kLayout = 1;
  static constexpr int64_t kMaxNanos = (int64_t{1} << 36) - 1;
  static constexpr uint32_t kBucketCount = 2048 + 1024 * 25;

  struct Bucket {
    uint32_t index;
    uint64_t count;
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };

  // The contents of a histogram, for transport. `buckets` holds the nonempty buckets by ascending index.
  struct Parts {
    std::vector<Bucket> buckets;
    uint64_t overflow_count = 0;
    // Meaningless when empty.
    int64_t min_ns = 0;
    int64_t max_ns = 0;
    uint64_t sum_ns = 0;
  };

  LatencyHistogram() : counts_(kBucketCount) {}

  // Builds a histogram from the contents that another host sent. kInvalidArgument, with the reason, if no sequence of
  // Record() calls can produce them.
  static absl::StatusOr<LatencyHistogram> FromParts(const Parts& parts);

  // REQUIRES: latency_ns >= 0.
  void Record(int64_t latency_ns) {
    const auto value = static_cast<uint64_t>(latency_ns);
    if (value > static_cast<uint64_t>(kMaxNanos)) [[unlikely]] {
      RecordOverflow(latency_ns);
      return;
    }
    ++counts_[BucketIndex(latency_ns)];
    ++count_;
    sum_ns_ = SaturatingAdd(sum_ns_, value);
    if (latency_ns < min_ns_) min_ns_ = latency_ns;
    if (latency_ns > max_ns_) max_ns_ = latency_ns;
  }
  void Record(absl::Duration latency) { Record(absl::ToInt64Nanoseconds(latency)); }

  // Adds all samples of `other`. O(buckets between its smallest and largest sample).
  void Merge(const LatencyHistogram& other);
  // Makes the histogram empty and keeps its memory.
  void Clear();

  // The latency that a fraction q of the samples does not exceed: the sample of rank ceil(q * count), rounded up to
  // the end of its bucket, at most max_ns(). REQUIRES: 0 < q <= 1. kFailedPrecondition when empty, kOutOfRange when
  // that sample overflowed. Does not check whether the count supports q: see order_statistics.h.
  absl::StatusOr<int64_t> QuantileNanos(double q) const;
  // The same for the sample of this rank, from 1 (the smallest) to count().
  absl::StatusOr<int64_t> NanosAtRank(uint64_t rank) const;

  // All samples, overflowed ones included.
  uint64_t count() const { return count_; }
  uint64_t overflow_count() const { return overflow_count_; }
  bool empty() const { return count_ == 0; }
  // 0 when empty.
  int64_t min_ns() const { return empty() ? 0 : min_ns_; }
  int64_t max_ns() const { return empty() ? 0 : max_ns_; }
  // Saturates at 2^64 - 1.
  uint64_t sum_ns() const { return sum_ns_; }
  // 0 when empty.
  double MeanNanos() const {
    return empty() ? 0 : static_cast<double>(sum_ns_) / static_cast<double>(count_);
  }

  // Calls `visit` with each nonempty bucket, by ascending index.
  void ForEachBucket(absl::FunctionRef<void(uint32_t index, uint64_t count)> visit) const;
  Parts ToParts() const;

  // Bucket of a latency. REQUIRES: 0 <= latency_ns <= kMaxNanos.
  static constexpr uint32_t BucketIndex(int64_t latency_ns) {
    const auto value = static_cast<uint64_t>(latency_ns);
    const int shift = std::bit_width(value | 1024) - 11;
    return static_cast<uint32_t>((static_cast<uint64_t>(shift) << 10) + (value >> shift));
  }
  // Smallest and largest latency of a bucket. REQUIRES: index < kBucketCount.
  static constexpr int64_t BucketLow(uint32_t index) {
    const uint32_t shift = BucketShift(index);
    return static_cast<int64_t>(index - (shift << 10)) << shift;
  }
  static constexpr int64_t BucketHigh(uint32_t index) {
    return BucketLow(index) + (int64_t{1} << BucketShift(index)) - 1;
  }

  // Equal histograms have equal fields and give equal results.
  friend bool operator==(const LatencyHistogram& a, const LatencyHistogram& b);

 private:
  static constexpr uint32_t BucketShift(uint32_t index) {
    return index < 2048 ? 0 : (index >> 10) - 1;
  }
  // Saturating addition stays associative, so the order of merges does not matter.
  static uint64_t SaturatingAdd(uint64_t a, uint64_t b) {
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
  }
  void RecordOverflow(int64_t latency_ns);

  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  uint64_t overflow_count_ = 0;
  uint64_t sum_ns_ = 0;
  int64_t min_ns_ = INT64_MAX;
  int64_t max_ns_ = -1;
};

}  // namespace assay

#endif  // ASSAY_ANALYSIS_LATENCY_HISTOGRAM_H_
