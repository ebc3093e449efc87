#include "agent/launcher/bounded_output.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/utf8.h"

namespace assay::agent {
namespace {

// The text begins at a line start if one is within this distance of the cut.
constexpr size_t kNearBytes = 256;

constexpr std::string_view kOutputHeading = "[standard output]\n";

}  // namespace

void BoundedOutput::Append(std::string_view bytes) {
  total_bytes_ += bytes.size();
  const size_t to_head = std::min(bytes.size(), kHeadBytes - head_.size());
  head_ += bytes.substr(0, to_head);
  bytes.remove_prefix(to_head);
  if (bytes.size() > kTailBytes) {
    tail_.clear();
    bytes.remove_prefix(bytes.size() - kTailBytes);
  }
  tail_ += bytes;
  if (tail_.size() > 2 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
}

std::string_view BoundedOutput::Tail() const {
  const std::string_view tail = tail_;
  return tail.substr(tail.size() - std::min(tail.size(), kTailBytes));
}

std::string BoundedOutput::Text() const {
  const uint64_t left_out = left_out_bytes();
  const std::string_view tail = Tail();
  if (left_out == 0)
    return ToValidUtf8(absl::StrCat(head_, absl::string_view(tail.data(), tail.size())));
  return absl::StrCat(ToValidUtf8(head_), "\n[... ", left_out, " bytes left out ...]\n",
                      ToValidUtf8(tail));
}

std::string BoundedOutput::LastBytes(size_t max_bytes) const {
  std::string text = Text();
  if (text.size() <= max_bytes) return text;
  size_t begin = text.size() - max_bytes;
  const size_t line_end = text.find('\n', begin);
  if (line_end != std::string::npos && line_end - begin < kNearBytes &&
      line_end + 1 < text.size()) {
    begin = line_end + 1;
  }
  // Do not cut within a character.
  while (begin < text.size() && (static_cast<uint8_t>(text[begin]) & 0xC0) == 0x80) ++begin;
  return text.substr(begin);
}

bool BoundedOutput::Contains(std::string_view text) const {
  if (left_out_bytes() == 0) {
    const std::string_view tail = Tail();
    // Only text around the boundary can be in both parts.
    const size_t overlap = text.empty() ? 0 : text.size() - 1;
    const std::string seam = absl::StrCat(
        absl::string_view(head_).substr(head_.size() - std::min(head_.size(), overlap)),
        absl::string_view(tail.data(), std::min(tail.size(), overlap)));
    if (seam.find(text) != std::string::npos) return true;
  }
  return head_.find(text) != std::string::npos || Tail().find(text) != std::string_view::npos;
}

std::string LastOutputOf(const BoundedOutput& standard_error, const BoundedOutput& standard_output,
                         size_t max_bytes) {
  std::string errors = standard_error.LastBytes(max_bytes);
  if (errors.empty()) return standard_output.LastBytes(max_bytes);
  if (standard_output.total_bytes() == 0) return errors;
  const std::string separator =
      absl::StrCat(errors.back() == '\n' ? "" : "\n",
                   absl::string_view(kOutputHeading.data(), kOutputHeading.size()));
  if (errors.size() + separator.size() >= max_bytes) return errors;
  const size_t remaining = max_bytes - errors.size() - separator.size();
  return absl::StrCat(errors, separator, standard_output.LastBytes(remaining));
}

}  // namespace assay::agent
