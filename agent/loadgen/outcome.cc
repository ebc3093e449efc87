#include "agent/loadgen/outcome.h"

#include <cerrno>

namespace assay::loadgen {

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return "ok";
    case Outcome::kTimeout:
      return "timeout";
    case Outcome::kUnexpectedStatus:
      return "unexpected status";
    case Outcome::kWrongLength:
      return "wrong body length";
    case Outcome::kWrongBody:
      return "wrong body";
    case Outcome::kMalformed:
      return "malformed response";
    case Outcome::kRefused:
      return "connection refused";
    case Outcome::kReset:
      return "reset by peer";
    case Outcome::kClosedEarly:
      return "closed early";
    case Outcome::kConnectTimeout:
      return "connect timed out";
    case Outcome::kUnreachable:
      return "unreachable";
    case Outcome::kSourcePorts:
      return "source ports exhausted";
    case Outcome::kDescriptors:
      return "file descriptors exhausted";
    case Outcome::kNoSocket:
      return "no such socket";
    case Outcome::kLostBehind:
      return "lost behind a failed request";
    case Outcome::kQueueOverflow:
      return "waiting queue overflow";
    case Outcome::kTls:
      return "TLS failure";
    case Outcome::kNotHttp2:
      return "no HTTP/2";
    case Outcome::kStreamReset:
      return "stream reset by peer";
    case Outcome::kNoStreams:
      return "no streams allowed";
    case Outcome::kOther:
      return "connection error";
  }
  return "unknown";
}

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
