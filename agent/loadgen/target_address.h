#ifndef ASSAY_AGENT_LOADGEN_TARGET_ADDRESS_H_
#define ASSAY_AGENT_LOADGEN_TARGET_ADDRESS_H_

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::loadgen {

// Where the load goes: HOST:PORT, [V6]:PORT, unix:PATH, or a URL http://HOST[:PORT][/path] or https://.
struct TargetAddress {
  struct Place {
    sockaddr_storage address{};
    socklen_t length = 0;
  };
  Place place;
  // Further addresses of the name, in the resolver's order: localhost is ::1 and 127.0.0.1, and servers often
  // listen on one of them only. FirstThatAccepts() of dial.h chooses.
  std::vector<Place> others;
  // As the user gave it, for messages.
  std::string text;
  // A name or an IP address without brackets; "localhost" for a unix socket.
  std::string host;
  // For the Host header: "127.0.0.1:9000", "[::1]:9000", "localhost" for a unix socket.
  std::string authority;
  // Path and query of a URL, which begins with '/'; empty when it has neither.
  std::string path;
  // https://
  bool tls = false;

  // Resolves names by the system's resolver, which may block.
  // kInvalidArgument with what was expected, kUnavailable when a name has no address.
  static absl::StatusOr<TargetAddress> Parse(std::string_view text);
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_TARGET_ADDRESS_H_
