#include "agent/loadgen/outcome.h"

#include <array>
#include <cerrno>
#include <cstddef>

#include "proto/agent.pb.h"

namespace assay::loadgen {

namespace {

struct Names {
  Outcome outcome;
  std::string_view name;
  OutcomeCount::Outcome proto;
};

// In the order of Outcome.
constexpr std::array<Names, kOutcomes> kNames = {{
    {Outcome::kOk, "ok", OutcomeCount::OK},
    {Outcome::kTimeout, "timeout", OutcomeCount::TIMED_OUT},
    {Outcome::kUnexpectedStatus, "unexpected status", OutcomeCount::UNEXPECTED_STATUS},
    {Outcome::kWrongLength, "wrong body length", OutcomeCount::WRONG_LENGTH},
    {Outcome::kWrongBody, "wrong body", OutcomeCount::WRONG_BODY},
    {Outcome::kMalformed, "malformed response", OutcomeCount::MALFORMED_RESPONSE},
    {Outcome::kRefused, "connection refused", OutcomeCount::CONNECTION_REFUSED},
    {Outcome::kReset, "reset by peer", OutcomeCount::CONNECTION_RESET},
    {Outcome::kClosedEarly, "closed early", OutcomeCount::CLOSED_EARLY},
    {Outcome::kConnectTimeout, "connect timed out", OutcomeCount::CONNECT_TIMED_OUT},
    {Outcome::kUnreachable, "unreachable", OutcomeCount::UNREACHABLE},
    {Outcome::kSourcePorts, "source ports exhausted", OutcomeCount::SOURCE_PORTS_EXHAUSTED},
    {Outcome::kDescriptors, "file descriptors exhausted", OutcomeCount::DESCRIPTORS_EXHAUSTED},
    {Outcome::kNoSocket, "no such socket", OutcomeCount::NO_SUCH_SOCKET},
    {Outcome::kLostBehind, "lost behind a failed request",
     OutcomeCount::LOST_BEHIND_FAILED_REQUEST},
    {Outcome::kQueueOverflow, "waiting queue overflow", OutcomeCount::QUEUE_OVERFLOW},
    {Outcome::kTls, "TLS failure", OutcomeCount::TLS_FAILURE},
    {Outcome::kNotHttp2, "no HTTP/2", OutcomeCount::NO_HTTP2},
    {Outcome::kStreamReset, "stream reset by peer", OutcomeCount::STREAM_RESET},
    {Outcome::kNoStreams, "no streams allowed", OutcomeCount::NO_STREAMS_ALLOWED},
    {Outcome::kOther, "connection error", OutcomeCount::OTHER_CONNECTION_ERROR},
}};

constexpr bool InOrder() {
  for (int i = 0; i < kOutcomes; ++i) {
    if (kNames[i].outcome != static_cast<Outcome>(i)) return false;
  }
  return true;
}
static_assert(InOrder());

const Names& NamesOf(Outcome outcome) { return kNames[static_cast<size_t>(outcome)]; }

}  // namespace

std::string_view OutcomeName(Outcome outcome) { return NamesOf(outcome).name; }

OutcomeCount::Outcome OutcomeProto(Outcome outcome) { return NamesOf(outcome).proto; }

std::string_view OutcomeAdvice(Outcome outcome) {
  switch (outcome) {
    case Outcome::kRefused:
      return "does a server listen there?";
    case Outcome::kConnectTimeout:
      return "does the server accept, and is its listen queue (net.core.somaxconn) long enough?";
    case Outcome::kSourcePorts:
      return "wait a minute for closed connections to be forgotten, widen "
             "net.ipv4.ip_local_port_range, or use fewer connections";
    case Outcome::kDescriptors:
      return "raise the limit of open files (ulimit -n)";
    case Outcome::kNoSocket:
      return "does the path name a listening unix socket?";
    case Outcome::kQueueOverflow:
      return "offer less, or give it more --connections";
    case Outcome::kTls:
      return "does the server speak TLS there, 1.2 or later, and the protocol that was asked for?";
    case Outcome::kNotHttp2:
      return "does the server speak HTTP/2 there, over http:// by prior knowledge, over https:// "
             "by ALPN?";
    case Outcome::kNoStreams:
      return "the server's SETTINGS_MAX_CONCURRENT_STREAMS is 0; does it still accept requests?";
    default:
      return "";
  }
}

Outcome OutcomeOfErrno(int error) {
  switch (error) {
    case ECONNREFUSED:
      return Outcome::kRefused;
    case ECONNRESET:
    case EPIPE:
      return Outcome::kReset;
    case ETIMEDOUT:
      return Outcome::kConnectTimeout;
    case EADDRNOTAVAIL:
      return Outcome::kSourcePorts;
    case EHOSTUNREACH:
    case ENETUNREACH:
      return Outcome::kUnreachable;
    case EMFILE:
    case ENFILE:
      return Outcome::kDescriptors;
    case ENOENT:
    case ENOTSOCK:
      return Outcome::kNoSocket;
    case EPROTO:
      return Outcome::kTls;
    default:
      return Outcome::kOther;
  }
}

SampleOutcome OutcomeOf(Outcome outcome, int status) {
  if (outcome == Outcome::kOk) return SampleOutcome::kOk;
  if (outcome == Outcome::kTimeout) return SampleOutcome::kTimeout;
  const int status_class = status / 100;
  if (outcome <= Outcome::kMalformed && status_class >= 1 && status_class <= 5) {
    return static_cast<SampleOutcome>(status_class);
  }
  return SampleOutcome::kConnectionError;
}

}  // namespace assay::loadgen
