#include "common/pem_file.h"

#include <string>

#include "common/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string FileOf(const std::string& text) {
  const std::string path =
      ::testing::TempDir() + ::testing::UnitTest::GetInstance()->current_test_info()->name();
  EXPECT_TRUE(WriteFileAtomically(path, text).ok());
  return path;
}

TEST(PemFileTest, FindsABlockAfterOthersAndWithAnAlgorithm) {
  const std::string text =
      "Bag Attributes\r\n-----BEGIN EC PARAMETERS-----\r\n-----BEGIN EC PRIVATE "
      "KEY-----\r\nMHc\r\n";
  const auto read = ReadPemFile("--tls-key", FileOf(text), "PRIVATE KEY");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, text);
}

// The most common mistake: key and certificate are swapped.
TEST(PemFileTest, RefusesAnotherKindAndNamesTheExpectedOne) {
  const std::string path = FileOf("-----BEGIN PRIVATE KEY-----\nMHc\n-----END PRIVATE KEY-----\n");
  const absl::Status refused = ReadPemFile("--tls-cert", path, "CERTIFICATE").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("--tls-cert"), HasSubstr(path), HasSubstr("a CERTIFICATE")));
}

TEST(PemFileTest, NamesAMissingFileWithItsOption) {
  const absl::Status refused = ReadPemFile("--tls-ca", "/nowhere/ca.pem", "CERTIFICATE").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(
      std::string(refused.message()),
      AllOf(HasSubstr("--tls-ca"), HasSubstr("/nowhere/ca.pem"), HasSubstr("No such file")));
}

}  // namespace
}  // namespace assay
