#include "controller/report/flame_graph.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/profile/profile_difference.h"
#include "analysis/profile/test_profile.h"
#include "controller/report/html_text.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

using Json = nlohmann::json;

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// The data that the script reads.
Json DataOf(const std::string& fragment) {
  const std::string begin = "<script type=\"application/json\" class=\"flame-data\">";
  const size_t from = fragment.find(begin) + begin.size();
  return Json::parse(fragment.substr(from, fragment.find("</script>", from) - from));
}

FunctionTree ServerTree() {
  return TreeOf({{"_start;main;work;[i]parse", 50},
                 {"_start;main;[c]epoll_wait;[k]ep_poll", 30},
                 {"_start;main;[l]deflate", 20}});
}

TEST(HtmlTextTest, EscapesAttributesAndElements) {
  EXPECT_EQ(HtmlText("<a href=\"x\" b='y'>&"), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
  EXPECT_EQ(HtmlText(std::string("a\0b\x01\xff\n", 6)), "a\uFFFDb\uFFFD\uFFFD ");
}

TEST(FlameGraphTest, DataContainEveryNodeInTreeOrder) {
  const FunctionTree tree = ServerTree();
  const Json data =
      DataOf(FlameGraphFragment({.title = "server", .tree = &tree, .requests = 1000}));
  EXPECT_EQ(data["kind"], "profile");
  EXPECT_EQ(data["requests"], 1000);
  ASSERT_EQ(data["depth"].size(), tree.nodes().size());
  std::vector<std::string> names;
  for (const Json& function : data["function"])
    names.push_back(data["functions"][int{function}][0]);
  EXPECT_EQ(names, (std::vector<std::string>{"all", "_start", "main", "deflate", "epoll_wait",
                                             "ep_poll", "work", "parse"}));
  EXPECT_EQ(data["depth"], Json({0, 1, 2, 3, 3, 4, 3, 4}));
  EXPECT_EQ(data["samples"], Json({0, 0, 0, 20, 0, 30, 0, 50}));
  EXPECT_EQ(data["ns"][3], 20'000'000);
}

TEST(FlameGraphTest, PageWithoutAScriptShowsALabelledPicture) {
  const FunctionTree tree = ServerTree();
  const std::string page = FlameGraphFragment({.title = "server", .tree = &tree, .requests = 1000});
  EXPECT_EQ(Count(page, "<rect "), tree.nodes().size());
  EXPECT_NE(page.find("<title>parse — 50.0 %, 50 samples, 50.0 µs per request</title>"),
            std::string::npos);
  EXPECT_NE(page.find(">epoll_wait</text>"), std::string::npos);
  // Without a script, controls that need one are not shown.
  EXPECT_NE(page.find("class=\"flame-bar\" hidden"), std::string::npos);
  EXPECT_NE(page.find("kernel 30.0 %"), std::string::npos);
  EXPECT_NE(page.find("inlined 50.0 %"), std::string::npos);
}

// Names come from any profiled program.
TEST(FlameGraphTest, HostileNamesAreEscaped) {
  FunctionTree tree;
  const std::string hostile = "</noscript></script><script>alert(1)</script><!--\"'&";
  tree.AddSelf(tree.InternChild(0, tree.InternFunction({.name = hostile, .library = hostile})),
               {.ns = 1, .samples = 1});
  const std::string page =
      FlameGraphFragment({.title = hostile, .subtitle = hostile, .tree = &tree});
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_EQ(Count(page, "</script>"), 1);
  EXPECT_EQ(Count(page, "</noscript>"), 1);
  EXPECT_EQ(page.find("<!--"), std::string::npos);
  const Json data = DataOf(page);
  EXPECT_EQ(data["functions"][1][0], hostile);
}

TEST(FlameGraphTest, PageLoadsNothing) {
  const FunctionTree tree = ServerTree();
  const std::string page =
      FlameGraphPage("profiles", {FlameGraphFragment({.title = "one", .tree = &tree}),
                                  FlameGraphFragment({.title = "two", .tree = &tree})});
  for (const char* word : {"http:", "https:", " src=", "@import", "url(", "fetch(", "XMLHttp"}) {
    EXPECT_EQ(page.find(word), std::string::npos) << word;
  }
  EXPECT_EQ(Count(page, "<section class=\"flame\">"), 2);
  EXPECT_EQ(Count(page, "class FlameGraph "), 1);
}

TEST(FlameGraphTest, LargeProfileGivesASmallPicture) {
  RandomStream random(1);
  FunctionTree tree;
  tree.Add(RandomProfile(&random, 20'000, 40), StackTime::kOnCpu);
  const std::string page = FlameGraphFragment({.title = "large", .tree = &tree});
  EXPECT_LE(Count(page, "<rect "), 2500);
  EXPECT_GT(Count(page, "<rect "), 100);
  EXPECT_EQ(DataOf(page)["depth"].size(), tree.nodes().size());
}

// The picture reports what is left out.
TEST(FlameGraphTest, PictureOfADeepProfileFitsAPage) {
  std::string deep = "main";
  for (int i = 0; i < 60; ++i) deep += ";f";
  const FunctionTree tree = TreeOf({{deep, 1}});
  const std::string page = FlameGraphFragment({.title = "deep", .tree = &tree});
  EXPECT_EQ(Count(page, "<rect "), 40);
  EXPECT_NE(page.find("… and deeper frames in 22 more levels"), std::string::npos);
}

TEST(FlameGraphTest, EmptyProfileGivesAnEmptyPicture) {
  const FunctionTree tree;
  const std::string page = FlameGraphFragment({.title = "idle", .tree = &tree});
  EXPECT_EQ(Count(page, "<rect "), 0);
  EXPECT_EQ(DataOf(page)["depth"], Json::array({0}));
}

class DifferenceGraphTest : public testing::Test {
 protected:
  std::string Fragment(int runs, uint64_t requests) {
    std::vector<FunctionTree> trees;
    RandomStream random(1);
    for (int i = 0; i < 2 * runs; ++i) {
      const uint64_t wait = i < runs ? 125 : 27;
      trees.push_back(TreeOf({{"main;[c]epoll_wait", wait + random.Below(5)},
                              {"main;[c]recv", 300 + random.Below(40)},
                              {i < runs ? "main;gone" : "main;came", 200 + random.Below(20)}}));
    }
    std::vector<ProfileRun> all;
    for (const FunctionTree& tree : trees) all.push_back({.tree = &tree, .requests = requests});
    const absl::Span<const ProfileRun> span(all);
    difference_ = CompareProfiles(span.subspan(0, runs), span.subspan(runs), {}).value();
    return FlameGraphFragment(DifferenceGraph{
        .title = "C or Rust", .name_a = "C", .name_b = "Rust", .difference = &difference_});
  }

  // The test result of this function's node.
  Json TestOf(const Json& data, const std::string& name) {
    for (size_t i = 0; i < data["function"].size(); ++i) {
      const int function = data["function"][i];
      if (data["functions"][function][0] == name)
        return data["tests"].value(std::to_string(i), Json());
    }
    return {};
  }

  ProfileDifference difference_;
};

TEST_F(DifferenceGraphTest, DataContainBothSidesAndSignificance) {
  const std::string page = Fragment(6, 1000);
  const Json data = DataOf(page);
  EXPECT_EQ(data["names"], Json({"C", "Rust"}));
  EXPECT_TRUE(data["has_requests"]);
  EXPECT_EQ(TestOf(data, "epoll_wait")[3], 1);
  EXPECT_EQ(TestOf(data, "gone")[3], 1);
  EXPECT_EQ(TestOf(data, "recv")[3], 0);
  EXPECT_NE(page.find("color-mix(in srgb,var(--less)"), std::string::npos);
  EXPECT_NE(page.find("recv — C "), std::string::npos);
  EXPECT_NE(page.find("(may be chance)"), std::string::npos);
}

TEST_F(DifferenceGraphTest, FewRunsGiveAGreyGraphWithAReason) {
  const std::string page = Fragment(3, 1000);
  EXPECT_TRUE(DataOf(page)["tests"].empty());
  EXPECT_EQ(page.find("color-mix"), std::string::npos);
  EXPECT_NE(
      page.find("Too few runs to test for differences: 3 and 3; at least 5 of each are needed."),
      std::string::npos);
}

TEST_F(DifferenceGraphTest, DrawsSharesWithoutRequestCounts) {
  const Json data = DataOf(Fragment(6, 0));
  EXPECT_FALSE(data["has_requests"]);
  double sum = 0;
  for (const Json& value : data["a"]) sum += value.get<double>();
  EXPECT_NEAR(sum, 1, 1e-5);
}

}  // namespace
}  // namespace assay::controller
