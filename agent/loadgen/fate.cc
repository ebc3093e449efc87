#include "agent/loadgen/fate.h"

#include <cerrno>

namespace assay::loadgen {

std::string_view FateName(Fate fate) {
  switch (fate) {
    case Fate::kOk:
      return "ok";
    case Fate::kTimeout:
      return "timeout";
    case Fate::kUnexpectedStatus:
      return "unexpected status";
    case Fate::kWrongLength:
      return "wrong body length";
    case Fate::kWrongBody:
      return "wrong body";
    case Fate::kMalformed:
      return "malformed answer";
    case Fate::kRefused:
      return "connection refused";
    case Fate::kReset:
      return "reset by peer";
    case Fate::kClosedEarly:
      return "closed early";
    case Fate::kConnectTimeout:
      return "connect timed out";
    case Fate::kUnreachable:
      return "unreachable";
    case Fate::kSourcePorts:
      return "source ports exhausted";
    case Fate::kDescriptors:
      return "file descriptors exhausted";
    case Fate::kNoSocket:
      return "no such socket";
    case Fate::kLostBehind:
      return "lost behind a failed request";
    case Fate::kQueueOverflow:
      return "waiting queue overflow";
    case Fate::kTls:
      return "TLS failure";
    case Fate::kNotHttp2:
      return "no HTTP/2";
    case Fate::kStreamReset:
      return "stream reset by peer";
    case Fate::kNoStreams:
      return "no streams allowed";
    case Fate::kOther:
      return "connection error";
  }
  return "unknown";
}

std::string_view FateAdvice(Fate fate) {
  switch (fate) {
    case Fate::kRefused:
      return "does a server listen there?";
    case Fate::kConnectTimeout:
      return "does the server accept, and is its listen queue (net.core.somaxconn) long enough?";
    case Fate::kSourcePorts:
      return "wait a minute for closed connections to be forgotten, widen "
             "net.ipv4.ip_local_port_range, or use fewer connections";
    case Fate::kDescriptors:
      return "raise the limit of open files (ulimit -n)";
    case Fate::kNoSocket:
      return "does the path name a listening unix socket?";
    case Fate::kQueueOverflow:
      return "offer less, or give it more --connections";
    case Fate::kTls:
      return "does the server speak TLS there, 1.2 or later, and the protocol that was asked for?";
    case Fate::kNotHttp2:
      return "does the server speak HTTP/2 there, over http:// by prior knowledge, over https:// "
             "by ALPN?";
    case Fate::kNoStreams:
      return "the server's SETTINGS_MAX_CONCURRENT_STREAMS is 0; does it still accept requests?";
    default:
      return "";
  }
}

Fate FateOfErrno(int error) {
  switch (error) {
    case ECONNREFUSED:
      return Fate::kRefused;
    case ECONNRESET:
    case EPIPE:
      return Fate::kReset;
    case ETIMEDOUT:
      return Fate::kConnectTimeout;
    case EADDRNOTAVAIL:
      return Fate::kSourcePorts;
    case EHOSTUNREACH:
    case ENETUNREACH:
      return Fate::kUnreachable;
    case EMFILE:
    case ENFILE:
      return Fate::kDescriptors;
    case ENOENT:
    case ENOTSOCK:
      return Fate::kNoSocket;
    case EPROTO:
      return Fate::kTls;
    default:
      return Fate::kOther;
  }
}

SampleOutcome OutcomeOf(Fate fate, int status) {
  if (fate == Fate::kOk) return SampleOutcome::kOk;
  if (fate == Fate::kTimeout) return SampleOutcome::kTimeout;
  const int status_class = status / 100;
  if (fate <= Fate::kMalformed && status_class >= 1 && status_class <= 5) {
    return static_cast<SampleOutcome>(status_class);
  }
  return SampleOutcome::kConnectionError;
}

}  // namespace assay::loadgen
