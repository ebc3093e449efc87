#ifndef ASSAY_AGENT_LOADGEN_FATE_H_
#define ASSAY_AGENT_LOADGEN_FATE_H_

#include <cstdint>
#include <string_view>

#include "analysis/sample_codec.h"

namespace assay::loadgen {

// How a request ended. Everything after kTimeout is an error.
enum class Fate : uint8_t {
  kOk,
  kTimeout,
  // An answer came, and it was wrong.
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
inline constexpr int kFates = static_cast<int>(Fate::kOther) + 1;

// How results call it: "reset by peer".
std::string_view FateName(Fate fate);
// What to do about it; empty where the name says it all.
std::string_view FateAdvice(Fate fate);
// Of a failed connect(), send() or recv().
Fate FateOfErrno(int error);
// `status` of the answer, 0 where none came.
SampleOutcome OutcomeOf(Fate fate, int status);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_FATE_H_
