#ifndef ASSAY_AGENT_TELEMETRY_NETWORK_COUNTERS_H_
#define ASSAY_AGENT_TELEMETRY_NETWORK_COUNTERS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay::agent {

// Counters of the network stack by name, as "TcpExt.ListenOverflows" or "Tcp.RetransSegs": of this network namespace
// since it began, whoever caused them.
using NetworkCounters = std::map<std::string, int64_t>;

// Reads the pairs of lines of /proc/net/netstat and /proc/net/snmp ("Tcp: InSegs OutSegs", "Tcp: 5 7").
// kInvalidArgument when a line has no partner or the two differ in length.
absl::StatusOr<NetworkCounters> ParseNetworkCounters(std::string_view text);

// Those of both files, now.
absl::StatusOr<NetworkCounters> ReadNetworkCounters();

// What was counted between two readings. Counters that did not move are left out, but for those that a gate asks for
// (kGateCounters in network_counters.cc), which stay with 0, so that none is told from not known. Gauges, as
// "Tcp.CurrEstab", are left out too.
NetworkCounters CountedBetween(const NetworkCounters& start, const NetworkCounters& end);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_NETWORK_COUNTERS_H_
