#include "controller/verdict/verdict_text.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/number_text.h"
#include "common/utf8.h"
#include "controller/results/text_table.h"
#include "controller/verdict/forest.h"
#include "controller/verdict/verdict_words.h"

namespace assay::controller {
namespace {

using Align = TextTable::Align;

constexpr size_t kFewestColumns = 60;
constexpr size_t kWideColumns = 140;
constexpr size_t kLongestName = 36;

std::string Padded(std::string text, size_t width) {
  text = Shortened(text, width);
  const size_t length = WidestLine(text);
  return text + std::string(width - std::min(width, length), ' ');
}

// One row of the drawing: the limits behind, then the interval.
std::string Drawing(const ForestRow& row, const Forest& forest, size_t width) {
  std::string line(width, ' ');
  const auto column = [&](double log_ratio) {
    return static_cast<size_t>(
        std::lround(forest.Share(log_ratio) * static_cast<double>(width - 1)));
  };
  for (const double side : {-1.0, 1.0}) {
    line[column(side * forest.zone)] = ':';
    line[column(side * forest.floor)] = '.';
  }
  line[column(0)] = '|';
  if (row.low.has_value()) {
    const size_t from = column(*row.low);
    const size_t to = column(*row.high);
    std::fill(line.begin() + static_cast<std::ptrdiff_t>(from),
              line.begin() + static_cast<std::ptrdiff_t>(to) + 1, '=');
    line[from] = '[';
    line[to] = ']';
  }
  line[column(row.estimate)] = 'o';
  return line;
}

std::string Table(const CampaignVerdict& verdict, TextWidth width) {
  TextTable table({{"comparison", Align::kLeft},
                   {"level", Align::kLeft},
                   {"metric", Align::kLeft},
                   {"change", Align::kRight},
                   {"verdict", Align::kRight},
                   {"blocks", Align::kRight, true},
                   {"needed", Align::kRight, true}});
  for (const ComparisonWords& one : ComparisonsOf(verdict)) {
    table.AddRow(
        {one.sides, one.place, one.metric, one.change, one.verdict, one.blocks, one.needed});
  }
  return absl::StrCat(table.ToString(width == TextWidth::kWide ? kAnyWidth : kTextColumns),
                      FamilyText(verdict), "\n");
}

std::string ServersText(const CampaignVerdict& verdict) {
  if (verdict.campaigns.size() < 2) return "";
  if (verdict.servers.empty()) {
    return "version, build id and options of the servers do not differ\n";
  }
  std::string text = absl::StrCat("what differs between the servers of ", verdict.campaigns[0],
                                  " and ", verdict.campaigns[1], ":\n");
  for (const ServerDifference& one : verdict.servers) {
    absl::StrAppend(&text, TerminalText(absl::StrCat("  ", one.label, ", ", ToText(one.change))),
                    "\n");
  }
  return text;
}

std::string EnvironmentText(const CampaignVerdict& verdict) {
  if (verdict.campaigns.size() < 2) return "";
  if (verdict.environment.empty()) return "the hosts' environments do not differ\n";
  std::string text = absl::StrCat("what differs between the hosts of ", verdict.campaigns[0],
                                  " and ", verdict.campaigns[1], ":\n");
  for (const EnvironmentDifference& one : verdict.environment) {
    const auto value = [](const std::string& fact) { return fact.empty() ? "(none)" : fact; };
    absl::StrAppend(&text,
                    TerminalText(absl::StrCat("  ", one.role, " ", one.key, ": ", value(one.first),
                                              " -> ", value(one.second))),
                    "\n");
  }
  return text;
}

}  // namespace

std::string SentencesText(const CampaignVerdict& verdict, TextWidth width) {
  std::string text;
  for (const std::string& sentence : SentencesOf(verdict))
    absl::StrAppend(&text, TerminalText(sentence), "\n");
  return Fitted(text, width);
}

std::string ForestPlot(const CampaignVerdict& verdict, size_t columns) {
  const Forest forest = ForestOf(verdict);
  if (forest.rows.empty()) return "";
  columns = std::max(columns, kFewestColumns);
  size_t name = 0;
  size_t result = 0;
  for (const ForestRow& row : forest.rows) {
    name = std::max(name, WidestLine(TerminalText(row.name)));
    result = std::max(result, WidestLine(row.result));
  }
  name = std::min(name, kLongestName);
  constexpr size_t kGaps = 4;
  constexpr size_t kNarrowestDrawing = 20;
  const size_t used = name + result + kGaps;
  const size_t width = std::max(kNarrowestDrawing, columns - std::min(columns, used));
  name = std::min(name, columns - std::min(columns, result + kGaps + width));
  std::string text;
  for (const ForestRow& row : forest.rows) {
    absl::StrAppend(&text, Padded(TerminalText(row.name), name), "  ", Drawing(row, forest, width),
                    "  ", row.result, "\n");
  }
  const std::string legend = absl::StrFormat(
      "  | no difference   . floor, %.0f %%   : zone, %.0f %%   [=o=] estimate and interval\n",
      100 * std::expm1(forest.floor), 100 * std::expm1(forest.zone));
  return absl::StrCat(text, Wrapped(legend, columns));
}

std::string ToText(const CampaignVerdict& verdict, TextWidth width) {
  const bool wide = width == TextWidth::kWide;
  std::string text = SentencesText(verdict, width);
  for (const std::string& part :
       {ForestPlot(verdict, wide ? kWideColumns : kTextColumns),
        Fitted(Table(verdict, width), width), Fitted(ServersText(verdict), width),
        Fitted(EnvironmentText(verdict), width)}) {
    if (!part.empty()) absl::StrAppend(&text, "\n", part);
  }
  return text;
}

}  // namespace assay::controller
