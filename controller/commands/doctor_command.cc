// The `doctor` command: what on the agents' hosts will spoil a measurement or a profile. It measures nothing.

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "common/json_text.h"
#include "common/utf8.h"
#include "common/version.h"
#include "controller/campaign/agent_pool.h"
#include "controller/commands/command.h"
#include "controller/gates/gate_keeper.h"
#include "controller/gates/host_diagnosis.h"
#include "controller/results/csv_row.h"
#include "controller/results/results_json.h"
#include "controller/results/text_table.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

// Foreign and stolen CPU time are observed for this long.
constexpr absl::Duration kObserved = absl::Seconds(1);

absl::StatusOr<HostReadings> ReadHost(const std::string& address, bool runs_both,
                                      const TlsFiles& tls, Interruption& interruption) {
  const std::vector<std::string> addresses =
      address.empty() ? std::vector<std::string>() : std::vector<std::string>{address};
  absl::StatusOr<std::unique_ptr<AgentPool>> pool =
      AgentPool::Connect(addresses, tls, &interruption);
  if (!pool.ok()) return pool.status();
  PoolMember& member = (*pool)->server();
  HostReadings readings{.agent = member.record, .runs_both = runs_both};
  // The first description also ran the version command of each target; that CPU time is not foreign.
  for (AgentDescription* description : {readings.agent.mutable_description(), &readings.later}) {
    if (description == &readings.later && !interruption.Sleep(kObserved)) {
      return interruption.status();
    }
    absl::StatusOr<AgentDescription> described = member.client->Describe(kDescribeTimeout);
    if (!described.ok()) return described.status();
    *description = *std::move(described);
  }
  return readings;
}

// The free space where the store is, or where its folder will be.
HostFinding CheckStoreDisk(const CommonFlags& flags) {
  const absl::StatusOr<std::string> path = StorePath(flags);
  if (!path.ok()) return DiagnoseStore("the store", -1, std::string(path.status().message()));
  std::filesystem::path folder = std::filesystem::path(*path).parent_path();
  std::error_code ignored;
  while (!std::filesystem::exists(folder, ignored) && folder.has_relative_path()) {
    folder = folder.parent_path();
  }
  struct statvfs space {};
  if (statvfs(folder.c_str(), &space) != 0) {
    return DiagnoseStore(folder.string(), -1, std::strerror(errno));
  }
  return DiagnoseStore(folder.string(),
                       static_cast<int64_t>(uint64_t{space.f_bavail} * space.f_frsize / 1024), "");
}

std::string ToText(const std::vector<HostFinding>& findings) {
  std::string text;
  std::string agent;
  size_t warnings = 0;
  size_t bad = 0;
  size_t unknown = 0;
  for (const HostFinding& one : findings) {
    if (one.agent != agent) absl::StrAppend(&text, TerminalText(one.agent), "\n");
    agent = one.agent;
    warnings += one.health == Health::kWarn ? 1 : 0;
    bad += one.health == Health::kBad ? 1 : 0;
    unknown += one.health == Health::kUnknown ? 1 : 0;
    absl::StrAppend(
        &text,
        TerminalText(absl::StrFormat("  %-7s %-17s %s%s%s", ToString(one.health), one.check,
                                     one.figure, one.remedy.empty() ? "" : ": ", one.remedy)),
        "\n");
  }
  absl::StrAppend(&text, findings.size() - warnings - bad - unknown, " ok, ", warnings, " warn, ",
                  bad, " bad, ", unknown, " unknown\n");
  return text;
}

void Print(const std::vector<HostFinding>& findings,
           const std::vector<UnreachableAgent>& unreachable, const CommonFlags& flags) {
  if (flags.format == "json") {
    nlohmann::ordered_json json;
    json["findings"] = nlohmann::ordered_json::array();
    for (const HostFinding& one : findings) {
      json["findings"].push_back({{"agent", one.agent},
                                  {"check", one.check},
                                  {"health", ToString(one.health)},
                                  {"figure", one.figure},
                                  {"remedy", one.remedy}});
    }
    json["unreachable"] = nlohmann::ordered_json::array();
    for (const UnreachableAgent& one : unreachable) {
      json["unreachable"].push_back(
          {{"address", one.address}, {"error", std::string(one.why.message())}});
    }
    std::cout << JsonText(json, 2) << std::endl;
    return;
  }
  if (flags.format == "csv") {
    std::cout
        << CsvRow().Text("agent").Text("check").Text("health").Text("figure").Text("remedy").Line();
    for (const HostFinding& one : findings) {
      std::cout << CsvRow()
                       .Text(one.agent)
                       .Text(one.check)
                       .Text(ToString(one.health))
                       .Text(one.figure)
                       .Text(one.remedy)
                       .Line();
    }
    std::cout << std::flush;
    return;
  }
  std::cout << TerminalLines(Fitted(ToText(findings), WidthOf(flags))) << std::flush;
}

// Asks each agent separately, so that one that does not respond hides no other.
ExitStatus RunDoctor(const CommonFlags& flags, Interruption& interruption) {
  const absl::StatusOr<GateRules> rules = LoadGateRules();
  if (!rules.ok()) return Fail(rules.status());
  const std::vector<std::string> addresses =
      flags.agents.empty() ? std::vector<std::string>{""} : flags.agents;
  std::vector<std::future<absl::StatusOr<HostReadings>>> asked;
  for (const std::string& address : addresses) {
    asked.push_back(std::async(std::launch::async, [&, address] {
      return ReadHost(address, addresses.size() == 1, flags.tls, interruption);
    }));
  }
  std::vector<HostFinding> findings;
  std::vector<HostReadings> loads;
  std::vector<UnreachableAgent> unreachable;
  for (size_t i = 0; i < addresses.size(); ++i) {
    absl::StatusOr<HostReadings> readings = asked[i].get();
    if (!readings.ok()) {
      unreachable.push_back(
          {addresses[i].empty() ? kLocalAddress : addresses[i], readings.status()});
      continue;
    }
    for (HostFinding& one : DiagnoseHost(*readings, *rules, kAssayVersion)) {
      findings.push_back(std::move(one));
    }
    if (i > 0) loads.push_back(*std::move(readings));
  }
  for (HostFinding& one : DiagnoseTogether(loads)) findings.push_back(std::move(one));
  findings.push_back(CheckStoreDisk(flags));
  Print(findings, unreachable, flags);
  ExitStatus status = ExitStatus::kDone;
  for (const UnreachableAgent& one : unreachable) status = Fail(one.why);
  return status;
}

}  // namespace

void AddDoctorCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "doctor",
      "Check each agent's host for what will spoil a measurement or a profile, with a remedy");
  command->footer(
      "Example: controller doctor --agents=10.0.0.1:7700,10.0.0.2:7700\n"
      "Starts no server and sends no load. Observes each host for a second. Exits with status 0\n"
      "whatever it finds, and 1 if an agent cannot be reached.");
  auto flags = std::make_shared<CommonFlags>();
  AddStoreFlag(*command, *flags);
  AddAgentFlags(*command, *flags);
  AddFormatFlag(*command, *flags);
  command->callback([flags, &chosen] {
    chosen = [flags](Interruption& interruption) { return RunDoctor(*flags, interruption); };
  });
}

}  // namespace assay::controller
