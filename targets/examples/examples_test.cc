// The examples of docs/targets.md start from their catalogue and respond as their entries say.

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/catalogue/catalogue.h"
#include "agent/verify/verify.h"
#include "common/runfiles.h"
#include "gtest/gtest.h"
#include "proto/plan.pb.h"
#include "targets/contract/running_target.h"

namespace assay::targets {
namespace {

Workload Get(const std::string& path) {
  Workload workload;
  workload.set_path(path);
  return workload;
}

Workload PostEcho(const std::string& body) {
  Workload workload = Get("/echo");
  workload.set_body(body);
  Header* const header = workload.add_headers();
  header->set_name("Content-Type");
  header->set_value("text/x-own");
  return workload;
}

class ExamplesTest : public testing::TestWithParam<const char*> {};

TEST_P(ExamplesTest, ServesTheEndpointsOfItsEntry) {
  // Go stores compiled code there; Bazel gives a test no such folder.
  setenv("HOME", testing::TempDir().c_str(), 0);
  const auto catalogue = agent::Catalogue::Load(*AssayFile("targets/examples/catalogue.textproto"));
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  const auto target = catalogue->Find(GetParam());
  ASSERT_TRUE(target.ok()) << target.status();
  const auto running = RunningTarget::Start(*catalogue, **target);
  if (absl::IsFailedPrecondition(running.status())) {
    GTEST_SKIP() << std::string(running.status().message());
  }
  ASSERT_TRUE(running.ok()) << running.status();
  for (const Workload& workload : {Get("/plaintext"), Get("/json"), Get("/healthz"), PostEcho(""),
                                   PostEcho("some bytes"), PostEcho(std::string(100000, 'x'))}) {
    const auto found =
        agent::Verify((*running)->address(), workload, (*target)->contract(), absl::Seconds(60));
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->difference, "") << found->request;
  }
}

INSTANTIATE_TEST_SUITE_P(Examples, ExamplesTest,
                         testing::Values("node-http", "python-http-server", "go-net-http"),
                         [](const auto& info) {
                           // The part before the hyphen.
                           const std::string name = info.param;
                           return name.substr(0, name.find('-'));
                         });

}  // namespace
}  // namespace assay::targets
