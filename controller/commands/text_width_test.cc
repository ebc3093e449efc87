// What commands print for people fits a terminal of 100 columns, however long the names of a plan are.

#include <cstdint>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "analysis/latency_histogram.h"
#include "analysis/profile/test_profile.h"
#include "common/file.h"
#include "controller/campaign/interruption.h"
#include "controller/clients/fake_agent.h"
#include "controller/commands/command.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/cells.h"
#include "controller/plan/plan_rules.h"
#include "controller/results/text_table.h"
#include "controller/store/store.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "proto/convert/histogram_proto.h"
#include "proto/convert/stack_profile_proto.h"
#include "proto/results.pb.h"

namespace assay::controller {
namespace {

constexpr char kBaseline[] = "the-epoll-server-of-this-project-with-four-threads-and-nodelay";
constexpr char kCandidate[] = "hyper-on-the-current-thread-runtime-of-tokio-with-four-workers";
constexpr char kControl[] = "the-epoll-server-of-this-project-with-four-threads-and-again-it";
constexpr char kWorkload[] = "a-large-json-body-that-is-compressed-at-level-nine-and-returned";
constexpr char kFirst[] = "0123456789ab";
constexpr char kSecond[] = "ba9876543210";
constexpr uint32_t kBlocks = 8;

std::string PlanText() {
  return absl::StrCat(
      "name: 'Two servers with names that nobody would want to type, and a control of the first' ",
      "targets { name: 'epoll' label: '", kBaseline, "' } targets { name: 'hyper' label: '",
      kCandidate, "' } targets { name: 'epoll' label: '", kControl, "' } workloads { name: '",
      kWorkload, "' path: '/json' } ",
      "load { closed { connections: [64, 1000] duration { seconds: 1 } } } blocks: ", kBlocks,
      " design: SEQUENTIAL profile { frequency_hz: 199 separate_execution { seconds: 3 } } ",
      "thresholds { metric: 'p99_us' target: '", kCandidate, "' workload: '", kWorkload,
      "' max: 1 } thresholds { metric: 'p50_us' target: '", kBaseline,
      "' regression_percent: 0.5 }");
}

class TextWidthTest : public ::testing::Test {
 protected:
  TextWidthTest() : rules_(*LoadGateRules()) {
    EXPECT_TRUE(WriteFileAtomically(plan_path_, PlanText()).ok());
    AgentDescription description;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "host: 'a-host-whose-name-contains-its-rack-and-its-row.and-its-building.example.org' "
        "cpus: '0-1' file_descriptor_limit: 100000 "
        "environment { key: 'kernel.boot_id' value: 'boot-1' } "
        "targets { name: 'epoll' installed: true description: 'a server with a description that "
        "tells everything about it, and then goes on until the line is full and fuller' } "
        "targets { name: 'hyper' installed: false install: 'apt-get install cargo rustc and every "
        "other package that is needed to build it, one after the other, as root' }",
        &description));
    agent_.SetDescription(description);
  }

  // Stores a campaign of all cells. The candidate needs more CPU time, and all need more by `factor`.
  void AddCampaign(const std::string& id, const std::string& label, double factor) {
    CampaignRecord campaign;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(PlanText(), campaign.mutable_plan()));
    *campaign.mutable_plan() = WithDefaults(campaign.plan());
    campaign.set_id(id);
    campaign.set_label(label);
    campaign.set_started_us(++started_us_);
    campaign.set_status(CampaignRecord::COMPLETE);
    campaign.set_status_reason("it ended as planned, and somebody wrote a long sentence about it");
    AgentRecord& agent = *campaign.add_agents();
    agent.set_address("a-host-with-a-long-name.example.org:7700");
    agent.add_roles(JobId::SERVER);
    agent.add_roles(JobId::LOAD);
    (*agent.mutable_description()->mutable_environment())["kernel.release"] =
        absl::StrCat("6.1.0-", factor, "-a-kernel-that-somebody-built-at-home-and-named-so-fully");
    EXPECT_TRUE(store_->CreateCampaign(campaign).ok());
    for (const Cell& cell : CellsOf(campaign.plan())) {
      for (uint32_t block = 0; block < kBlocks; ++block) Commit(campaign, cell, block, factor);
    }
  }

  void Commit(const CampaignRecord& campaign, const Cell& cell, uint32_t block, double factor) {
    ExecutionRecord execution;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "status: MEASURED server { rss_bytes: 400000000 } loads { finished { sent: 1000 ok: 1000 "
        "connections: 64 duration_ns: 1000000000 cpu_ns: 8000000 ok_in_window: 1000 } }",
        &execution));
    execution.set_id(absl::StrCat(campaign.id(), "-", count_++));
    execution.set_campaign_id(campaign.id());
    execution.set_block(block);
    *execution.mutable_cell() = cell;
    const bool slow = cell.target() == kCandidate;
    const double cpu_us = factor * (slow ? 1234 : 987) * (1 + 0.001 * (block % 3));
    execution.mutable_server()->set_cpu_ns(static_cast<int64_t>(cpu_us * 1e3 * 1000));
    LatencyHistogram latency;
    for (int i = 0; i < 1000; ++i) latency.Record(int64_t{i + 1} * (slow ? 1'234'567 : 1'000'000));
    ToProto(latency, execution.mutable_latency());
    GateResult& gate = *execution.add_gates();
    gate.set_name("too_short_window");
    gate.set_value(0.123456);
    gate.set_limit(0.3);
    gate.set_unit("s");
    gate.set_verdict(GateResult::WARN);
    gate.set_advice(rules_.Find("too_short_window")->advice);
    gate.set_rules_version(rules_.version());
    std::vector<ProfileChunk> chunks;
    if (cell.profiled()) {
      const StackProfile profile =
          ProfileOf({{"_start;main;work_of_a_function_with_a_long_name(int, char, bool)", 70},
                     {"_start;main;[c]recv;[k]__x64_sys_recvfrom", slow ? 60u : 30u + block % 2}});
      ProfileInfo& info = *execution.mutable_server()->mutable_profile();
      info.set_event("cpu-clock");
      info.set_frequency_hz(199);
      info.set_end_ns(3'000'000'000);
      info.set_samples(profile.total(StackTime::kOnCpu).samples);
      info.set_whole(info.samples());
      info.set_requests(1000);
      info.set_kernel_frames(true);
      info.add_notes("12 of the addresses have no name, because a library was stripped of them");
      (*info.mutable_syscalls())["recvfrom"] = 123'456'789;
      chunks = ToProto(profile, 10);
    }
    const absl::Status committed = store_->CommitExecution(execution, {}, {}, chunks);
    EXPECT_TRUE(committed.ok()) << committed;
  }

  // What a command prints to standard output.
  static std::string Printed(const std::string& command) {
    CLI::App app("test", "controller");
    Action chosen;
    AddCheckCommand(app, chosen);
    AddDoctorCommand(app, chosen);
    AddAgentsCommand(app, chosen);
    AddListCommand(app, chosen);
    AddShowCommand(app, chosen);
    AddCompareCommand(app, chosen);
    AddHistoryCommand(app, chosen);
    app.parse(command);
    std::ostringstream out;
    std::streambuf* const before = std::cout.rdbuf(out.rdbuf());
    Interruption interruption;
    chosen(interruption);
    std::cout.rdbuf(before);
    return out.str();
  }

  const std::string path_ = absl::StrCat(
      ::testing::TempDir(), "/", ::testing::UnitTest::GetInstance()->current_test_info()->name());
  const std::string store_path_ = path_ + ".db";
  const std::string plan_path_ = path_ + ".textproto";
  const std::unique_ptr<Store> store_ = *Store::Open(store_path_, Store::Mode::kWrite);
  const GateRules rules_;
  FakeAgent agent_;
  int64_t started_us_ = 1'764'000'000'000'000;
  int count_ = 0;
};

TEST_F(TextWidthTest, EveryCommandFitsATerminal) {
  AddCampaign(kFirst, "before-the-change-of-the-allocator-and-of-all-buffers-of-requests", 1);
  AddCampaign(kSecond, "after-the-change-of-the-allocator-and-of-all-buffers-of-responses", 1.1);
  const std::string store = absl::StrCat(" --store=", store_path_);
  const std::string agents = absl::StrCat(" --agents=", agent_.address());
  const std::string cell =
      absl::StrCat(" --target=", kCandidate, " --workload=", kWorkload, " --level=64");
  // A command, and words that it must print: an error would be short, too.
  struct Case {
    std::string command;
    std::string words;
  };
  const std::vector<Case> cases = {
      {absl::StrCat("list", store), kSecond},
      {absl::StrCat("show ", kFirst, store), "threshold missed: p99_us"},
      {absl::StrCat("show ", kSecond, store), "system call"},
      {absl::StrCat("compare ", kFirst, store), "A/A "},
      {absl::StrCat("compare ", kFirst, store), "own functions"},
      {absl::StrCat("compare ", kFirst, " ", kSecond, store), "kernel.release"},
      {absl::StrCat("history", cell, store), "changed before"},
      {absl::StrCat("check ", plan_path_, agents), "block 8: "},
      {absl::StrCat("agents", agents), "not installed"},
      {absl::StrCat("doctor", agents, store), " unknown\n"},
  };
  for (const auto& [command, words] : cases) {
    const std::string text = Printed(command);
    EXPECT_NE(text.find(words), std::string::npos) << command << "\n" << text;
    // A path has no blank at which a line could break.
    const std::vector<std::string> lines = absl::StrSplit(text, '\n');
    for (const std::string& line : lines) {
      if (absl::StripAsciiWhitespace(line).find(' ') == absl::string_view::npos) continue;
      EXPECT_LE(WidestLine(line), kTextColumns) << command << "\n" << text;
    }
  }
}

TEST_F(TextWidthTest, WideTablesHaveWholeNames) {
  AddCampaign(kFirst, "before", 1);
  const std::string store = absl::StrCat(" --store=", store_path_);
  for (const std::string& command : {absl::StrCat("show ", kFirst, " --wide", store),
                                     absl::StrCat("compare ", kFirst, " --wide", store)}) {
    const std::string text = Printed(command);
    EXPECT_GT(WidestLine(text), kTextColumns) << command;
    EXPECT_NE(text.find(kCandidate), std::string::npos) << command;
  }
}

}  // namespace
}  // namespace assay::controller
