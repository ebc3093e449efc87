#ifndef ASSAY_AGENT_LOADGEN_OUTCOME_H_
#define ASSAY_AGENT_LOADGEN_OUTCOME_H_

#include <cstdint>
#include <string_view>

#include "analysis/sample_codec.h"

namespace assay {
// OutcomeCount::Outcome of proto/agent.proto, which the load threads do not include.
enum OutcomeCount_Outcome : int;  // NOLINT(readability-identifier-naming): protoc names it.
}  // namespace assay

namespace assay::loadgen {

// How a request ended. Everything after kTimeout is an error.
enum class Outcome : uint8_t {
  kOk,
  kTimeout,
  // A response came, and it was wrong.
  kUnexpectedStatus,
  kWrongLength,
  kWrongBody,
  kMalformed,
  // None came.
  kRefused,
  kReset,
  kClosedEarly,
  kConnectTimeout,
  kUnreachable,
  kSourcePorts,
  kDescriptors,
  kNoSocket,
  kLostBehind,
  kQueueOverflow,
  kTls,
  kNotHttp2,
  kStreamReset,
  kNoStreams,
  kOther,
};
inline constexpr int kOutcomes = static_cast<int>(Outcome::kOther) + 1;

// How results call it: "reset by peer".
std::string_view OutcomeName(Outcome outcome);
// How LoadFinished.outcomes calls it.
OutcomeCount_Outcome OutcomeProto(Outcome outcome);
// What to do about it; empty where the name says it all.
std::string_view OutcomeAdvice(Outcome outcome);
// Of a failed connect(), send() or recv().
Outcome OutcomeOfErrno(int error);
// `status` of the response, 0 where none came.
SampleOutcome OutcomeOf(Outcome outcome, int status);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_OUTCOME_H_
