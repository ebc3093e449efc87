#include "controller/report/flame_svg.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analysis/profile/flame_layout.h"
#include "common/number_text.h"
#include "controller/report/html_text.h"

namespace assay::controller {
namespace {

constexpr double kWidth = 1200;
constexpr double kBatch = 18;
constexpr double kLeastWidth = 0.001;
constexpr size_t kMostBoxes = 2500;
constexpr uint32_t kMostRows = 40;
// Width of a monospaced letter at 11 pixels.
constexpr double kLetter = 6.65;
// Colours reach full strength at a difference of a tenth of the total.
constexpr double kStrongest = 0.1;

// The first letters of a UTF-8 text, with an ellipsis if it is cut.
std::string Shortened(const std::string& text, size_t letters) {
  size_t at = 0;
  size_t end = 0;
  size_t count = 0;
  while (at < text.size()) {
    if (count + 1 == letters) end = at;
    ++count;
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
    if (count > letters) return text.substr(0, end) + "…";
  }
  return text;
}

std::string KindClass(const TreeFunction& function) {
  if (function.inlined && function.kind == FrameKind::kProgram) return "inlined";
  return std::string(ToString(function.kind));
}

// The boxes of one graph. `paint` returns a box's fill, `say` its title.
template <typename Paint, typename Say>
std::string Draw(const FlameRows& rows, const std::vector<double>& widths, const std::string& label,
                 Paint paint, Say say) {
  std::vector<FlameBox> boxes = LayOutFlames(rows.depths, widths, kLeastWidth);
  uint32_t all_rows = 0;
  for (const FlameBox& box : boxes) all_rows = std::max(all_rows, box.depth + 1);
  std::erase_if(boxes, [](const FlameBox& box) { return box.depth >= kMostRows; });
  if (boxes.size() > kMostBoxes) {
    // Keeps the widest boxes. Their callers are at least as wide, so they are kept too.
    std::vector<double> sorted;
    sorted.reserve(boxes.size());
    for (const FlameBox& box : boxes) sorted.push_back(box.width);
    std::nth_element(sorted.begin(), sorted.begin() + kMostBoxes, sorted.end(), std::greater<>());
    const double least = sorted[kMostBoxes];
    std::erase_if(boxes, [least](const FlameBox& box) { return box.width <= least; });
  }
  const uint32_t rows_left_out = all_rows - std::min(all_rows, kMostRows);
  const double height = (all_rows - rows_left_out + (rows_left_out > 0 ? 1 : 0)) * kBatch;
  std::string svg = absl::StrFormat(
      "<svg class=\"flame-still\" viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"%s\">\n", kWidth,
      std::max(height, kBatch), HtmlText(label));
  for (const FlameBox& box : boxes) {
    const TreeFunction& function = rows.tree->FunctionOf(rows.nodes[box.node]);
    absl::StrAppendFormat(&svg,
                          "<rect x=\"%.2f\" y=\"%g\" width=\"%.2f\" height=\"%g\" rx=\"1.5\" "
                          "style=\"fill:%s\"><title>%s</title></rect>\n",
                          box.left * kWidth, box.depth * kBatch, box.width * kWidth, kBatch,
                          paint(box), HtmlText(say(box)));
    const auto letters = static_cast<int>((box.width * kWidth - 6) / kLetter);
    if (letters >= 3) {
      absl::StrAppendFormat(&svg, "<text x=\"%.2f\" y=\"%g\">%s</text>\n", box.left * kWidth + 3.5,
                            box.depth * kBatch + 12.8, HtmlText(Shortened(function.name, letters)));
    }
  }
  if (rows_left_out > 0) {
    absl::StrAppendFormat(&svg,
                          "<text class=\"flame-more\" x=\"3.5\" y=\"%g\">… and deeper frames in "
                          "%d more levels</text>\n",
                          kMostRows * kBatch + 13, rows_left_out);
  }
  absl::StrAppend(&svg, "</svg>\n");
  return svg;
}

std::string Signed(const std::string& text, double value) {
  return value > 0 ? absl::StrCat("+", text) : text;
}

}  // namespace

std::string PercentText(double share) {
  const double value = share * 100;
  return absl::StrFormat("%.*f %%", std::abs(value) >= 10 ? 1 : 2, value);
}

std::string MicrosecondsText(double us) {
  const double size = std::abs(us);
  const int digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3;
  return absl::StrFormat("%.*f µs", digits, us);
}

std::string FlameSvg(const FlameGraph& graph, const FlameRows& rows) {
  const std::vector<StackWeight> totals = graph.tree->Totals();
  const auto say = [&](const FlameBox& box) {
    const uint32_t node = rows.nodes[box.node];
    std::string text =
        absl::StrCat(graph.tree->FunctionOf(node).name, " — ", PercentText(box.width), ", ",
                     CountText(totals[node].samples, "sample"));
    if (graph.requests > 0) {
      absl::StrAppend(&text, ", ",
                      MicrosecondsText(static_cast<double>(totals[node].ns) / 1e3 /
                                       static_cast<double>(graph.requests)),
                      " per request");
    }
    return text;
  };
  const auto paint = [&](const FlameBox& box) {
    if (box.depth == 0) return std::string("var(--group)");
    return absl::StrCat("var(--", KindClass(graph.tree->FunctionOf(rows.nodes[box.node])), ")");
  };
  return Draw(rows, rows.selves[0], absl::StrCat("Flame graph: ", graph.title), paint, say);
}

std::string FlameSvg(const DifferenceGraph& graph, const FlameRows& rows) {
  const ProfileDifference& difference = *graph.difference;
  std::vector<double> widths = rows.selves[0];
  for (size_t i = 0; i < widths.size(); ++i) widths[i] += rows.selves[1][i];
  const double whole = std::max(rows.totals[0][0], rows.totals[1][0]);
  const auto text = [&difference](double value) {
    return difference.has_requests ? MicrosecondsText(value) : PercentText(value);
  };
  const auto say = [&](const FlameBox& box) {
    const uint32_t node = rows.nodes[box.node];
    const double a = rows.totals[0][box.node];
    const double b = rows.totals[1][box.node];
    return absl::StrCat(difference.tree.FunctionOf(node).name, " — ", graph.name_a, " ", text(a),
                        ", ", graph.name_b, " ", text(b), ", ", Signed(text(b - a), b - a),
                        difference.totals[node].significant ? "" : " (may be chance)");
  };
  const auto paint = [&](const FlameBox& box) {
    const ProfileChange& change = difference.totals[rows.nodes[box.node]];
    if (box.depth == 0 || !change.significant) return std::string("var(--same)");
    const double delta = rows.totals[1][box.node] - rows.totals[0][box.node];
    const double strength = std::min(1.0, std::sqrt(std::abs(delta) / whole / kStrongest));
    return absl::StrFormat("color-mix(in srgb,var(--%s) %.0f%%,var(--same))",
                           delta > 0 ? "more" : "less", 25 + 75 * strength);
  };
  return Draw(rows, widths, absl::StrCat("Differential flame graph: ", graph.title), paint, say);
}

}  // namespace assay::controller
