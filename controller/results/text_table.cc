#include "controller/results/text_table.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/utf8.h"

namespace assay::controller {
namespace {

size_t Width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // Continuation bytes have no width.
  }));
}

// The end of the first `count` characters of a text.
size_t EndOf(const std::string& text, size_t count) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (begins && count-- == 0) break;
  }
  return at;
}

// The minimum length of a name while optional columns remain, and afterwards.
constexpr size_t kShortName = 16;
constexpr size_t kShortestName = 8;

// Shortens the widest of `names` until the sum is within `width` or all are at `least`.
void Shrink(const std::vector<size_t>& names, size_t least, size_t width, size_t& sum,
            std::vector<size_t>& widths) {
  while (sum > width) {
    size_t widest = widths.size();
    for (const size_t name : names) {
      if (widths[name] > least && (widest == widths.size() || widths[name] > widths[widest]))
        widest = name;
    }
    if (widest == widths.size()) return;
    --widths[widest];
    --sum;
  }
}

std::string Padded(const std::string& text, size_t width, TextTable::Align align) {
  const std::string blanks(width - Width(text), ' ');
  return align == TextTable::Align::kLeft ? text + blanks : blanks + text;
}

}  // namespace

TextTable::TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (Column& column : columns_) column.title = TerminalText(column.title);
}

void TextTable::AddRow(std::vector<std::string> cells) {
  assert(cells.size() == columns_.size());
  for (std::string& cell : cells) cell = TerminalText(cell);
  rows_.push_back(std::move(cells));
}

std::vector<size_t> TextTable::WidthsWithin(size_t width) const {
  constexpr size_t kGap = 2;
  std::vector<size_t> widths;
  std::vector<size_t> names;
  size_t sum = 0;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t widest = 0;
    for (const auto& row : rows_) widest = std::max(widest, Width(row[i]));
    widths.push_back(widest == 0 ? 0 : std::max(widest, Width(columns_[i].title)));
    if (widest > 0) sum += widths[i] + (sum > 0 ? kGap : 0);
    if (columns_[i].align == Align::kLeft) names.push_back(i);
  }
  Shrink(names, kShortName, width, sum, widths);
  for (size_t i = columns_.size(); i-- > 0 && sum > width;) {
    if (!columns_[i].optional || widths[i] == 0) continue;
    sum -= widths[i] + kGap;
    widths[i] = 0;
  }
  Shrink(names, kShortestName, width, sum, widths);
  return widths;
}

std::string TextTable::ToString(size_t width) const {
  const std::vector<size_t> widths = WidthsWithin(width);
  std::string text;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    bool first = true;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == 0) continue;
      absl::StrAppend(&line, first ? "" : "  ",
                      Padded(Shortened(cell_of(i), widths[i]), widths[i], columns_[i].align));
      first = false;
    }
    absl::StrAppend(&text, absl::StripTrailingAsciiWhitespace(line), "\n");
  };
  add_line([&](size_t i) { return columns_[i].title; });
  add_line([&](size_t i) { return std::string(widths[i], '-'); });
  for (const auto& row : rows_) add_line([&](size_t i) { return row[i]; });
  return text;
}

std::string Shortened(const std::string& text, size_t width) {
  const size_t length = Width(text);
  if (length <= width) return text;
  constexpr absl::string_view kDots = "...";
  if (width <= kDots.size()) return text.substr(0, EndOf(text, width));
  // Similar names often differ at their end.
  const size_t kept = width - kDots.size();
  const size_t tail = kept / 2;
  return absl::StrCat(text.substr(0, EndOf(text, kept - tail)), kDots,
                      text.substr(EndOf(text, length - tail)));
}

size_t WidestLine(const std::string& text) {
  size_t widest = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n'))
    widest = std::max(widest, Width(std::string(line)));
  return widest;
}

std::string Wrapped(const std::string& text, size_t width) {
  std::string wrapped;
  for (const absl::string_view whole : absl::StrSplit(text, '\n')) {
    std::string line(whole);
    const size_t indent = std::min(line.find_first_not_of(' '), line.size()) + 4;
    while (Width(line) > width) {
      const size_t limit = EndOf(line, width + 1);
      size_t blank = line.rfind(' ', limit - 1);
      // A break within the indentation would leave an empty line, so it comes after the first word at the earliest.
      const size_t word = line.find_first_not_of(' ');
      if (blank == std::string::npos || blank <= word) blank = line.find(' ', word);
      if (blank == std::string::npos) break;
      absl::StrAppend(&wrapped, line.substr(0, blank), "\n");
      line = std::string(indent, ' ') + line.substr(blank + 1);
    }
    absl::StrAppend(&wrapped, line, "\n");
  }
  // Keeps the number of line ends.
  wrapped.pop_back();
  return wrapped;
}

std::string FourDigits(double value) {
  if (std::fabs(value) < 1e3) return absl::StrFormat("%.4g", value);
  return absl::StrFormat("%.0f", value);
}

std::string WithThousands(double value) {
  // A rate below 1/s must not become 0.
  if (std::fabs(value) < 10) return absl::StrFormat("%.3g", value);
  const std::string digits = absl::StrCat(std::llabs(std::llround(value)));
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return std::llround(value) < 0 ? "-" + text : text;
}

}  // namespace assay::controller
