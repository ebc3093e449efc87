#include "controller/results/threshold_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/number_text.h"
#include "controller/plan/cells.h"
#include "controller/results/text_table.h"

namespace assay::controller {
namespace {

// A ratio as a difference with its interval: "+3.1 % [+1.0, +5.2]".
std::string DifferenceText(const Estimate& ratio) {
  const auto percent = [](double value) { return 100 * (value - 1); };
  std::string text = absl::StrFormat("%+.1f %%", percent(ratio.estimate));
  if (ratio.low.has_value() && ratio.high.has_value()) {
    absl::StrAppendFormat(&text, " [%+.1f, %+.1f]", percent(*ratio.low), percent(*ratio.high));
  }
  return text;
}

const char* OutcomeText(const ThresholdResult& one) {
  if (!one.met) return "threshold missed: ";
  return one.certain ? "threshold met: " : "threshold not decided: ";
}

std::string Subject(const ThresholdResult& one) {
  return absl::StrCat(one.threshold.metric(), " of ", CellText(one.cell));
}

std::string LimitText(const Threshold& threshold) {
  if (threshold.has_regression_percent()) {
    return absl::StrCat("may be worse by at most ", NumberText(threshold.regression_percent()),
                        " %");
  }
  std::string text;
  if (threshold.has_max()) absl::StrAppend(&text, ", at most ", NumberText(threshold.max()));
  if (threshold.has_min()) absl::StrAppend(&text, ", at least ", NumberText(threshold.min()));
  return text;
}

std::string RegressionText(const ThresholdResult& one) {
  const std::string metric = Subject(one);
  const std::string limit = LimitText(one.threshold);
  if (one.compared_with.empty()) {
    return absl::StrCat("threshold not decided: ", metric, " ", limit,
                        ", but the store has no comparable earlier campaign");
  }
  if (!one.regression.has_value()) {
    return absl::StrCat("threshold not decided: ", metric, " ", limit, " than in campaign ",
                        one.compared_with, ", but is not known in both");
  }
  std::string line = absl::StrCat(
      one.certain ? OutcomeText(one) : "threshold not decided: ", metric, " differs by ",
      DifferenceText(one.regression->ratio), " from campaign ", one.compared_with, " and ", limit);
  if (!one.certain) {
    absl::StrAppend(&line,
                    one.regression->ratio.low.has_value()
                        ? "; the limit lies in the interval: measure more blocks"
                        : "; there are too few executions for an interval, or they are windows "
                          "of one running server");
  }
  absl::StrAppend(&line, one.changes.empty()
                             ? "; nothing that is recorded of server and hosts changed since then"
                             : absl::StrCat("; changed since then: ", ToText(one.changes)));
  return line;
}

}  // namespace

std::string ThresholdName(const ThresholdResult& one) {
  return absl::StrCat(Subject(one), one.threshold.has_regression_percent() ? " " : "",
                      LimitText(one.threshold));
}

std::string ThresholdText(const ThresholdResult& one) {
  if (one.threshold.has_regression_percent()) return RegressionText(one);
  std::string text = absl::StrCat(OutcomeText(one), Subject(one), " is ",
                                  one.value.has_value() ? FourDigits(*one.value) : "not known",
                                  LimitText(one.threshold));
  if (one.met && !one.certain) {
    absl::StrAppend(&text, one.lower_bound
                               ? ", but the server was not the limit, so it may be higher"
                               : ", and the limit lies in its interval: measure more blocks");
  }
  return text;
}

}  // namespace assay::controller
