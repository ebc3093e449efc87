#include "common/message_text.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(MessageTextTest, AMessageIsOneLineWithAnyQuotedText) {
  EXPECT_EQ(MessageText(absl::NotFoundError("no campaign \"a\ncontroller: \x1b[2J\"")),
            "no campaign \"a\\x0acontroller: \\x1b[2J\"");
}

TEST(MessageTextTest, KeepsTheLinesOfAStatusOfLines) {
  const absl::Status status =
      StatusOfLines(absl::StatusCode::kInvalidArgument, {"plan:1: \"a\nb\"", "plan:2: c"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageText(status), "plan:1: \"a\\x0ab\"\nplan:2: c");
}

TEST(MessageTextTest, AWrappedMessageIsOneLine) {
  const absl::Status lines = StatusOfLines(absl::StatusCode::kInternal, {"a", "b"});
  EXPECT_EQ(MessageText(absl::InternalError(absl::StrCat("x: ", lines.message()))), "x: a\\x0ab");
}

}  // namespace
}  // namespace assay
