#include "common/status_macros.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"

namespace assay {
namespace {

absl::Status ReturnIfError(const absl::Status& status, bool* went_on) {
  ASSAY_RETURN_IF_ERROR(status);
  *went_on = true;
  return absl::OkStatus();
}

absl::StatusOr<int> AddOne(const absl::StatusOr<int>& number) {
  ASSAY_ASSIGN_OR_RETURN(const int value, number);
  return value + 1;
}

// Used twice in one function: the hidden names must differ. Also checks a move-only value.
absl::StatusOr<int> SumOfTwo(absl::StatusOr<std::unique_ptr<int>> a, const absl::StatusOr<int>& b) {
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<int> first, std::move(a));
  int second = 0;
  ASSAY_ASSIGN_OR_RETURN(second, b);
  return *first + second;
}

TEST(StatusMacrosTest, ReturnsAnErrorAndContinuesOnOk) {
  bool went_on = false;
  EXPECT_EQ(ReturnIfError(absl::NotFoundError("x"), &went_on), absl::NotFoundError("x"));
  EXPECT_FALSE(went_on);
  EXPECT_TRUE(ReturnIfError(absl::OkStatus(), &went_on).ok());
  EXPECT_TRUE(went_on);
}

TEST(StatusMacrosTest, AssignsAValueOrReturnsAnError) {
  EXPECT_EQ(AddOne(1).value(), 2);
  EXPECT_EQ(AddOne(absl::NotFoundError("x")).status(), absl::NotFoundError("x"));
  EXPECT_EQ(SumOfTwo(std::make_unique<int>(3), 4).value(), 7);
  EXPECT_EQ(SumOfTwo(std::make_unique<int>(3), absl::InternalError("y")).status(),
            absl::InternalError("y"));
}

}  // namespace
}  // namespace assay
