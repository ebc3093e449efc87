#include "agent/loadgen/options.h"

#include <cstdint>
#include <functional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "agent/load_protocol/control.pb.h"
#include "agent/loadgen/flags.h"
#include "agent/loadgen/request.h"
#include "common/command_line.h"
#include "gtest/gtest.h"
#include "proto/agent.pb.h"

namespace assay::loadgen {
namespace {

struct Parsed {
  int status = 0;
  LoadOptions options;
  std::string out;
  std::string err;
};

Parsed Parse(std::vector<std::string> words) {
  words.insert(words.begin(), "loadgen");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  std::ostringstream out, err;
  Parsed parsed;
  parsed.status =
      ParseLoadOptions(static_cast<int>(argv.size()), argv.data(), parsed.options, out, err);
  parsed.out = out.str();
  parsed.err = err.str();
  return parsed;
}

TEST(OptionsTest, ReadsTheCommandLineOfTheContract) {
  const Parsed parsed = Parse({"--target=127.0.0.1:9000", "--path=/json", "--connections=250",
                               "--duration=10s", "--warmup", "500ms"});
  ASSERT_EQ(parsed.status, kGoOn) << parsed.err;
  EXPECT_EQ(parsed.options.connections, 250);
  EXPECT_EQ(parsed.options.duration_ns, 10'000'000'000);
  EXPECT_EQ(parsed.options.warmup_ns, 500'000'000);
  EXPECT_EQ(parsed.options.request_count, 0u);
  ASSERT_EQ(parsed.options.requests.size(), 1u);
  EXPECT_EQ(parsed.options.requests[0].bytes, "GET /json HTTP/1.1\r\nHost: 127.0.0.1:9000\r\n\r\n");
  EXPECT_FALSE(parsed.options.open_loop());
}

TEST(OptionsTest, PostsABodyWithItsLength) {
  const Parsed parsed = Parse({"http://localhost:9000/echo?x=1", "--body=abc", "--header",
                               "Content-Type: text/plain", "--header=host: other"});
  ASSERT_EQ(parsed.status, kGoOn) << parsed.err;
  EXPECT_EQ(parsed.options.requests[0].bytes,
            "POST /echo?x=1 HTTP/1.1\r\nContent-Type: text/plain\r\nhost: other\r\n"
            "Content-Length: 3\r\n\r\nabc");
  EXPECT_EQ(parsed.options.requests[0].body(), "abc");
}

TEST(OptionsTest, HasTheHeadOfARequestAsHttp2WritesIt) {
  const Parsed parsed =
      Parse({"https://localhost:9000/echo?x=1", "--http2", "--body=abc", "--header=X-A: B",
             "--header=host: other", "--rate=10", "--pipeline=8"});
  ASSERT_EQ(parsed.status, kGoOn) << parsed.err;
  EXPECT_TRUE(parsed.options.http2);
  EXPECT_TRUE(parsed.options.target.tls);
  EXPECT_FALSE(parsed.options.tls_verify);
  const Request& request = parsed.options.requests[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/echo?x=1");
  EXPECT_EQ(request.authority, "other");
  const std::vector<std::pair<std::string, std::string>> headers = {{"x-a", "B"},
                                                                    {"content-length", "3"}};
  EXPECT_EQ(request.headers, headers);
}

TEST(OptionsTest, KnowsEveryFormOfTarget) {
  EXPECT_EQ(Parse({"--target=[::1]:80"}).options.target.authority, "[::1]:80");
  EXPECT_EQ(Parse({"http://[::1]/"}).options.target.authority, "[::1]");
  EXPECT_EQ(Parse({"http://127.0.0.1:8080"}).options.target.authority, "127.0.0.1:8080");
  EXPECT_EQ(Parse({"https://[::1]/"}).options.target.host, "::1");
  EXPECT_EQ(Parse({"https://localhost:8443"}).options.target.authority, "localhost:8443");
  EXPECT_EQ(Parse({"--target=unix:/a/b"}).options.target.authority, "localhost");
}

TEST(OptionsTest, CountsAloneBoundTheWindow) {
  const Parsed parsed = Parse({"--target=127.0.0.1:1", "--requests=10"});
  ASSERT_EQ(parsed.status, kGoOn) << parsed.err;
  EXPECT_EQ(parsed.options.duration_ns, 0);
}

TEST(OptionsTest, NamesWhatIsWrong) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "give the server"},
      {{"--target=127.0.0.1"}, "no port"},
      {{"--target=127.0.0.1:99999"}, "is not a port"},
      {{"--target=::1:80"}, "brackets"},
      {{"--target=ftp://x"}, "only http://"},
      {{"--target=127.0.0.1:1", "--connections=0"}, "--connections is between 1 and"},
      {{"--target=127.0.0.1:1", "--threads=2"}, "more than --connections=1"},
      {{"--target=127.0.0.1:1", "--duration=5x"}, "'5x' is not a time"},
      {{"--target=127.0.0.1:1", "--duration=-5s"}, "between 0 and a day"},
      {{"--target=127.0.0.1:1", "--duration=0"}, "when should it end"},
      {{"--target=127.0.0.1:1", "--cpu=4000"}, "may use the CPUs"},
      {{"--target=127.0.0.1:1", "--path=x"}, "is not a path"},
      {{"--target=127.0.0.1:1", "--header=x"}, "Name: value"},
      {{"--target=127.0.0.1:1", "--header=a b: x"}, "is not a header"},
      {{"--target=127.0.0.1:1", "--body-file=/does/not/exist"}, "/does/not/exist"},
      {{"--target=127.0.0.1:1", "--share=2/2"}, "INDEX below COUNT"},
      {{"--target=127.0.0.1:1", "--tls-verify"}, "needs an https:// target"},
      {{"--target=127.0.0.1:1", "--http2", "--header=Connection: close"}, "HTTP/2 has no header"},
      {{"--target=127.0.0.1:1", "--rate=0"}, "--rate=0 sends no request"},
      {{"--target=127.0.0.1:1", "--rate=1", "--pipeline=2"}, "without --http2"},
      {{"--target=127.0.0.1:1", "--conections=2"}, "--connections"},
      {{"--target=127.0.0.1:1", "--format=xml"}, "xml"},
      {{"--control-fd=3", "--target=127.0.0.1:1"}, "leave --target out"},
  };
  for (const auto& [words, expected] : cases) {
    const Parsed parsed = Parse(words);
    EXPECT_EQ(parsed.status, 2) << expected;
    EXPECT_NE(parsed.err.find(expected), std::string::npos) << parsed.err;
  }
}

GeneratorSpec LeastSpec() {
  GeneratorSpec spec;
  spec.set_target("127.0.0.1:1");
  spec.add_requests()->set_path("/");
  spec.set_connections(1);
  spec.set_threads(1);
  spec.set_pipeline(1);
  spec.set_share_count(1);
  spec.set_duration_ns(1'000'000'000);
  spec.set_timeout_ns(2'000'000'000);
  return spec;
}

// An agent that says no more gets what the command line gets.
TEST(FillOptionsTest, WhatASpecLeavesOutIsAsOnTheCommandLine) {
  LoadOptions options;
  ASSERT_TRUE(FillOptions(LeastSpec(), options).ok());
  const Parsed parsed = Parse({"--target=127.0.0.1:1", "--duration=1s", "--timeout=2s"});
  ASSERT_EQ(parsed.status, kGoOn) << parsed.err;
  EXPECT_EQ(options.drain_ns, 2'000'000'000);
  EXPECT_EQ(options.drain_ns, parsed.options.drain_ns);
  EXPECT_EQ(options.idle_gaps_ns, parsed.options.idle_gaps_ns);
  EXPECT_GT(options.idle_gaps_ns, 0);
  EXPECT_EQ(options.open_loop(), parsed.options.open_loop());
  EXPECT_EQ(options.cpus, parsed.options.cpus);
  ASSERT_EQ(options.requests.size(), 1u);
  EXPECT_EQ(options.requests[0].bytes, parsed.options.requests[0].bytes);
  EXPECT_EQ(options.requests[0].expect_status, parsed.options.requests[0].expect_status);
  EXPECT_EQ(options.requests[0].weight, parsed.options.requests[0].weight);
}

// An agent's spec meets the same checks, and numbers that no command line can hold.
TEST(FillOptionsTest, RefusesASpecThatCannotBeDone) {
  const std::vector<std::pair<std::function<void(GeneratorSpec&)>, std::string>> cases = {
      {[](GeneratorSpec& spec) { spec.clear_requests(); }, "no request"},
      {[](GeneratorSpec& spec) { spec.set_connections(UINT32_MAX); }, "--connections is between"},
      {[](GeneratorSpec& spec) { spec.set_threads(UINT32_MAX); }, "--threads is between"},
      {[](GeneratorSpec& spec) { spec.set_pipeline(0); }, "--pipeline is between"},
      {[](GeneratorSpec& spec) { spec.set_share_count(0); }, "INDEX below COUNT"},
      {[](GeneratorSpec& spec) { spec.set_share_index(UINT32_MAX); }, "INDEX below COUNT"},
      {[](GeneratorSpec& spec) { spec.set_drain_ns(-1); }, "--drain"},
      {[](GeneratorSpec& spec) { spec.set_warmup_ns(INT64_MAX); }, "--warmup"},
      {[](GeneratorSpec& spec) { spec.mutable_open(); }, "--rate=0 sends no request"},
      {[](GeneratorSpec& spec) { spec.set_cpus("4000"); }, "may use the CPUs"},
  };
  for (const auto& [spoil, expected] : cases) {
    GeneratorSpec spec = LeastSpec();
    spoil(spec);
    LoadOptions options;
    const absl::Status status = FillOptions(spec, options);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << expected;
    EXPECT_NE(status.message().find(expected), std::string::npos) << status;
  }
}

GeneratorSpec SpecInSlots() {
  GeneratorSpec spec = LeastSpec();
  SlotSchedule& slots = *spec.mutable_slots();
  slots.set_period_ns(25'000'000);
  slots.set_slot_ns(20'000'000);
  slots.set_settle_ns(2'000'000);
  slots.set_count(4);
  slots.add_own(1);
  slots.add_own(2);
  spec.set_duration_ns(40'000'000);
  return spec;
}

TEST(FillOptionsTest, SlotsAloneSayWhenARunBeginsAndEnds) {
  LoadOptions options;
  const absl::Status status = FillOptions(SpecInSlots(), options);
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_NE(options.slots, nullptr);
  EXPECT_EQ(options.slots->own_size(), 2);
  const std::vector<std::pair<std::function<void(GeneratorSpec&)>, std::string>> cases = {
      {[](GeneratorSpec& spec) { spec.mutable_slots()->add_own(2); }, "slots: own"},
      {[](GeneratorSpec& spec) { spec.mutable_slots()->set_count(2); }, "slots: own"},
      {[](GeneratorSpec& spec) { spec.mutable_slots()->set_slot_ns(26'000'000); }, "slots: period"},
      {[](GeneratorSpec& spec) { spec.mutable_slots()->set_settle_ns(20'000'000); },
       "slots: settle_ns"},
      {[](GeneratorSpec& spec) { spec.set_request_count(10); }, "number of requests or a warm-up"},
      {[](GeneratorSpec& spec) { spec.set_warmup_ns(1); }, "number of requests or a warm-up"},
      {[](GeneratorSpec& spec) { spec.set_duration_ns(50'000'000); }, "the own slots are 40000000"},
  };
  for (const auto& [spoil, expected] : cases) {
    GeneratorSpec spec = SpecInSlots();
    spoil(spec);
    const absl::Status refused = FillOptions(spec, options);
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << expected;
    EXPECT_NE(refused.message().find(expected), std::string::npos) << refused;
  }
}

TEST(OptionsTest, HelpShowsAnExample) {
  const Parsed parsed = Parse({"--help"});
  EXPECT_EQ(parsed.status, 0);
  EXPECT_NE(parsed.out.find("loadgen --target=127.0.0.1:9000 --path=/json"), std::string::npos);
}

}  // namespace
}  // namespace assay::loadgen
