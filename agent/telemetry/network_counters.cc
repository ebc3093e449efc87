#include "agent/telemetry/network_counters.h"

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/file.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

// Lost connections or packets: they show that a result measures the queue and not the server.
constexpr const char* kGateCounters[] = {
    "Tcp.AttemptFails",
    "Tcp.EstabResets",
    "Tcp.InErrs",
    "Tcp.OutRsts",
    "Tcp.RetransSegs",
    "TcpExt.ListenDrops",
    "TcpExt.ListenOverflows",
    "TcpExt.TCPAbortOnMemory",
    "TcpExt.TCPBacklogDrop",
    "TcpExt.TCPLostRetransmit",
    "TcpExt.TCPReqQFullDoCookies",
    "TcpExt.TCPReqQFullDrop",
    "TcpExt.TCPSynRetrans",
    "TcpExt.TCPTimeouts",
};

bool IsGateCounter(const std::string& name) {
  return std::find(std::begin(kGateCounters), std::end(kGateCounters), name) !=
         std::end(kGateCounters);
}

// A gauge, not a counter.
bool IsGauge(const std::string& name) { return absl::EndsWith(name, "CurrEstab"); }

using Fields = std::vector<absl::string_view>;

// "Tcp: InSegs OutSegs" and "Tcp: 5 7".
absl::Status AddPair(const Fields& names, const Fields& values, NetworkCounters* counters) {
  const absl::string_view group = names[0];
  if (group.empty() || group.back() != ':' || values[0] != group || names.size() != values.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the lines of \"", group, "\" are not a pair of names and values"));
  }
  for (size_t i = 1; i < names.size(); ++i) {
    const std::string name = absl::StrCat(group.substr(0, group.size() - 1), ".", names[i]);
    if (!absl::SimpleAtoi(values[i], &(*counters)[name])) {
      return absl::InvalidArgumentError(
          absl::StrCat("the value \"", values[i], "\" of ", name, " is not a number"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<NetworkCounters> ParseNetworkCounters(std::string_view text) {
  const std::vector<absl::string_view> lines =
      absl::StrSplit(absl::string_view(text.data(), text.size()), '\n', absl::SkipEmpty());
  if (lines.size() % 2 != 0) {
    return absl::InvalidArgumentError("a line of names has no line of values");
  }
  NetworkCounters counters;
  for (size_t i = 0; i < lines.size(); i += 2) {
    const Fields names = absl::StrSplit(lines[i], ' ', absl::SkipEmpty());
    const Fields values = absl::StrSplit(lines[i + 1], ' ', absl::SkipEmpty());
    if (names.empty() || values.empty()) return absl::InvalidArgumentError("a line is empty");
    ASSAY_RETURN_IF_ERROR(AddPair(names, values, &counters));
  }
  return counters;
}

absl::StatusOr<NetworkCounters> ReadNetworkCounters() {
  NetworkCounters counters;
  for (const char* path : {"/proc/net/snmp", "/proc/net/netstat"}) {
    ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    absl::StatusOr<NetworkCounters> parsed = ParseNetworkCounters(text);
    if (!parsed.ok()) {
      return absl::Status(parsed.status().code(),
                          absl::StrCat("cannot read ", path, ": ", parsed.status().message()));
    }
    counters.merge(*parsed);
  }
  return counters;
}

NetworkCounters CountedBetween(const NetworkCounters& start, const NetworkCounters& end) {
  NetworkCounters counted;
  for (const auto& [name, value] : end) {
    const auto before = start.find(name);
    if (before == start.end() || IsGauge(name)) continue;
    const int64_t difference = value - before->second;
    if (difference > 0 || IsGateCounter(name)) counted[name] = std::max<int64_t>(0, difference);
  }
  return counted;
}

}  // namespace assay::agent
