#include "controller/export/speedscope_text.h"

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/profile/test_profile.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

using Json = nlohmann::json;

// The sampled profiles of speedscope's published schema (file-format-spec.ts).
void ExpectFitsTheSchema(const Json& file) {
  EXPECT_EQ(file.at("$schema"), "https://www.speedscope.app/file-format-schema.json");
  const size_t frames = file.at("shared").at("frames").size();
  for (const Json& frame : file["shared"]["frames"]) {
    ASSERT_TRUE(frame.contains("name"));
    for (const auto& [key, value] : frame.items()) {
      const bool fits =
          key == "line" ? value.is_number() : (key == "name" || key == "file") && value.is_string();
      ASSERT_TRUE(fits) << key;
    }
  }
  ASSERT_FALSE(file.at("profiles").empty());
  EXPECT_LT(file.at("activeProfileIndex"), file["profiles"].size());
  for (const Json& profile : file["profiles"]) {
    EXPECT_EQ(profile.at("type"), "sampled");
    EXPECT_TRUE(profile.at("name").is_string());
    EXPECT_EQ(profile.at("unit"), "nanoseconds");
    EXPECT_GE(profile.at("endValue"), profile.at("startValue"));
    ASSERT_EQ(profile.at("samples").size(), profile.at("weights").size());
    uint64_t sum = 0;
    for (const Json& weight : profile["weights"]) sum += weight.get<uint64_t>();
    EXPECT_EQ(profile["endValue"], sum);
    for (const Json& sample : profile["samples"]) {
      for (const Json& frame : sample) ASSERT_LT(frame.get<size_t>(), frames);
    }
  }
}

TEST(SpeedscopeTextTest, StacksAreWrittenFromTheOutermostFrame) {
  const Json file = Json::parse(SpeedscopeText(ProfileOf({{"main;work", 2}, {"main", 1}}), "x"));
  ExpectFitsTheSchema(file);
  EXPECT_EQ(file["name"], "x");
  EXPECT_EQ(file["shared"]["frames"][0]["name"], "main");
  EXPECT_EQ(file["shared"]["frames"][1]["file"], "work.cc");
  ASSERT_EQ(file["profiles"].size(), 1);
  EXPECT_EQ(file["profiles"][0]["name"], "thread 42");
  EXPECT_EQ(file["profiles"][0]["samples"], Json({{0, 1}, {0, 1}, {0}}));
  EXPECT_EQ(file["profiles"][0]["endValue"], 3'000'000);
}

TEST(SpeedscopeTextTest, SeparatesThreadsAndTimeOffTheCpuInOrder) {
  StackProfile profile;
  AddFolded("main;late", 1, &profile);
  AddFolded("main;wait", 1, &profile, StackTime::kOffCpu);
  const uint32_t late = profile.samples()[0].node;
  profile.AddSample({.node = late - 1, .thread = 42, .at_ns = -5, .weight_ns = 7});
  profile.AddSample({.node = late, .thread = 43, .at_ns = 1, .weight_ns = 1});
  const Json file = Json::parse(SpeedscopeText(profile, "x"));
  ExpectFitsTheSchema(file);
  ASSERT_EQ(file["profiles"].size(), 3);
  EXPECT_EQ(file["profiles"][0]["weights"], Json({7, 1'000'000}));
  EXPECT_EQ(file["profiles"][1]["name"], "thread 43");
  EXPECT_EQ(file["profiles"][2]["name"], "thread 42, off the CPU");
}

TEST(SpeedscopeTextTest, MergedRunsAreOneProfile) {
  StackProfile profile = ProfileOf({{"main;work", 2}});
  profile.Merge(ProfileOf({{"main;work", 3}}));
  const Json file = Json::parse(SpeedscopeText(profile, "x"));
  ExpectFitsTheSchema(file);
  EXPECT_EQ(file["profiles"][0]["weights"], Json({5'000'000}));
}

TEST(SpeedscopeTextTest, AnyProfileMatchesTheSchema) {
  RandomStream random(1);
  ExpectFitsTheSchema(Json::parse(SpeedscopeText(RandomProfile(&random, 300, 30), "x")));
  ExpectFitsTheSchema(Json::parse(SpeedscopeText(StackProfile(), "")));
}

}  // namespace
}  // namespace assay::controller
