#include "controller/results/csv_row.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <set>
#include <string>

namespace assay::controller {
namespace {

std::string TextField(const std::string& text) {
  const std::string line = CsvRow().Text(text).Line();
  return line.substr(0, line.size() - 2);
}

TEST(CsvRowTest, FieldsKeepTheirOrder) {
  EXPECT_EQ(CsvRow().Text("epoll").Count(64).Number(0.5).Nothing().Number(std::nullopt).Line(),
            "epoll,64,0.5,,\r\n");
  EXPECT_EQ(CsvRow().Text("").Text("a").Line(), ",a\r\n");
}

TEST(CsvRowTest, QuotesATextWithASeparator) {
  EXPECT_EQ(TextField("a,b"), "\"a,b\"");
  EXPECT_EQ(TextField("say \"a\""), "\"say \"\"a\"\"\"");
  EXPECT_EQ(TextField("a\nb"), "\"a\nb\"");
  // In programs that split at semicolons, the second half would be a formula.
  EXPECT_EQ(TextField("a;=1+1"), "\"a;=1+1\"");
  EXPECT_EQ(TextField("a\t=1+1"), "\"a\t=1+1\"");
}

TEST(CsvRowTest, PrefixesFormulasWithAnApostrophe) {
  EXPECT_EQ(TextField("=1+1"), "'=1+1");
  EXPECT_EQ(TextField("+1"), "'+1");
  EXPECT_EQ(TextField("-1"), "'-1");
  EXPECT_EQ(TextField("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(TextField("\t=1"), "\"'\t=1\"");
  EXPECT_EQ(TextField("\r=1"), "\"'\r=1\"");
  EXPECT_EQ(TextField("\n=1"), "\"'\n=1\"");
  EXPECT_EQ(TextField("＝1"), "'＝1");
  EXPECT_EQ(TextField("=HYPERLINK(\"http://x\",\"y\")"),
            "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
}

TEST(CsvRowTest, OtherTextsAreUnchanged) {
  for (const char* text : {"epoll", "a=b", "a-b", "1-2", "'tis", "", "'", "сервер"})
    EXPECT_EQ(TextField(text), text);
}

// Otherwise a program that reads the file would see two targets as one.
TEST(CsvRowTest, DifferentTextsStayDifferent) {
  std::set<std::string> fields;
  const std::string texts[] = {"=a", "'=a", "''=a", "a", "'a"};
  for (const std::string& text : texts) EXPECT_TRUE(fields.insert(TextField(text)).second) << text;
}

TEST(CsvRowTest, NumbersReadBackUnchanged) {
  for (const double value : {1234567.0, 1234.5671, 1234.5672, 0.5, -0.25, 1.0 / 3, 1e-300, 1e300,
                             123456789.123, std::numeric_limits<double>::max()}) {
    EXPECT_EQ(std::strtod(CsvRow().Number(value).Line().c_str(), nullptr), value);
  }
  EXPECT_EQ(CsvRow().Number(1234567.0).Line(), "1234567\r\n");
  // A negative number is not a formula.
  EXPECT_EQ(CsvRow().Number(-1.5).Line(), "-1.5\r\n");
  EXPECT_EQ(CsvRow().Count(UINT64_MAX).Line(), "18446744073709551615\r\n");
}

}  // namespace
}  // namespace assay::controller
