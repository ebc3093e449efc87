// Tests that the plans in plans/ and in the documents are valid.

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "analysis/metrics.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "controller/plan/cells.h"
#include "controller/plan/override.h"
#include "controller/plan/plan_loader.h"
#include "controller/plan/plan_rules.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

using ::testing::ElementsAre;

Plan Loaded(const std::string& name) {
  const absl::StatusOr<std::string> path = AssayFile("plans/" + name);
  EXPECT_TRUE(path.ok()) << path.status();
  const absl::StatusOr<LoadedPlan> plan = LoadPlan(path.ok() ? *path : name);
  EXPECT_TRUE(plan.ok()) << plan.status();
  if (!plan.ok()) return Plan();
  EXPECT_TRUE(Validate(*plan).ok()) << Validate(*plan);
  return WithDefaults(plan->plan);
}

std::string Document() {
  const absl::StatusOr<std::string> path = AssayFile("docs/plans.md");
  EXPECT_TRUE(path.ok()) << path.status();
  const absl::StatusOr<std::string> text = ReadFile(path.ok() ? *path : "docs/plans.md");
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? *text : "";
}

// The code blocks of a document in one language.
std::vector<std::string> CodeBlocks(const std::string& document, const std::string& language) {
  std::vector<std::string> blocks;
  bool inside = false;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(document, '\n'))) {
    if (!inside && line == "```" + language) {
      inside = true;
      blocks.emplace_back();
    } else if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      absl::StrAppend(&blocks.back(), line, "\n");
    }
  }
  return blocks;
}

TEST(PlansTest, EveryPlanThatComesWithAssayIsValid) {
  const absl::StatusOr<std::string> demo = AssayFile("plans/demo.textproto");
  ASSERT_TRUE(demo.ok()) << demo.status();
  int plans = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(*demo).parent_path())) {
    if (entry.path().extension() != ".textproto" && entry.path().extension() != ".json") continue;
    Loaded(entry.path().filename());
    ++plans;
  }
  EXPECT_GE(plans, 2);
}

// The documents promise a control, enough blocks for a verdict, and less than a minute of measuring.
TEST(PlansTest, TheDemoHasAControlEnoughBlocksAndAShortDuration) {
  const Plan plan = Loaded("demo.textproto");
  EXPECT_GE(plan.blocks(), 6);
  EXPECT_EQ(plan.targets(0).name(), plan.targets(2).name());
  EXPECT_NE(plan.targets(0).label(), plan.targets(2).label());
  EXPECT_THAT(plan.load().closed().connections(), ElementsAre(64, 250, 500));
  const CampaignLength length = LengthOf(plan, static_cast<int>(ScheduleOf(plan).size()));
  EXPECT_LT(length.measuring, absl::Minutes(1));
}

TEST(PlansTest, TheOriginalExperimentHasItsOriginalParameters) {
  const Plan plan = Loaded("c_vs_rust.textproto");
  EXPECT_EQ(plan.load().closed().requests(), 10'000);
  EXPECT_THAT(plan.load().closed().connections(), ElementsAre(250, 500, 750));
  EXPECT_EQ(plan.blocks(), 3);
  EXPECT_EQ(plan.verdict(), Plan::NONE);
  EXPECT_EQ(plan.load().warmup().seconds(), 0);
}

std::vector<std::string> TargetsOf(const Plan& plan) {
  std::vector<std::string> names;
  for (const auto& target : plan.targets()) names.push_back(target.name());
  return names;
}

TEST(PlansTest, TheOriginalExperimentMeasuresEveryTarget) {
  EXPECT_THAT(TargetsOf(Loaded("c_vs_rust.textproto")),
              ElementsAre("libmicrohttpd", "hyper", "epoll", "nginx"));
}

// It takes about a minute, so that users run it.
TEST(PlansTest, TheEndpointsPlanRequestsEveryEndpointOfEveryTarget) {
  const Plan plan = Loaded("endpoints.textproto");
  EXPECT_EQ(plan.verdict(), Plan::NONE);
  EXPECT_THAT(TargetsOf(plan), ElementsAre("epoll", "libmicrohttpd", "hyper", "nginx"));
  std::vector<std::string> asked;
  for (const auto& workload : plan.workloads()) {
    asked.push_back(
        absl::StrCat(workload.method(), " ", workload.path().substr(0, workload.path().find('?'))));
  }
  EXPECT_THAT(asked, ElementsAre("GET /plaintext", "GET /json", "POST /echo", "POST /json",
                                 "POST /zlib/compress", "POST /zlib/decompress", "GET /cpu"));
  const CampaignLength length = LengthOf(plan, static_cast<int>(ScheduleOf(plan).size()));
  EXPECT_LT(length.measuring, absl::Minutes(1));
}

TEST(PlansTest, EveryPlanInTheDocumentsIsValid) {
  const std::string document = Document();
  const std::vector<std::string> texts = CodeBlocks(document, "textproto");
  const std::vector<std::string> jsons = CodeBlocks(document, "json");
  EXPECT_GE(texts.size(), 2);
  EXPECT_GE(jsons.size(), 1);
  for (const PlanFormat format : {PlanFormat::kText, PlanFormat::kJson}) {
    for (const std::string& text : format == PlanFormat::kText ? texts : jsons) {
      const absl::StatusOr<LoadedPlan> plan = ParsePlan(text, format, "docs/plans.md", "");
      ASSERT_TRUE(plan.ok()) << plan.status() << "\n" << text;
      EXPECT_TRUE(Validate(*plan).ok()) << Validate(*plan) << "\n" << text;
    }
  }
}

TEST(PlansTest, EveryOverrideInTheDocumentsIsValid) {
  const std::string document = Document();
  constexpr std::string_view kFlag = "`--set ";
  // Apply it to the plan that shows every field, so that indices refer to existing elements.
  const absl::StatusOr<LoadedPlan> whole =
      ParsePlan(CodeBlocks(document, "textproto").at(1), PlanFormat::kText, "", "");
  ASSERT_TRUE(whole.ok()) << whole.status();
  int overrides = 0;
  for (size_t at = document.find(kFlag); at != std::string::npos; at = document.find(kFlag, at)) {
    at += kFlag.size();
    const std::string assignment = document.substr(at, document.find('`', at) - at);
    if (assignment == "key=value") continue;
    Plan plan = whole->plan;
    EXPECT_TRUE(ApplyOverride(assignment, &plan).ok()) << assignment;
    ++overrides;
  }
  EXPECT_GE(overrides, 5);
}

// Whether a document mentions a field: as `field`, as `path.to.field`, or in a plan, as field: value.
bool Mentions(const std::string& document, const std::string& field) {
  for (const std::string& form : {"`" + field + "`", "." + field + "`", field + ": "}) {
    if (document.find(form) != std::string::npos) return true;
  }
  return false;
}

// Users cannot find a field that the document does not mention.
TEST(PlansTest, TheDocumentMentionsEveryFieldAndMetric) {
  const std::string document = Document();
  std::vector<const google::protobuf::Descriptor*> types = {Plan::descriptor()};
  for (size_t i = 0; i < types.size(); ++i) {
    for (int k = 0; k < types[i]->field_count(); ++k) {
      const google::protobuf::FieldDescriptor* field = types[i]->field(k);
      EXPECT_TRUE(Mentions(document, field->name())) << field->full_name();
      const google::protobuf::Descriptor* below = field->message_type();
      if (below == nullptr || field->is_map()) continue;
      if (std::find(types.begin(), types.end(), below) == types.end()) types.push_back(below);
    }
  }
  for (const std::string& metric : MetricNames()) {
    EXPECT_TRUE(Mentions(document, metric)) << metric;
  }
}

}  // namespace
}  // namespace assay::controller
