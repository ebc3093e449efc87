#include "controller/report/profile_section.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "controller/plan/cells.h"
#include "controller/report/breakdown_section.h"
#include "controller/report/flame_graph.h"
#include "controller/report/html_text.h"
#include "controller/results/difference_breakdown.h"
#include "proto/convert/category_proto.h"

namespace assay::controller {
namespace {

std::string TitleOf(const CellProfiles& cell) {
  return absl::StrCat(cell.cell.target(), ": ", cell.cell.workload(), ", ", LevelText(cell.cell));
}

FlameGraph GraphOf(const CellProfiles& cell, const FunctionTree& tree) {
  FlameGraph graph;
  graph.title = TitleOf(cell);
  graph.subtitle = cell.HowTaken();
  graph.notes = cell.Notes();
  graph.tree = &tree;
  graph.requests = cell.requests();
  if (!cell.has_kernel()) graph.quantity = "CPU time in user space";
  return graph;
}

// Cells that have a profile.
using Cells = std::vector<const CellProfiles*>;

Cells Taken(const std::vector<CellProfiles>& cells) {
  Cells taken;
  for (const CellProfiles& cell : cells) {
    if (!cell.runs.empty()) taken.push_back(&cell);
  }
  return taken;
}

// The target's name if it identifies the cell, otherwise the full name.
std::string NameOf(const CellProfiles& cell, const Cells& cells) {
  const auto same = std::count_if(cells.begin(), cells.end(), [&](const CellProfiles* one) {
    return one->cell.target() == cell.cell.target();
  });
  return same == 1 ? cell.cell.target() : CellText(cell.cell);
}

// A row of costs, with one entry per cell.
struct CostRow {
  std::string name;
  std::vector<std::optional<TimeCost>> costs;
  // Empty, or one entry per cell.
  std::vector<Bound> bounds = {};
  // Calls per request; empty, or one entry per cell.
  std::vector<std::optional<double>> calls;
};

double Largest(const CostRow& row) {
  double most = 0;
  for (const std::optional<TimeCost>& cost : row.costs)
    most = std::max(most, cost.has_value() ? cost->share : 0);
  return most;
}

double MostCalls(const CostRow& row) {
  double most = 0;
  for (const std::optional<double>& calls : row.calls) most = std::max(most, calls.value_or(0));
  return most;
}

// Rows below this share of the CPU in every cell are left out, unless at least this many calls per request were
// counted.
constexpr double kLeastShare = 0.001;
constexpr double kLeastCalls = 0.001;
constexpr char kNotCounted[] = "calls were not counted: ";
// System calls below this share of the time off the CPU are not listed.
constexpr double kLeastOffCpuShare = 0.01;
constexpr size_t kMostChanges = 30;

std::vector<CostRow> CategoryRows(const Cells& cells, const CategoryRules& rules) {
  std::vector<CostRow> rows(kCategories);
  for (size_t c = 0; c < cells.size(); ++c) {
    for (const CategoryCost& one : CategoryCosts(cells[c]->Tree(), rules, cells[c]->requests())) {
      CostRow& row = rows[static_cast<size_t>(one.category)];
      row.name = std::string(ToString(one.category));
      row.costs.resize(cells.size());
      row.costs[c] = one.cost;
      row.bounds.resize(cells.size());
      row.bounds[c] = one.bound;
    }
  }
  rows.erase(std::remove_if(rows.begin(), rows.end(),
                            [](const CostRow& row) { return Largest(row) == 0; }),
             rows.end());
  return rows;
}

std::vector<CostRow> SystemCallRows(const Cells& cells, const CategoryRules& rules) {
  std::map<std::string, CostRow> rows;
  for (size_t c = 0; c < cells.size(); ++c) {
    for (const SystemCallCost& one :
         SystemCallCosts(cells[c]->Tree(), rules, cells[c]->requests(), cells[c]->SystemCalls())) {
      CostRow& row = rows[one.label];
      row.name = one.label;
      row.costs.resize(cells.size());
      row.calls.resize(cells.size());
      row.costs[c] = one.cost;
      row.calls[c] = one.calls_per_request;
    }
  }
  std::vector<CostRow> sorted;
  for (auto& [name, row] : rows) {
    if (Largest(row) >= kLeastShare || MostCalls(row) >= kLeastCalls)
      sorted.push_back(std::move(row));
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const CostRow& a, const CostRow& b) {
    return std::pair(Largest(a), MostCalls(a)) > std::pair(Largest(b), MostCalls(b));
  });
  return sorted;
}

// Cells with counted calls have a column for them.
bool AreCounted(const std::vector<CostRow>& rows, size_t cell) {
  return std::any_of(rows.begin(), rows.end(), [cell](const CostRow& row) {
    return cell < row.calls.size() && row.calls[cell].has_value();
  });
}

std::string CallsText(const CostRow& row, size_t cell) {
  return row.calls[cell].has_value() ? absl::StrFormat("%.3f", *row.calls[cell]) : std::string();
}

std::string BoundText(const CostRow& row, size_t cell) {
  return row.bounds.empty() ? std::string() : std::string(ToString(row.bounds[cell]));
}

std::string ShareText(const CostRow& row, size_t cell) {
  const std::optional<TimeCost>& cost = row.costs[cell];
  return cost.has_value() ? absl::StrFormat("%s%.2f %%", BoundText(row, cell), 100 * cost->share)
                          : std::string();
}

std::string MicrosText(const CostRow& row, size_t cell) {
  const std::optional<TimeCost>& cost = row.costs[cell];
  return cost.has_value() && cost->us_per_request.has_value()
             ? absl::StrFormat("%s%.3f", BoundText(row, cell), *cost->us_per_request)
             : std::string();
}

// Explains ">= ", "<= " and "~ "; empty if no row has one.
std::string BoundsNoteOf(const std::vector<CostRow>& rows) {
  for (const CostRow& row : rows) {
    for (const Bound bound : row.bounds) {
      if (bound != Bound::kExact) return BoundsNote("share");
    }
  }
  return "";
}

// The client's receive path as a share of CPU time per request; empty if not known.
std::string LoopbackText(const CellProfiles& cell, const CategoryRules& rules) {
  const std::optional<LoopbackDelivery> found = LoopbackDeliveryOf(cell, rules);
  if (!found.has_value()) return "";
  std::string text = absl::StrFormat("%.1f %%", 100 * found->delivery.share);
  if (found->cpu_us_per_request.has_value()) {
    text = absl::StrFormat("%.3f of %.3f us per request (%s)", *found->delivery.us_per_request,
                           *found->cpu_us_per_request, text);
  }
  return absl::StrCat("server CPU, same_host: ", text,
                      " is loopback delivery, the client's receive path, which the kernel runs in "
                      "the server's thread only because both share a host");
}

std::string HtmlTable(const std::string& caption, const Cells& cells,
                      const std::vector<CostRow>& rows) {
  std::string html = absl::StrCat("<table class=\"costs\"><caption>", HtmlText(caption),
                                  "</caption><thead><tr><th></th>");
  std::string titles;
  for (size_t i = 0; i < cells.size(); ++i) {
    const bool counted = AreCounted(rows, i);
    absl::StrAppend(&html, "<th colspan=\"", counted ? 3 : 2, "\">", HtmlText(TitleOf(*cells[i])),
                    "</th>");
    const bool all = cells[i]->has_kernel();
    absl::StrAppend(&titles, "<th>share of ", all ? "" : "user ", "CPU</th><th>",
                    all ? "" : "user ", "us/request</th>", counted ? "<th>calls/request</th>" : "");
  }
  absl::StrAppend(&html, "</tr><tr><th></th>", titles, "</tr></thead><tbody>");
  for (const CostRow& row : rows) {
    absl::StrAppend(&html, "<tr><th scope=\"row\">", HtmlText(row.name), "</th>");
    for (size_t i = 0; i < cells.size(); ++i) {
      absl::StrAppend(&html, "<td>", HtmlText(ShareText(row, i)), "</td><td>",
                      HtmlText(MicrosText(row, i)), "</td>");
      if (AreCounted(rows, i)) absl::StrAppend(&html, "<td>", CallsText(row, i), "</td>");
    }
    absl::StrAppend(&html, "</tr>");
  }
  return html + "</tbody></table>";
}

std::string TextTableOf(const std::string& what, const Cells& cells,
                        const std::vector<CostRow>& rows) {
  std::vector<TextTable::Column> columns = {{what, TextTable::Align::kLeft}};
  for (size_t i = 0; i < cells.size(); ++i) {
    const char* const space = cells[i]->has_kernel() ? "" : "user ";
    columns.push_back(
        {absl::StrCat(NameOf(*cells[i], cells), " ", space, "share"), TextTable::Align::kRight});
    columns.push_back({absl::StrCat(space, "us/request"), TextTable::Align::kRight});
    if (AreCounted(rows, i)) columns.push_back({"calls/request", TextTable::Align::kRight});
  }
  TextTable table(columns);
  for (const CostRow& row : rows) {
    std::vector<std::string> fields = {row.name};
    for (size_t i = 0; i < cells.size(); ++i) {
      fields.push_back(ShareText(row, i));
      fields.push_back(MicrosText(row, i));
      if (AreCounted(rows, i)) fields.push_back(CallsText(row, i));
    }
    table.AddRow(fields);
  }
  return table.ToString();
}

// The time off the CPU and its system calls; empty if there was none.
std::string OffCpuText(const CellProfiles& cell, const CategoryRules& rules) {
  const FunctionTree& tree = cell.Tree(StackTime::kOffCpu);
  const StackWeight total = tree.Totals()[FunctionTree::kRoot];
  if (total.samples == 0 || cell.requests() == 0) return "";
  std::string text =
      absl::StrFormat("off the CPU %.3f us per request",
                      static_cast<double>(total.ns) / 1e3 / static_cast<double>(cell.requests()));
  const char* before = ": ";
  for (const SystemCallCost& one : SystemCallCosts(tree, rules, cell.requests(), {})) {
    if (one.cost.share < kLeastOffCpuShare) break;
    absl::StrAppendFormat(&text, "%s%s %.0f %%", before, one.label, 100 * one.cost.share);
    before = ", ";
  }
  return text;
}

std::string FigureText(double value, bool micros) {
  return micros ? absl::StrFormat("%.3f", value) : absl::StrFormat("%.2f %%", 100 * value);
}

// Functions with a significant difference, the largest first.
std::string ChangeTable(const CellProfiles& a, const CellProfiles& b,
                        const ProfileDifference& difference) {
  std::string rows;
  size_t count = 0;
  for (const FunctionChange& change : difference.functions) {
    if (!change.total.significant || count == kMostChanges) continue;
    ++count;
    const MeanDifference& total = change.total.deciding();
    const MeanDifference& self = change.self.deciding();
    const bool micros = change.total.us_per_request.has_value();
    absl::StrAppend(&rows, "<tr><th scope=\"row\">", HtmlText(change.function.name), "</th>");
    for (const double value : {total.a, total.b, total.delta})
      absl::StrAppend(&rows, "<td>", FigureText(value, micros), "</td>");
    absl::StrAppend(&rows, "<td>");
    if (total.low.has_value() && total.high.has_value()) {
      absl::StrAppend(&rows, "[", FigureText(*total.low, micros), ", ",
                      FigureText(*total.high, micros), "]");
    }
    absl::StrAppend(&rows, "</td><td>", FigureText(self.delta, micros), "</td></tr>");
  }
  if (rows.empty()) return rows;
  return absl::StrCat(
      "<div class=\"wide\"><table class=\"costs\"><caption>Functions that differ by more than "
      "chance, ",
      difference.has_requests ? "us/request" : "share of CPU", "</caption><thead><tr><th></th><th>",
      HtmlText(a.cell.target()), "</th><th>", HtmlText(b.cell.target()),
      "</th><th>difference</th><th>95 % interval</th><th>self time, including the "
      "kernel</th></tr></thead><tbody>",
      rows, "</tbody></table></div>");
}

}  // namespace

absl::StatusOr<CategoryRules> LoadCategoryRules() {
  ASSAY_ASSIGN_OR_RETURN(const std::string path,
                         AssayFile("analysis/profile/categories.textproto"));
  ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ParseCategoryRules(text, path);
}

std::string CostTables(const std::vector<CellProfiles>& cells, const CategoryRules& rules) {
  const Cells taken = Taken(cells);
  std::string html = HtmlTable("System calls", taken, SystemCallRows(taken, rules));
  for (const CellProfiles* cell : taken) {
    if (cell->calls_refused.empty()) continue;
    absl::StrAppend(&html, "<p>",
                    HtmlText(absl::StrCat(TitleOf(*cell), ": ", kNotCounted, cell->calls_refused)),
                    "</p>");
  }
  const std::vector<CostRow> categories = CategoryRows(taken, rules);
  absl::StrAppend(&html, HtmlTable("CPU time by category", taken, categories));
  if (const std::string note = BoundsNoteOf(categories); !note.empty())
    absl::StrAppend(&html, "<p>", HtmlText(note), "</p>");
  for (const CellProfiles* cell : taken) {
    const std::string loopback = LoopbackText(*cell, rules);
    if (loopback.empty()) continue;
    absl::StrAppend(&html, "<p>", HtmlText(absl::StrCat(TitleOf(*cell), ": ", loopback)), "</p>");
  }
  return html;
}

std::string CostText(const std::vector<CellProfiles>& cells, const CategoryRules& rules,
                     size_t width) {
  const Cells taken = Taken(cells);
  // As many targets side by side as fit the width.
  const auto tables = [&](size_t group) {
    std::string text;
    for (size_t begin = 0; begin < taken.size(); begin += group) {
      const size_t end = std::min(begin + group, taken.size());
      const Cells some(taken.begin() + static_cast<ptrdiff_t>(begin),
                       taken.begin() + static_cast<ptrdiff_t>(end));
      const std::vector<CostRow> categories = CategoryRows(some, rules);
      absl::StrAppend(&text, begin == 0 ? "" : "\n",
                      TextTableOf("system call", some, SystemCallRows(some, rules)), "\n",
                      TextTableOf("CPU used for", some, categories));
      if (const std::string note = BoundsNoteOf(categories); !note.empty())
        absl::StrAppend(&text, note, "\n");
    }
    return text;
  };
  size_t group = taken.size();
  std::string text = tables(std::max<size_t>(group, 1));
  while (group > 1 && WidestLine(text) > width) text = tables(--group);
  // One line each, even if the names of functions, notes and messages contain line breaks.
  const auto add = [&text](const std::string& line) { text += TerminalText(line) + "\n"; };
  for (const CellProfiles* cell : taken) {
    add(absl::StrCat("profile of ", NameOf(*cell, taken), ": ", cell->HowTaken()));
    if (const std::string loopback = LoopbackText(*cell, rules); !loopback.empty())
      add("  " + loopback);
    if (const std::string off_cpu = OffCpuText(*cell, rules); !off_cpu.empty()) add("  " + off_cpu);
    if (!cell->calls_refused.empty()) add(absl::StrCat("  ", kNotCounted, cell->calls_refused));
    for (const std::string& note : cell->Notes()) add("  " + note);
  }
  for (const CellProfiles& cell : cells) {
    for (const std::string& why : cell.unreadable) add(CellText(cell.cell) + ": " + why);
    if (cell.refused.empty()) continue;
    add(absl::StrCat("no profile of ", cell.cell.target(), ": ", cell.Refusal()));
  }
  return text;
}

std::string ProfileFragments(const CellProfiles& cell) {
  std::string html = FlameGraphFragment(GraphOf(cell, cell.Tree()));
  const FunctionTree& off_cpu = cell.Tree(StackTime::kOffCpu);
  if (off_cpu.Totals()[FunctionTree::kRoot].samples == 0) return html;
  FlameGraph graph = GraphOf(cell, off_cpu);
  graph.quantity = "time off the CPU";
  absl::StrAppend(&graph.title, ", ", graph.quantity);
  return html + FlameGraphFragment(graph);
}

absl::StatusOr<std::string> DifferenceFragments(const ProfilePair& pair,
                                                const CategoryRules& rules) {
  const CellProfiles& a = *pair.baseline;
  const CellProfiles& b = *pair.other;
  DifferenceGraph graph;
  graph.subtitle =
      absl::StrCat(a.cell.target(), ": ", a.HowTaken(), "; ", b.cell.target(), ": ", b.HowTaken());
  graph.name_a = a.cell.target();
  graph.name_b = b.cell.target();
  std::string html;
  for (const auto& [by, name] : {std::pair(CompareBy::kCategories, "by category"),
                                 std::pair(CompareBy::kSystemCalls, "by system call, bottom up"),
                                 std::pair(CompareBy::kStacks, "whole stacks")}) {
    ASSAY_ASSIGN_OR_RETURN(const ProfileDifference difference, CompareCells(a, b, by, rules));
    if (html.empty() && !difference.enough_runs) {
      absl::StrAppend(&graph.subtitle, "; fewer than ", RunBootstrap::kLeastRuns,
                      " runs each, so differences are not tested");
    }
    graph.title = absl::StrCat(TitleOf(pair), ", ", name);
    graph.difference = &difference;
    absl::StrAppend(&html, FlameGraphFragment(graph));
  }
  ASSAY_ASSIGN_OR_RETURN(const ProfileDifference functions,
                         CompareCells(a, b, CompareBy::kOwnFunctions, rules));
  const absl::StatusOr<DifferenceBreakdown> breakdown = BreakDown(a, b, rules);
  const std::string made_of =
      breakdown.ok() ? BreakdownFragment(pair, *breakdown)
                     : absl::StrCat("<p>", HtmlText(breakdown.status().message()), "</p>");
  return absl::StrCat(made_of, ChangeTable(a, b, functions), html);
}

std::string ProfilePage(const CellProfiles& cell) {
  return FlameGraphPage(TitleOf(cell), {ProfileFragments(cell)});
}

absl::StatusOr<std::string> DifferencePage(const ProfilePair& pair, const CategoryRules& rules) {
  ASSAY_ASSIGN_OR_RETURN(std::string fragments, DifferenceFragments(pair, rules));
  return FlameGraphPage(TitleOf(pair), {std::move(fragments)});
}

}  // namespace assay::controller
