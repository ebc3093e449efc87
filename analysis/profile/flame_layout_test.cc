#include "analysis/profile/flame_layout.h"

#include "analysis/profile/test_profile.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(FlameLayoutTest, ChildrenAreSideBySideOnTheirCaller) {
  // all { a { b c } d }
  const std::vector<FlameBox> boxes = LayOutFlames({0, 1, 2, 2, 1}, {0, 1, 2, 3, 2}, 0);
  ASSERT_EQ(boxes.size(), 5);
  EXPECT_DOUBLE_EQ(boxes[0].width, 1);
  EXPECT_DOUBLE_EQ(boxes[1].width, 0.75);
  EXPECT_DOUBLE_EQ(boxes[2].left, 0);
  EXPECT_DOUBLE_EQ(boxes[2].width, 0.25);
  EXPECT_DOUBLE_EQ(boxes[3].left, 0.25);
  EXPECT_DOUBLE_EQ(boxes[3].width, 0.375);
  EXPECT_DOUBLE_EQ(boxes[4].left, 0.75);
  EXPECT_EQ(boxes[4].depth, 1);
}

TEST(FlameLayoutTest, NarrowBoxesAreLeftOutButKeepTheirWidth) {
  const std::vector<FlameBox> boxes = LayOutFlames({0, 1, 2, 3, 1, 2}, {0, 0, 0, 1, 4, 95}, 0.02);
  ASSERT_EQ(boxes.size(), 3);
  EXPECT_EQ(boxes[1].node, 4);
  EXPECT_DOUBLE_EQ(boxes[1].left, 0.01);
  EXPECT_EQ(boxes[2].node, 5);
}

TEST(FlameLayoutTest, NoWeightGivesNoBoxes) {
  EXPECT_TRUE(LayOutFlames({0, 1}, {0, 0}, 0).empty());
}

TEST(FlameLayoutTest, WidthsAddUpInEveryTree) {
  RandomStream random(1);
  FunctionTree tree;
  tree.Add(RandomProfile(&random, 400, 30), StackTime::kOnCpu);
  std::vector<uint32_t> depths;
  std::vector<double> selves;
  for (const uint32_t node : tree.PreOrder()) {
    depths.push_back(tree.nodes()[node].depth);
    selves.push_back(static_cast<double>(tree.nodes()[node].self.ns));
  }
  std::vector<double> end_at_depth(64);
  double self_sum = 0;
  const std::vector<FlameBox> boxes = LayOutFlames(depths, selves, 0);
  ASSERT_EQ(boxes.size(), depths.size());
  std::vector<FlameBox> path;
  for (const FlameBox& box : boxes) {
    path.resize(box.depth);
    if (!path.empty()) {
      EXPECT_GE(box.left, path.back().left - 1e-9);
      EXPECT_LE(box.left + box.width, path.back().left + path.back().width + 1e-9);
    }
    // Boxes at one depth are side by side and never overlap.
    EXPECT_GE(box.left, end_at_depth[box.depth] - 1e-9);
    end_at_depth[box.depth] = box.left + box.width;
    path.push_back(box);
    self_sum += selves[box.node];
  }
  EXPECT_DOUBLE_EQ(self_sum, static_cast<double>(tree.Totals()[FunctionTree::kRoot].ns));
}

}  // namespace
}  // namespace assay
