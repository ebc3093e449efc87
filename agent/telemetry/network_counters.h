#ifndef ASSAY_AGENT_TELEMETRY_NETWORK_COUNTERS_H_
#define ASSAY_AGENT_TELEMETRY_NETWORK_COUNTERS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay::agent {

// Counters of the network stack by name, such as "TcpExt.ListenOverflows" or "Tcp.RetransSegs". They count all traffic
// of this network namespace since its creation.
using NetworkCounters = std::map<std::string, int64_t>;

// Reads the pairs of lines of /proc/net/netstat and /proc/net/snmp ("Tcp: InSegs OutSegs", "Tcp: 5 7").
// kInvalidArgument: a line has no matching second line, or the two lines have different numbers of fields.
absl::StatusOr<NetworkCounters> ParseNetworkCounters(std::string_view text);

// Reads the current counters of both files.
absl::StatusOr<NetworkCounters> ReadNetworkCounters();

// The increments between two readings. Omits unchanged counters, except those that a gate reads (kGateCounters in
// network_counters.cc): these stay with 0, so that 0 differs from unknown. Omits gauges, such as "Tcp.CurrEstab".
NetworkCounters CountedBetween(const NetworkCounters& start, const NetworkCounters& end);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_NETWORK_COUNTERS_H_
