#include "agent/loadgen/run_alone.h"

#include <cstdint>
#include <sstream>
#include <string>
#include <thread>

#include "agent/loadgen/dial.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/outcome.h"
#include "agent/loadgen/target_address.h"
#include "agent/loadgen/test_load.h"
#include "agent/loadgen/test_server.h"
#include "common/file.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::loadgen {
namespace {

using Json = nlohmann::json;
using Reply = TestServer::Reply;

constexpr int64_t kMillisecond = 1'000'000;

Reply Hello(const TestServer::Seen&) { return {TestServer::Ok("hello")}; }

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
  Json json() const { return Json::parse(out, nullptr, false); }
};

Ran LoadAlone(LoadOptions options) {
  options.quiet = true;
  std::ostringstream out, err;
  Ran ran;
  ran.status = RunAlone(options, out, err);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

LoadOptions JsonOptions(const TestServer& server) {
  LoadOptions options = OptionsFor(server.target(), 2);
  options.duration_ns = 0;
  options.request_count = 20;
  options.format = ReportFormat::kJson;
  return options;
}

TEST(RunAloneTest, SaysWhatItWasToldToDo) {
  TestServer server(Hello);
  LoadOptions options = JsonOptions(server);
  options.label = "before";
  options.output_file = testing::TempDir() + "/result.json";
  const Ran ran = LoadAlone(options);
  EXPECT_EQ(ran.status, 0) << ran.err;
  const Json settings = ran.json()["settings"];
  EXPECT_EQ(settings["label"], "before");
  EXPECT_EQ(settings["target"], server.target());
  EXPECT_EQ(settings["path"], "/");
  EXPECT_EQ(settings["method"], "GET");
  EXPECT_EQ(settings["requests"], 20);
  EXPECT_TRUE(settings["duration_s"].is_null());
  EXPECT_TRUE(settings["arrivals"].is_null());
  EXPECT_EQ(*ReadFile(options.output_file), ran.out);
  EXPECT_EQ(ran.json()["not_sent"], 0);
  // No raw sample is kept where no file was named.
  EXPECT_EQ(ran.json()["samples_recorded"], 0);
}

TEST(RunAloneTest, NamesEachSettingThatDiffersFromTheEarlierRun) {
  TestServer server(Hello);
  LoadOptions options = JsonOptions(server);
  options.output_file = testing::TempDir() + "/earlier.json";
  ASSERT_EQ(LoadAlone(options).status, 0);
  options.compare_to = options.output_file;
  options.output_file.clear();
  options.connections = 1;
  const Ran ran = LoadAlone(options);
  EXPECT_EQ(ran.status, 0);
  EXPECT_NE(ran.err.find("differs: connections: 2, now 1\n"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("differs: threads"), std::string::npos) << ran.err;
}

TEST(RunAloneTest, AnEarlierResultThatCannotBeReadIsKnownBeforeTheRun) {
  TestServer server(Hello);
  LoadOptions options = JsonOptions(server);
  options.compare_to = testing::TempDir() + "/nonsense";
  ASSERT_TRUE(WriteFileAtomically(options.compare_to, "{}").ok());
  const Ran ran = LoadAlone(options);
  EXPECT_EQ(ran.status, 2);
  EXPECT_NE(ran.err.find("--compare-to"), std::string::npos);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(server.connections(), 0u);
  options.compare_to = "/does/not/exist";
  EXPECT_EQ(LoadAlone(options).status, 2);
}

// A server that stalls for seconds is a row of zeros, not a row that is not there.
TEST(RunAloneTest, AStallHasRowsInTheTimeSeries) {
  TestServer server([](const TestServer::Seen& seen) {
    return Reply{TestServer::Ok("hello"), seen.request == 5 ? 2200 * kMillisecond : kMillisecond};
  });
  LoadOptions options = JsonOptions(server);
  options.connections = 1;
  options.request_count = 10;
  options.format = ReportFormat::kCsv;
  options.hdr_file = testing::TempDir() + "/stall.hlog";
  const Ran ran = LoadAlone(options);
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_NE(ran.out.find("\n1,0,0,0,0,,,,,0\n"), std::string::npos) << ran.out;
  const std::string log = *ReadFile(options.hdr_file);
  EXPECT_NE(log.find("\n1.000,1.000,0.000,"), std::string::npos) << log;
  // The last second ends with the window.
  EXPECT_NE(log.find("\n2.000,0."), std::string::npos) << log;
}

TEST(RunAloneTest, ANumberOfRequestsIsGivenUpWhereNobodyIsLeft) {
  TestServer server([](const TestServer::Seen& seen) {
    return Reply{TestServer::Ok("x"), 0,
                 seen.request < 50 ? Reply::Then::kKeep : Reply::Then::kClose};
  });
  LoadOptions options = JsonOptions(server);
  options.request_count = 1'000'000;
  options.timeout_ns = 200 * kMillisecond;
  std::thread killer([&] {
    while (server.requests() < 20) {
    }
    server.Kill();
  });
  const Ran ran = LoadAlone(options);
  killer.join();
  const Json json = ran.json();
  EXPECT_EQ(json["stopped_by"], "unreachable");
  EXPECT_EQ(json["sent"].get<uint64_t>() + json["not_sent"].get<uint64_t>(), 1'000'000u);
  EXPECT_LT(json["sent"], 10'000);
  EXPECT_NE(ran.err.find("not sent"), std::string::npos) << ran.err;
}

// Each attempt is a request that failed: without a pause they would be as many as the machine can make.
TEST(RunAloneTest, AServerThatClosesAtOnceIsNotStormed) {
  TestServer server([](const TestServer::Seen&) { return Reply{"", 0, Reply::Then::kClose}; });
  LoadOptions options = OptionsFor(server.target(), 2);
  options.format = ReportFormat::kJson;
  const Ran ran = LoadAlone(options);
  EXPECT_EQ(ran.status, 1);
  EXPECT_LE(server.connections(), 2u * (200 / 50 + 2));
}

TEST(DialTest, TakesTheFirstAddressThatAccepts) {
  TestServer server(Hello);
  const TargetAddress live = *TargetAddress::Parse(server.target());
  TargetAddress name = *TargetAddress::Parse("127.0.0.1:1");
  name.others = {name.place, live.place};
  const TargetAddress chosen = FirstThatAccepts(name, 1'000 * kMillisecond);
  EXPECT_EQ(Dial(chosen).outcome, Outcome::kOk);
  EXPECT_EQ(chosen.text, name.text);
  EXPECT_TRUE(chosen.others.empty());
  // Where none does, opening says why.
  name.others = {name.place};
  EXPECT_EQ(FirstThatAccepts(name, 1'000 * kMillisecond).others.size(), 1u);
}

}  // namespace
}  // namespace assay::loadgen
