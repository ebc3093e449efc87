#ifndef ASSAY_AGENT_LAUNCHER_BOUNDED_OUTPUT_H_
#define ASSAY_AGENT_LAUNCHER_BOUNDED_OUTPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace assay::agent {

// What a program printed, in bounded memory: everything up to kHeadBytes + kTailBytes, beyond that the first kHeadBytes
// (a server says there where it listens) and the last kTailBytes (it says there why it died).
class BoundedOutput {
 public:
  static constexpr size_t kHeadBytes = 4 << 10;
  static constexpr size_t kTailBytes = 60 << 10;

  // Cost: amortised O(bytes).
  void Append(std::string_view bytes);

  // As printed, with "[... N bytes left out ...]" on a line of its own where there is a hole. Valid UTF-8.
  std::string Text() const;

  // At most the last `max_bytes` of Text(), begun at the start of a line where one is near.
  std::string LastBytes(size_t max_bytes) const;

  // Whether what is kept holds `text`; a hole breaks it.
  bool Contains(std::string_view text) const;

  uint64_t total_bytes() const { return total_bytes_; }

 private:
  // The part of tail_ that counts: it grows to twice kTailBytes before it is cut.
  std::string_view Tail() const;
  uint64_t left_out_bytes() const { return total_bytes_ - head_.size() - Tail().size(); }

  std::string head_;
  std::string tail_;
  uint64_t total_bytes_ = 0;
};

// The end of both, at most `max_bytes`: standard error first, then standard output, under headings where both have
// something to say. Standard error takes what room it needs.
std::string LastOutputOf(const BoundedOutput& standard_error, const BoundedOutput& standard_output,
                         size_t max_bytes);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_BOUNDED_OUTPUT_H_
