#include "agent/launcher/bounded_output.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr size_t kAll = BoundedOutput::kHeadBytes + BoundedOutput::kTailBytes;

BoundedOutput OutputOf(std::string_view text, size_t piece = 1000) {
  BoundedOutput output;
  for (size_t at = 0; at < text.size(); at += piece) output.Append(text.substr(at, piece));
  return output;
}

std::string Lines(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

TEST(BoundedOutputTest, KeepsEverythingUpToTheLimit) {
  const std::string text(kAll, 'x');
  for (const size_t piece : {size_t{1}, size_t{4096}, size_t{5000}, text.size()}) {
    EXPECT_EQ(OutputOf(text, piece).Text(), text);
  }
  EXPECT_EQ(BoundedOutput().Text(), "");
}

TEST(BoundedOutputTest, KeepsHeadAndTailOfLongerOutputAndReportsTheGap) {
  const std::string text = Lines(100'000);
  for (const size_t piece : {size_t{7}, size_t{70'000}, text.size()}) {
    const BoundedOutput output = OutputOf(text, piece);
    EXPECT_EQ(output.total_bytes(), text.size());
    EXPECT_EQ(output.Text(), text.substr(0, BoundedOutput::kHeadBytes) + "\n[... " +
                                 std::to_string(text.size() - kAll) + " bytes left out ...]\n" +
                                 text.substr(text.size() - BoundedOutput::kTailBytes));
  }
}

TEST(BoundedOutputTest, LastBytesBeginAtALineAndAtACharacter) {
  const BoundedOutput output = OutputOf(Lines(1000));
  const std::string last = output.LastBytes(100);
  EXPECT_LE(last.size(), 100u);
  EXPECT_THAT(last, StartsWith("line 989\n"));
  EXPECT_THAT(last, EndsWith("line 999\n"));
  EXPECT_EQ(OutputOf("abc").LastBytes(100), "abc");
  EXPECT_EQ(OutputOf("\u20ac\u20ac").LastBytes(4), "\u20ac");
  EXPECT_EQ(OutputOf("abc").LastBytes(0), "");
}

TEST(BoundedOutputTest, FindsTextAcrossHeadAndTailButNotAcrossAGap) {
  std::string text(BoundedOutput::kHeadBytes - 3, 'x');
  text += "needle";
  EXPECT_TRUE(OutputOf(text).Contains("needle"));
  EXPECT_TRUE(OutputOf(text).Contains(""));
  EXPECT_FALSE(OutputOf(text).Contains("needles"));
  text += std::string(kAll, 'x');
  EXPECT_FALSE(OutputOf(text).Contains("needle"));
}

TEST(LastOutputOfTest, StandardErrorComesFirstAndHasPrecedence) {
  const BoundedOutput none;
  EXPECT_EQ(LastOutputOf(none, none, 100), "");
  EXPECT_EQ(LastOutputOf(OutputOf("err"), none, 100), "err");
  EXPECT_EQ(LastOutputOf(none, OutputOf("out"), 100), "out");
  EXPECT_EQ(LastOutputOf(OutputOf("err"), OutputOf("out"), 100), "err\n[standard output]\nout");
  const std::string both = LastOutputOf(OutputOf(Lines(5)), OutputOf(Lines(1000)), 100);
  EXPECT_LE(both.size(), 100u);
  EXPECT_THAT(both, StartsWith(Lines(5)));
  EXPECT_THAT(both, EndsWith("line 999\n"));
  EXPECT_EQ(LastOutputOf(OutputOf(std::string(200, 'e')), OutputOf("out"), 100),
            std::string(100, 'e'));
}

TEST(LastOutputOfTest, NeverExceedsTheLimitEvenWhenBytesAreReplaced) {
  const BoundedOutput garbage = OutputOf(std::string(100'000, '\xff'));
  EXPECT_LE(LastOutputOf(garbage, garbage, 8192).size(), 8192u);
  EXPECT_THAT(LastOutputOf(garbage, garbage, 8192), HasSubstr("\uFFFD"));
}

}  // namespace
}  // namespace assay::agent
