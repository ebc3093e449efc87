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

// Counts how many responses arrived until any time during and after a window. A CPU clock that was read at some time
// can thus be divided by the responses until then, without raw samples.
//
// Accuracy: responses are counted in bins of equal width, and a time within a bin gets a proportional share of that
// bin. A bin is at most 1/2048 of the time from the begin of the window to the latest response (initially 8 us).
// Memory: 16 KiB, whatever the window.
// Cost: Add() is O(1) without allocation, lock or system call, except about ten times in a run, when all bins are
// merged in pairs: 4 us.
// Threads: none of its own; one object per load thread.
class ResponseCounts {
 public:
  static constexpr size_t kBins = 4096;

  // Responses before `begin_ns`, and those at or after `limit_ns`, are not counted: responses late in the drain would
  // only widen the bins. REQUIRES: begin_ns < limit_ns.
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

  // Adds the counts of another thread. REQUIRES: the same begin.
  void Merge(const ResponseCounts& other);

  // The contents, for transport.
  struct Parts {
    int64_t begin_ns = 0;
    int64_t width_ns = 0;
    std::vector<uint32_t> count;
    // Responses after this time were not counted; 0: all responses were counted.
    int64_t known_until_ns = 0;
  };
  Parts ToParts() const;

 private:
  // The initial width of a bin, 8.2 us. All bins together then span 33 ms.
  static constexpr int kFirstShift = 13;

  void Widen();

  int64_t begin_ns_ = 0;
  int64_t limit_ns_ = std::numeric_limits<int64_t>::max();
  int shift_ = kFirstShift;
  bool cut_ = false;
  std::array<uint32_t, kBins> bins_{};
};

// Responses between two times, from contents that another host sent. Not set if the times are in the wrong order or
// beyond the counted time, or if the contents are not valid. A time before the begin counts as the begin.
std::optional<double> ResponsesBetween(const ResponseCounts::Parts& parts, int64_t from_ns,
                                       int64_t to_ns);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_RESPONSE_COUNTS_H_
