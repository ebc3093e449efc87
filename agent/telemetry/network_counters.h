#ifndef ASSAY_AGENT_TELEMETRY_NETWORK_COUNTERS_H_
#define ASSAY_AGENT_TELEMETRY_NETWORK_COUNTERS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay {

// Counters of the network stack by name, as "TcpExt.ListenOverflows" or "Tcp.RetransSegs": of this network namespace
// since it began, whoever caused them.
using NetworkCounters = std::map<std::string, int64_t>;

// Reads the pairs of lines of /proc/net/netstat and /proc/net/snmp ("Tcp: InSegs OutSegs", "Tcp: 5 7").
// kInvalidArgument when a line has no partner or the two differ in length.
absl::StatusOr<NetworkCounters> ParseNetworkCounters(std::string_view text);

// Those of both files, now.
absl::StatusOr<NetworkCounters> ReadNetworkCounters();

// What was counted between two readings; counters that did not move are left out, and so are gauges, which go down
// (as "Tcp.CurrEstab") or are settings (as "Tcp.RtoMax").
NetworkCounters CountedBetween(const NetworkCounters& start, const NetworkCounters& end);

}  // namespace assay

#endif  // ASSAY_AGENT_TELEMETRY_NETWORK_COUNTERS_H_
