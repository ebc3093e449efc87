#include "agent/jobs/generator_spec.h"

#include <string>

#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using loadgen::GeneratorSpec;

GeneratorSpec SpecFor(const LoadSpec& spec) {
  return GeneratorSpecFor(spec, {"127.0.0.1", 9000}, *CpuSet::Parse("1-2"));
}

TEST(GeneratorSpecTest, SaysAllThatAClosedLoopIs) {
  LoadSpec spec;
  spec.mutable_closed()->set_connections(250);
  spec.mutable_window()->set_requests(10'000);
  spec.set_timeout_ns(5'000'000'000);
  spec.set_threads(2);
  spec.set_seed(7);
  spec.set_share_index(1);
  spec.set_share_count(3);
  spec.set_raw_samples(true);
  spec.mutable_workload()->set_path("/json");
  spec.mutable_workload()->set_pipeline(4);
  spec.mutable_workload()->mutable_think()->set_seconds(0.25);
  const GeneratorSpec generator = SpecFor(spec);
  EXPECT_EQ(generator.target(), "127.0.0.1:9000");
  ASSERT_EQ(generator.requests_size(), 1);
  EXPECT_EQ(generator.requests(0).path(), "/json");
  EXPECT_EQ(generator.requests(0).expect_status(), 200u);
  EXPECT_EQ(generator.connections(), 250u);
  EXPECT_EQ(generator.pipeline(), 4u);
  EXPECT_EQ(generator.think_ns(), 250'000'000);
  EXPECT_EQ(generator.request_count(), 10'000u);
  EXPECT_EQ(generator.duration_ns(), 0);
  EXPECT_EQ(generator.warmup_ns(), 0);
  EXPECT_EQ(generator.timeout_ns(), 5'000'000'000);
  EXPECT_FALSE(generator.has_drain_ns());  // The timeout's.
  EXPECT_EQ(generator.threads(), 2u);
  EXPECT_EQ(generator.cpus(), "1-2");
  EXPECT_EQ(generator.seed(), 7u);
  EXPECT_EQ(generator.share_index(), 1u);
  EXPECT_EQ(generator.share_count(), 3u);
  EXPECT_FALSE(generator.has_open());
}

TEST(GeneratorSpecTest, SaysAllThatAnOpenLoopIs) {
  LoadSpec spec;
  spec.mutable_open()->set_connections(64);
  // The share of one of three agents: all of its digits.
  spec.mutable_open()->set_rate_per_s(1.0 / 3);
  spec.mutable_open()->set_arrivals(OpenLoop::POISSON);
  spec.mutable_window()->set_duration_ns(1'500'000'000);
  spec.set_drain_ns(7);
  // They are the closed loop's.
  spec.mutable_workload()->set_pipeline(4);
  spec.mutable_workload()->mutable_think()->set_seconds(1);
  const GeneratorSpec generator = SpecFor(spec);
  EXPECT_EQ(generator.connections(), 64u);
  EXPECT_EQ(generator.open().rate_per_s(), 1.0 / 3);
  EXPECT_EQ(generator.open().arrivals(), OpenLoop::POISSON);
  EXPECT_EQ(generator.duration_ns(), 1'500'000'000);
  EXPECT_EQ(generator.drain_ns(), 7);
  EXPECT_EQ(generator.pipeline(), 1u);
  EXPECT_EQ(generator.think_ns(), 0);
  EXPECT_EQ(generator.share_count(), 1u);
  EXPECT_EQ(generator.threads(), 1u);
}

// The window is that of the load generator, whatever the request says.
TEST(GeneratorSpecTest, SlotsAreWholeAndTheWindowIsTheirTotal) {
  LoadSpec spec;
  spec.mutable_closed()->set_connections(1);
  spec.mutable_window()->set_duration_ns(5);
  spec.mutable_slots()->set_slot_ns(20'000'000);
  spec.mutable_slots()->set_settle_ns(2'000'000);
  for (const uint32_t index : {1, 2, 5}) spec.mutable_slots()->add_own(index);
  const GeneratorSpec generator = SpecFor(spec);
  EXPECT_EQ(generator.slots().SerializeAsString(), spec.slots().SerializeAsString());
  EXPECT_EQ(generator.duration_ns(), 60'000'000);
  EXPECT_FALSE(SpecFor(LoadSpec()).has_slots());
}

TEST(GeneratorSpecTest, AShortThinkTimeIsNotLost) {
  LoadSpec spec;
  spec.mutable_closed()->set_connections(1);
  spec.mutable_workload()->mutable_think()->set_seconds(1e-7);
  EXPECT_EQ(SpecFor(spec).think_ns(), 100);
}

TEST(GeneratorSpecTest, SpeaksTlsWhereTheLoadDoes) {
  LoadSpec spec;
  spec.mutable_closed()->set_connections(1);
  spec.set_tls(true);
  spec.set_http2(true);
  spec.set_tls_server_name("a.example");
  const GeneratorSpec generator = SpecFor(spec);
  EXPECT_EQ(generator.target(), "https://127.0.0.1:9000");
  EXPECT_TRUE(generator.http2());
  EXPECT_EQ(generator.tls_server_name(), "a.example");
  EXPECT_FALSE(generator.tls_verify());
}

TEST(GeneratorSpecTest, BodiesGoByteForByte) {
  LoadSpec spec;
  spec.mutable_closed()->set_connections(1);
  const std::string body("a\0b\n\xff", 5);
  spec.mutable_workload()->set_body(body);
  spec.mutable_workload()->mutable_expect()->set_body("right" + body);
  spec.mutable_workload()->mutable_expect()->set_status(201);
  const GeneratorSpec::Request request = SpecFor(spec).requests(0);
  EXPECT_EQ(request.expect_status(), 201u);
  EXPECT_EQ(request.body(), body);
  EXPECT_EQ(request.expect_body(), "right" + body);
}

TEST(GeneratorSpecTest, OnAServerOfTheContractTheResponseIsTheContracts) {
  LoadSpec spec;
  spec.mutable_closed()->set_connections(1);
  spec.mutable_workload()->set_path("/plaintext");
  EXPECT_FALSE(SpecFor(spec).requests(0).has_expect_body());
  EXPECT_FALSE(SpecFor(spec).requests(0).has_body());
  spec.set_contract(true);
  EXPECT_EQ(SpecFor(spec).requests(0).expect_body(), "Hello, World!");
}

}  // namespace
}  // namespace assay::agent
