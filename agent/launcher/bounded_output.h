#ifndef ASSAY_AGENT_LAUNCHER_BOUNDED_OUTPUT_H_
#define ASSAY_AGENT_LAUNCHER_BOUNDED_OUTPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace assay::agent {

// The output of a program in bounded memory. Keeps everything up to kHeadBytes + kTailBytes. Of longer output it keeps
// the first kHeadBytes (where a server prints its address) and the last kTailBytes (where it prints why it failed).
class BoundedOutput {
 public:
  static constexpr size_t kHeadBytes = 4 << 10;
  static constexpr size_t kTailBytes = 60 << 10;

  // Cost: amortised O(bytes).
  void Append(std::string_view bytes);

  // The output, with a line "[... N bytes left out ...]" in place of the bytes that were not kept. Valid UTF-8.
  std::string Text() const;

  // At most the last `max_bytes` of Text(). Begins at the start of a line if one is near.
  std::string LastBytes(size_t max_bytes) const;

  // Whether the kept output contains `text`. Does not match across the bytes that were not kept.
  bool Contains(std::string_view text) const;

  uint64_t total_bytes() const { return total_bytes_; }

 private:
  // The last kTailBytes of tail_, which grows to twice that size before it is cut.
  std::string_view Tail() const;
  uint64_t left_out_bytes() const { return total_bytes_ - head_.size() - Tail().size(); }

  std::string head_;
  std::string tail_;
  uint64_t total_bytes_ = 0;
};

// The end of both outputs, at most `max_bytes`: standard error first, then standard output, with headings if both are
// not empty. Standard error has precedence if the limit is too small for both.
std::string LastOutputOf(const BoundedOutput& standard_error, const BoundedOutput& standard_output,
                         size_t max_bytes);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_BOUNDED_OUTPUT_H_
