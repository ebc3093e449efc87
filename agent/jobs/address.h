#ifndef ASSAY_AGENT_JOBS_ADDRESS_H_
#define ASSAY_AGENT_JOBS_ADDRESS_H_

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace assay::agent {

// "HOST:PORT" or "[V6]:PORT", taken apart.
struct HostPort {
  // Without brackets; a name or a numeric address, never empty.
  std::string host;
  uint16_t port = 0;

  // kInvalidArgument says what is missing. A port of 0 is allowed: who asks knows what it means.
  static absl::StatusOr<HostPort> Parse(std::string_view text);
  // With brackets where the host has a colon.
  std::string ToString() const;
};

// One numeric IP address. IPv4 is held as IPv4-mapped IPv6, so that both spellings are equal.
class IpAddress {
 public:
  // Numeric ones only. kInvalidArgument.
  static absl::StatusOr<IpAddress> Parse(std::string_view text);
  // All addresses of a name or numeric address, by the system's resolver: blocks. kNotFound with the resolver's words.
  // Addresses that hold only on one interface (fe80::1%eth0) are left out: without the interface they name another host.
  static absl::StatusOr<std::vector<IpAddress>> Resolve(const std::string& host);

  bool IsLoopback() const;
  // 0.0.0.0 or ::.
  bool IsWildcard() const;
  // fe80::/10, which names a host only together with an interface.
  bool IsLinkLocalV6() const;
  bool IsV4() const;
  // Without brackets; IPv4 as dotted numbers.
  std::string ToString() const;
  // The first `bits` of the 128; IPv4 has 96 bits before its own.
  bool SharesPrefix(const IpAddress& other, int bits) const;

  bool operator==(const IpAddress& other) const = default;

 private:
  std::array<uint8_t, 16> bytes_{};
};

// A network, "10.1.0.0/16", "fd00::/8", or one address.
class Cidr {
 public:
  // kInvalidArgument says what is wrong; bits set behind the prefix are.
  static absl::StatusOr<Cidr> Parse(std::string_view text);
  bool Contains(const IpAddress& address) const { return network_.SharesPrefix(address, bits_); }

 private:
  IpAddress network_;
  // Of 128.
  int bits_ = 128;
};

// A port of `host` (numeric) that nobody listens on, outside the range that the kernel takes source ports from: a
// connection to a server that has gone could otherwise meet itself. kResourceExhausted when none is found.
absl::StatusOr<uint16_t> FreePort(const std::string& host);

// A socket that listens at `host` (numeric), nonblocking; port 0 picks one. :: takes IPv4 too, where the host has it.
// kAlreadyExists: the port is in use. Other errors with errno's text: the address is not of this host, the port needs
// privileges.
absl::StatusOr<UniqueFd> ListenOn(const std::string& host, uint16_t port);
// Whether a server could listen there now; errors as ListenOn().
absl::Status CanListen(const std::string& host, uint16_t port);

// Whether somebody accepts connections at a numeric address. Blocks, at most a second.
bool AcceptsConnections(const HostPort& address);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_ADDRESS_H_
