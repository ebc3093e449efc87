#include "controller/plan/plan_loader.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;

constexpr char kText[] = R"(# A comment.
name: "x"
targets { name: "epoll" }
workloads { name: "json" path: "/json" }
load { closed { connections: [1, 2] duration { seconds: 1 } } }
)";
constexpr char kJson[] = R"({
  "name": "x",
  "targets": [{"name": "epoll"}],
  "workloads": [{"name": "json", "path": "/json"}],
  "load": {"closed": {"connections": [1, 2], "duration": {"seconds": 1}}}
})";

class PlanLoaderTest : public ::testing::Test {
 protected:
  PlanLoaderTest() {
    std::string folder = ::testing::TempDir() + "/plan_loader_XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  ~PlanLoaderTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& contents) {
    const std::string path = absl::StrCat(folder_, "/", name);
    EXPECT_TRUE(WriteFileAtomically(path, contents).ok());
    return path;
  }
  std::string Refusal(const std::string& path, const std::vector<std::string>& overrides = {}) {
    const absl::StatusOr<LoadedPlan> plan = LoadPlan(path, overrides);
    EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(plan.status().message());
  }

  std::string folder_;
};

TEST_F(PlanLoaderTest, TextAndJsonOfTheSamePlanAreEqual) {
  const absl::StatusOr<LoadedPlan> text = LoadPlan(Write("p.textproto", kText));
  const absl::StatusOr<LoadedPlan> json = LoadPlan(Write("p.json", kJson));
  ASSERT_TRUE(text.ok()) << text.status();
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(text->plan.DebugString(), json->plan.DebugString());
}

// The stored plan keeps the author's comments.
TEST_F(PlanLoaderTest, KeepsTheOriginalText) {
  const absl::StatusOr<LoadedPlan> plan = LoadPlan(Write("p.textproto", kText), {"blocks=3"});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->plan_text, kText);
  EXPECT_EQ(plan->plan.blocks(), 3);
}

TEST_F(PlanLoaderTest, ReportsAnErrorWithFileLineAndColumn) {
  const std::string path = Write("p.textproto", "name: \"x\"\n  blcoks: 3\nverdict: MAYBE\n");
  EXPECT_EQ(Refusal(path),
            absl::StrCat(path, ":2:3: no field \"blcoks\" in Plan; did you mean \"blocks\"?\n",
                         path, ":3:10: verdict cannot be \"MAYBE\": it is one of COMPARE, NONE"));
}

TEST_F(PlanLoaderTest, ReportsAWrongValueWithTheExpectedType) {
  const std::string path = Write("p.textproto", "blocks: \"three\"\n");
  EXPECT_THAT(Refusal(path), HasSubstr(absl::StrCat(path, ":1:9: ")));
  EXPECT_THAT(Refusal(path), HasSubstr("blocks takes a whole number from 0 to 4294967295"));
}

TEST_F(PlanLoaderTest, RecordsThePositionOrTheOverrideOfEachField) {
  absl::StatusOr<LoadedPlan> plan =
      LoadPlan(Write("p.textproto", kText), {"targets[0].label=y", "load.closed.connections=5"});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->origins["name"], plan->name + ":2:1");
  EXPECT_EQ(plan->origins["targets[0]"], plan->name + ":3:1");
  EXPECT_EQ(plan->origins["targets[0].name"], plan->name + ":3:11");
  EXPECT_EQ(plan->origins["targets[0].label"], "--set targets[0].label=y");
  EXPECT_EQ(plan->origins["load.closed.connections"], "--set load.closed.connections=5");
  EXPECT_EQ(plan->origins.count("load.closed.connections[1]"), 0);
  EXPECT_EQ(plan->origins.count("load.closed.duration.seconds"), 1);
}

TEST_F(PlanLoaderTest, ReportsAllInvalidOverrides) {
  const std::string refusal = Refusal(Write("p.textproto", kText), {"blocks=x", "z=1"});
  EXPECT_THAT(refusal, HasSubstr("--set blocks=x: blocks cannot be \"x\""));
  EXPECT_THAT(refusal, HasSubstr("\n--set z=1: no field \"z\""));
}

TEST_F(PlanLoaderTest, ReadsABodyFileFromTheFolderOfThePlan) {
  Write("body.json", "{\"items\":[]}");
  const absl::StatusOr<LoadedPlan> plan =
      LoadPlan(Write("p.textproto", absl::StrCat(kText,
                                                 "workloads { name: \"post\" path: "
                                                 "\"/json\" body_file: \"body.json\" }")));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->plan.workloads(1).body(), "{\"items\":[]}");
  EXPECT_FALSE(plan->plan.workloads(1).has_body_file());
}

TEST_F(PlanLoaderTest, ReportsThePositionOfAnUnreadableBodyFile) {
  const std::string path =
      Write("p.textproto",
            "workloads {\n  body_file: \"none.json\" }\nworkloads { body_file: "
            "\"/dev/zero\" }\n");
  const std::string refusal = Refusal(path);
  EXPECT_THAT(refusal, HasSubstr(absl::StrCat(path, ":2:3: body_file: ")));
  EXPECT_THAT(refusal, HasSubstr("none.json"));
  EXPECT_THAT(refusal, HasSubstr(absl::StrCat("\n", path, ":3:13: body_file: ")));
  EXPECT_THAT(refusal, HasSubstr("is not a regular file"));
}

TEST_F(PlanLoaderTest, RejectsAMissingPlan) {
  EXPECT_THAT(Refusal(folder_ + "/none.textproto"), HasSubstr("none.textproto"));
  EXPECT_THAT(Refusal(folder_), HasSubstr("it is a folder"));
}

TEST_F(PlanLoaderTest, RejectsAFileThatIsNotText) {
  EXPECT_THAT(Refusal(Write("p.textproto", "name: \"\xff\"")), HasSubstr("is not UTF-8"));
}

}  // namespace
}  // namespace assay::controller
