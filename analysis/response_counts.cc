#include "analysis/response_counts.h"

#include <algorithm>

namespace assay {
namespace {

// Responses until this time after the begin. REQUIRES: since_ns >= 0.
double CountUntil(const ResponseCounts::Parts& parts, int64_t since_ns) {
  const auto whole = static_cast<uint64_t>(since_ns / parts.width_ns);
  double count = 0;
  for (size_t i = 0; i < parts.count.size() && i < whole; ++i) count += parts.count[i];
  if (whole < parts.count.size()) {
    const auto part = static_cast<double>(since_ns % parts.width_ns);
    count += parts.count[whole] * part / static_cast<double>(parts.width_ns);
  }
  return count;
}

}  // namespace

void ResponseCounts::Widen() {
  for (size_t i = 0; i < kBins / 2; ++i) bins_[i] = bins_[2 * i] + bins_[2 * i + 1];
  std::fill(bins_.begin() + kBins / 2, bins_.end(), 0);
  ++shift_;
}

void ResponseCounts::Merge(const ResponseCounts& other) {
  while (shift_ < other.shift_) Widen();
  const int wider = shift_ - other.shift_;
  for (size_t i = 0; i < kBins; ++i) bins_[i >> wider] += other.bins_[i];
  limit_ns_ = std::min(limit_ns_, other.limit_ns_);
  cut_ = cut_ || other.cut_;
}

ResponseCounts::Parts ResponseCounts::ToParts() const {
  Parts parts{.begin_ns = begin_ns_,
              .width_ns = int64_t{1} << shift_,
              .known_until_ns = cut_ ? limit_ns_ : 0};
  const auto last = std::find_if(bins_.rbegin(), bins_.rend(), [](uint32_t n) { return n > 0; });
  parts.count.assign(bins_.begin(), last.base());
  return parts;
}

std::optional<double> ResponsesBetween(const ResponseCounts::Parts& parts, int64_t from_ns,
                                       int64_t to_ns) {
  if (parts.width_ns <= 0 || from_ns > to_ns) return std::nullopt;
  if (parts.known_until_ns != 0 && to_ns > parts.known_until_ns) return std::nullopt;
  const auto since = [&](int64_t at_ns) -> std::optional<int64_t> {
    int64_t since_ns = 0;
    if (__builtin_sub_overflow(at_ns, parts.begin_ns, &since_ns)) return std::nullopt;
    return std::max<int64_t>(0, since_ns);
  };
  const std::optional<int64_t> from = since(from_ns);
  const std::optional<int64_t> to = since(to_ns);
  if (!from.has_value() || !to.has_value()) return std::nullopt;
  return CountUntil(parts, *to) - CountUntil(parts, *from);
}

}  // namespace assay
