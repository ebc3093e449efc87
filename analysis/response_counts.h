#ifndef ASSAY_ANALYSIS_RESPONSE_COUNTS_H_
#define ASSAY_ANALYSIS_RESPONSE_COUNTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace assay {

// How many responses came until any moment of a window and behind it, so that a clock that was read at some moment can
// be divided by the responses until then, without a raw sample.
//
// Accuracy: responses are counted in bins of equal width, and a moment within a bin gets its share of that bin. A bin is
// at most 1/2048 of the time from the window's begin to the latest response (8 us or less at the beginning).
// Memory: 16 KiB, whatever the window. Cost: Add() is O(1) without allocation, lock or system call, but for some ten
// times in a run, where all bins are joined in pairs: 4 us.
// Threads: none of its own; one a load thread.
class ResponseCounts {
 public:
  static constexpr size_t kBins = 4096;

  // Responses before `begin_ns` are not counted, and those at `limit_ns` and later neither: what a late drain brings
  // would only make the bins wide. REQUIRES: begin_ns < limit_ns.
  void Begin(int64_t begin_ns, int64_t limit_ns) {
    begin_ns_ = begin_ns;
    limit_ns_ = limit_ns;
  }

  void Add(int64_t at_ns) {
    if (at_ns < begin_ns_) return;
    if (at_ns >= limit_ns_) [[unlikely]] {
      cut_ = true;
      return;
    }
    const uint64_t since = static_cast<uint64_t>(at_ns) - static_cast<uint64_t>(begin_ns_);
    while (since >> shift_ >= kBins) [[unlikely]] Widen();
    ++bins_[since >> shift_];
  }

  // Adds what another thread counted. REQUIRES: the same begin.
  void Merge(const ResponseCounts& other);

  // What travels.
  struct Parts {
    int64_t begin_ns = 0;
    int64_t width_ns = 0;
    std::vector<uint32_t> count;
    // Later responses were not counted; 0: there were none.
    int64_t known_until_ns = 0;
  };
  Parts ToParts() const;

 private:
  // 8.2 us: the first width. As many bins hold 33 ms.
  static constexpr int kFirstShift = 13;

  void Widen();

  int64_t begin_ns_ = 0;
  int64_t limit_ns_ = std::numeric_limits<int64_t>::max();
  int shift_ = kFirstShift;
  bool cut_ = false;
  std::array<uint32_t, kBins> bins_{};
};

// Responses from one moment to another, of parts that may be a stranger's. Not set when the moments are the wrong way
// round, lie beyond what was counted, or the parts make no sense. A moment before the begin counts as the begin.
std::optional<double> ResponsesBetween(const ResponseCounts::Parts& parts, int64_t from_ns,
                                       int64_t to_ns);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_RESPONSE_COUNTS_H_
