#include "controller/gates/failure_counts.h"

#include <string>
#include <string_view>
#include <utility>

namespace assay::controller {
namespace {

// The names that agents of 2026-11 and earlier gave to the outcomes that gates judge.
constexpr std::pair<std::string_view, OutcomeCount::Outcome> kOldNames[] = {
    {"unexpected status", OutcomeCount::UNEXPECTED_STATUS},
    {"wrong body length", OutcomeCount::WRONG_LENGTH},
    {"wrong body", OutcomeCount::WRONG_BODY},
    {"malformed response", OutcomeCount::MALFORMED_RESPONSE},
    {"malformed answer", OutcomeCount::MALFORMED_RESPONSE},
    {"waiting queue overflow", OutcomeCount::QUEUE_OVERFLOW},
};

OutcomeCount::Outcome OutcomeOfOldName(std::string_view kind) {
  for (const auto& [name, outcome] : kOldNames) {
    if (name == kind) return outcome;
  }
  return OutcomeCount::OTHER_CONNECTION_ERROR;
}

void Add(OutcomeCount::Outcome outcome, uint64_t count, FailureCounts* counts) {
  counts->reported.push_back(count);
  switch (outcome) {
    case OutcomeCount::UNEXPECTED_STATUS:
    case OutcomeCount::WRONG_LENGTH:
    case OutcomeCount::WRONG_BODY:
    case OutcomeCount::MALFORMED_RESPONSE:
      counts->wrong_responses += count;
      break;
    case OutcomeCount::QUEUE_OVERFLOW:
      counts->queue_overflows += count;
      break;
    default:
      break;
  }
}

}  // namespace

FailureCounts FailureCountsOf(const LoadFinished& finished) {
  FailureCounts counts;
  for (const OutcomeCount& one : finished.outcomes()) Add(one.outcome(), one.count(), &counts);
  if (finished.outcomes_size() > 0) return counts;
  for (const auto& [kind, count] : finished.error_kinds()) {
    Add(OutcomeOfOldName(kind), count, &counts);
  }
  return counts;
}

}  // namespace assay::controller
