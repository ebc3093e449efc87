#ifndef ASSAY_CONTROLLER_CAMPAIGN_PROGRESS_H_
#define ASSAY_CONTROLLER_CAMPAIGN_PROGRESS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "proto/results.pb.h"

namespace assay::controller {

// Prints the progress of a campaign to standard error. A terminal shows one line that changes in place; other
// outputs get one line for each execution. A failure always gets its own line.
class Progress {
 public:
  enum class Style { kLiveLine, kPlainLines, kQuiet };

  // kQuiet if `quiet`, else kLiveLine if standard error is a terminal, else kPlainLines.
  static Style StyleFor(bool quiet);

  Progress(Style style, int executions) : style_(style), executions_(executions) {}
  // Clears the live line.
  ~Progress();

  // Shows that the executions of these cells begin, which are made together. The first has `number`, counted from 1.
  // `left` is the estimated time until the campaign ends.
  void Begin(int number, const std::vector<Cell>& cells, uint32_t block, uint32_t blocks,
             absl::Duration left);
  // Shows that one of these executions ended.
  void End(const ExecutionRecord& execution);
  // Prints a line that stays, such as a skipped target or a failure.
  void PrintLine(std::string_view line);

 private:
  void Draw(const std::string& line);
  void Clear();

  const Style style_;
  const int executions_;
  // What runs, without its cells.
  std::string step_;
  bool drawn_ = false;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_PROGRESS_H_
