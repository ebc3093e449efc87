#include "controller/campaign/progress.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/standard_streams.h"
#include "common/utf8.h"
#include "controller/plan/cells.h"
#include "controller/results/text_table.h"

namespace assay::controller {
namespace {

std::string Figures(const ExecutionRecord& execution) {
  uint64_t requests = 0;
  int64_t window_ns = 0;
  for (const LoadRecord& load : execution.loads()) {
    requests += load.finished().ok();
    window_ns = std::max(window_ns, load.finished().duration_ns());
  }
  const double rps =
      window_ns > 0 ? static_cast<double>(requests) * 1e9 / static_cast<double>(window_ns) : 0.0;
  std::string text = absl::StrCat(WithThousands(rps), "/s");
  if (execution.has_server() && requests > 0) {
    absl::StrAppendFormat(
        &text, ", server CPU %.2f us a request",
        static_cast<double>(execution.server().cpu_ns()) / 1e3 / static_cast<double>(requests));
  }
  return text;
}

}  // namespace

Progress::Style Progress::StyleFor(bool quiet) {
  if (quiet) return Style::kQuiet;
  return isatty(STDERR_FILENO) != 0 ? Style::kLiveLine : Style::kPlainLines;
}

Progress::~Progress() { Clear(); }

void Progress::Begin(int number, const std::vector<Cell>& cells, uint32_t block, uint32_t blocks,
                     absl::Duration left) {
  const std::string last =
      cells.size() > 1 ? absl::StrCat("-", number + static_cast<int>(cells.size()) - 1) : "";
  step_ =
      absl::StrFormat("[%d%s/%d] block %d of %d: ", number, last, executions_, block + 1, blocks);
  if (style_ == Style::kLiveLine) {
    // The cells differ in the target only.
    const std::string what =
        cells.size() == 1 ? CellText(cells.front())
                          : absl::StrCat(cells.size(), " targets in turn, ",
                                         cells.front().workload(), " ", LevelText(cells.front()));
    Draw(absl::StrCat(step_, what, ", about ",
                      absl::FormatDuration(absl::Ceil(left, absl::Seconds(1))), " left"));
  }
}

void Progress::End(const ExecutionRecord& execution) {
  const std::string step = step_ + CellText(execution.cell());
  if (execution.status() == ExecutionRecord::FAILED) {
    const Failure& failure = execution.failure().failure();
    // Indent text from servers and agents, so that none of its lines looks like a line of the controller.
    const auto print_lines = [this](absl::string_view text, const char* indent) {
      for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
        PrintLine(absl::StrCat(indent, line));
      }
    };
    const std::pair<absl::string_view, absl::string_view> message =
        absl::StrSplit(failure.message(), absl::MaxSplits('\n', 1));
    PrintLine(
        absl::StrCat(step, ": failed at agent ", execution.failure().agent(), ": ", message.first));
    print_lines(message.second, "  ");
    print_lines(failure.difference(), "  ");
    if (!failure.ended().empty()) PrintLine(absl::StrCat("  it ended with ", failure.ended()));
    if (!failure.last_output().empty()) PrintLine("  last output:");
    print_lines(failure.last_output(), "    ");
    return;
  }
  if (style_ != Style::kPlainLines) return;
  std::cerr << TerminalText(step) << ": " << Figures(execution);
  if (execution.disturbed_starts() > 0) {
    std::cerr << " (started " << execution.disturbed_starts() + 1
              << " times: other work disturbed the load's CPUs)";
  }
  std::cerr << std::endl;
}

void Progress::PrintLine(std::string_view line) {
  Clear();
  if (style_ != Style::kQuiet) std::cerr << TerminalText(line) << std::endl;
}

void Progress::Draw(const std::string& line) {
  DrawLine(line);
  drawn_ = true;
}

void Progress::Clear() {
  if (drawn_) DrawLine("");
  drawn_ = false;
}

}  // namespace assay::controller
