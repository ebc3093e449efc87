#include "controller/campaign/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/utf8.h"
#include "controller/plan/cells.h"
#include "controller/results/text_table.h"

namespace assay {
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

size_t TerminalColumns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

Progress::Style Progress::StyleFor(bool quiet) {
  if (quiet) return Style::kQuiet;
  return isatty(STDERR_FILENO) != 0 ? Style::kLiveLine : Style::kPlainLines;
}

Progress::~Progress() { Clear(); }

void Progress::Begin(int number, const Cell& cell, uint32_t block, uint32_t blocks,
                     absl::Duration left) {
  step_ = absl::StrFormat("[%d/%d] block %d of %d: %s", number, executions_, block + 1, blocks,
                          CellText(cell));
  if (style_ == Style::kLiveLine) {
    Draw(absl::StrCat(step_, ", about ", absl::FormatDuration(absl::Ceil(left, absl::Seconds(1))),
                      " left"));
  }
}

void Progress::End(const ExecutionRecord& execution) {
  if (execution.status() == ExecutionRecord::FAILED) {
    const Failure& failure = execution.failure().failure();
    std::string text = absl::StrCat(step_, ": failed at agent ", execution.failure().agent(), ": ",
                                    failure.message());
    if (!failure.difference().empty()) absl::StrAppend(&text, "\n", failure.difference());
    if (!failure.ended().empty()) absl::StrAppend(&text, "\n  it ended with ", failure.ended());
    if (!failure.last_words().empty()) {
      absl::StrAppend(&text, "\n  its last words:");
      for (const absl::string_view line :
           absl::StrSplit(failure.last_words(), '\n', absl::SkipEmpty())) {
        absl::StrAppend(&text, "\n    ", line);
      }
    }
    return Say(text);
  }
  if (style_ != Style::kPlainLines) return;
  std::cerr << TerminalText(step_) << ": " << Figures(execution);
  if (execution.disturbed_starts() > 0) {
    std::cerr << " (begun " << execution.disturbed_starts() + 1
              << " times: the load's CPU was not left alone)";
  }
  std::cerr << std::endl;
}

void Progress::Say(std::string_view line) {
  Clear();
  if (style_ != Style::kQuiet) std::cerr << TerminalLines(line) << std::endl;
}

void Progress::Draw(const std::string& line) {
  const size_t columns = TerminalColumns();
  std::cerr << "\r\033[K" << CutAtCharacter(TerminalText(line), columns - 1) << std::flush;
  drawn_ = true;
}

void Progress::Clear() {
  if (drawn_) std::cerr << "\r\033[K" << std::flush;
  drawn_ = false;
}

}  // namespace assay
