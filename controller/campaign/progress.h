#ifndef ASSAY_CONTROLLER_CAMPAIGN_PROGRESS_H_
#define ASSAY_CONTROLLER_CAMPAIGN_PROGRESS_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "proto/results.pb.h"

namespace assay::controller {

// What a person sees while a campaign runs, on standard error: on a terminal a line that changes in
// place, elsewhere a plain line a step. Failures always get a line that stays.
class Progress {
 public:
  enum class Style { kLiveLine, kPlainLines, kQuiet };

  // kLiveLine where standard error is a terminal.
  static Style StyleFor(bool quiet);

  Progress(Style style, int executions) : style_(style), executions_(executions) {}
  // Takes the live line away.
  ~Progress();

  // Execution `number` of all, from 1, begins; `left` is the estimated rest of the campaign.
  void Begin(int number, const Cell& cell, uint32_t block, uint32_t blocks, absl::Duration left);
  // The same one ended.
  void End(const ExecutionRecord& execution);
  // A line that stays: what was skipped, what failed.
  void Say(std::string_view line);

 private:
  void Draw(const std::string& line);
  void Clear();

  const Style style_;
  const int executions_;
  std::string step_;
  bool drawn_ = false;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_PROGRESS_H_
