#include "analysis/crc32c.h"

#include <string>

#include "analysis/random_stream.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(Crc32cTest, GivesThePublishedCheckValues) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283);
  // RFC 3720, B.4.
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AA);
  EXPECT_EQ(Crc32c(std::string(32, '\xFF')), 0x62A8AB43);
  std::string ascending;
  for (char byte = 0; byte < 32; ++byte) ascending.push_back(byte);
  EXPECT_EQ(Crc32c(ascending), 0x46DD794E);
  EXPECT_EQ(Crc32c(""), 0);
}

// A chunk can be written on one kind of CPU and checked on another.
TEST(Crc32cTest, TableAndInstructionAgreeOnEveryLengthAndAlignment) {
  RandomStream random(1);
  std::string bytes;
  for (int i = 0; i < 400; ++i) bytes.push_back(static_cast<char>(random.Next()));
  for (size_t begin = 0; begin < 9; ++begin) {
    for (size_t length = 0; begin + length <= bytes.size(); ++length) {
      const std::string_view part = std::string_view(bytes).substr(begin, length);
      ASSERT_EQ(ExtendCrc32cPortably(7, part), ExtendCrc32c(7, part)) << begin << " " << length;
    }
  }
}

TEST(Crc32cTest, ExtendingEqualsTheWhole) {
  const std::string text = "a chunk that arrives in two pieces";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    ASSERT_EQ(ExtendCrc32c(Crc32c(text.substr(0, cut)), text.substr(cut)), Crc32c(text));
  }
}

}  // namespace
}  // namespace assay
