#include "controller/campaign/progress.h"

#include <functional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kRaw[] = "a\x1b[2J\r\xe9";
constexpr char kClean[] = "a\\x1b[2J\\x0d\xef\xbf\xbd";

std::string Said(Progress::Style style, const std::function<void(Progress&)>& talk) {
  testing::internal::CaptureStderr();
  {
    Progress progress(style, 2);
    talk(progress);
  }
  return testing::internal::GetCapturedStderr();
}

Cell CellOf(const std::string& target) {
  Cell cell;
  cell.set_target(target);
  cell.set_workload(target);
  cell.set_mode("closed");
  return cell;
}

TEST(ProgressTest, EscapesControlCharactersInTheNameOfACell) {
  ExecutionRecord measured;
  *measured.mutable_cell() = CellOf(kRaw);
  measured.set_status(ExecutionRecord::MEASURED);
  const std::string plain = Said(Progress::Style::kPlainLines, [&](Progress& progress) {
    progress.Begin(1, {CellOf(kRaw)}, 0, 1, absl::Seconds(1));
    progress.End(measured);
  });
  EXPECT_THAT(plain, HasSubstr(kClean));
  EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
  // The escape sequence that clears the line stays; the one in the name is escaped.
  const std::string live = Said(Progress::Style::kLiveLine, [&](Progress& progress) {
    progress.Begin(1, {CellOf(kRaw)}, 0, 1, absl::Seconds(1));
  });
  EXPECT_THAT(live, HasSubstr(kClean));
  EXPECT_THAT(live, Not(HasSubstr("\x1b[2J")));
}

// The agent's message and the last output of a program are not trusted.
TEST(ProgressTest, EscapesControlCharactersInEachLineOfAFailure) {
  ExecutionRecord failed;
  failed.set_status(ExecutionRecord::FAILED);
  failed.mutable_failure()->set_agent(kRaw);
  Failure& failure = *failed.mutable_failure()->mutable_failure();
  failure.set_message(kRaw);
  failure.set_difference(kRaw);
  failure.set_ended(kRaw);
  failure.set_last_output(std::string("one\n") + kRaw + "\n");
  const std::string said = Said(Progress::Style::kPlainLines, [&](Progress& progress) {
    progress.Begin(1, {CellOf("t")}, 0, 1, absl::Seconds(1));
    progress.End(failed);
  });
  EXPECT_THAT(said, HasSubstr(std::string("agent ") + kClean + ": " + kClean));
  EXPECT_THAT(said, HasSubstr(std::string("one\n    ") + kClean));
  EXPECT_THAT(said, Not(HasSubstr("\x1b")));
  EXPECT_THAT(said, Not(HasSubstr("\r")));
}

}  // namespace
}  // namespace assay::controller
