#include "controller/export/exported_file.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace assay::controller {
namespace {

Cell CellNamed(const std::string& target, const std::string& workload = "json") {
  Cell cell;
  cell.set_target(target);
  cell.set_workload(workload);
  cell.set_mode("closed");
  cell.set_connections(64);
  return cell;
}

std::vector<std::string> NamesOf(const std::vector<ExportedFile>& files) {
  std::vector<std::string> names;
  names.reserve(files.size());
  for (const ExportedFile& file : files) names.push_back(file.name);
  return names;
}

TEST(FileNameTest, KeepsAValidFileName) {
  EXPECT_EQ(FileNameOf(CellNamed("epoll-burn_2.0")), "epoll-burn_2.0-json-64-connections");
  Cell open = CellNamed("Hyper");
  open.set_mode("open");
  open.set_rate_per_s(1234.5671);
  open.set_profiled(true);
  EXPECT_EQ(FileNameOf(open), "Hyper-json-1234.5671-s-profiled");
}

// The hash distinguishes cells and is the same in every export.
TEST(FileNameTest, AddsAHashToANameThatHadToChange) {
  EXPECT_EQ(FileNameOf(CellNamed("a b")), FileNameOf(CellNamed("a b")));
  std::set<std::string> names;
  const std::vector<std::string> targets = {"a b",    "a-b",  "a/b", "a\tb",   "a--b",
                                            "-a-b",   ".a-b", "..",  "сервер", "служба",
                                            "服务器", "=1+1", "a\\b"};
  for (const std::string& target : targets) {
    const std::string name = FileNameOf(CellNamed(target));
    SCOPED_TRACE(absl::StrCat(target, ": ", name));
    EXPECT_TRUE(names.insert(name).second);
    EXPECT_NE(name.front(), '-');
    EXPECT_NE(name.front(), '.');
    for (const char c : name) {
      EXPECT_TRUE(absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' ||
                  c == '_');
    }
  }
  EXPECT_TRUE(absl::StartsWith(FileNameOf(CellNamed("a b")), "a-b-json-64-connections-"));
  EXPECT_TRUE(absl::StartsWith(FileNameOf(CellNamed("сервер")), "json-64-connections-"));
}

TEST(ExportedFilesTest, FilesKeepTheirOrderNamesAndContents) {
  ExportedFiles files;
  files.Add("b", ".html", "b", "1");
  files.Add("a", ".html", "a", "2");
  files.Add("a", ".folded", "a", "3");
  const std::vector<ExportedFile> taken = files.Take();
  ASSERT_EQ(taken.size(), 3);
  EXPECT_EQ(taken[0].name, "b.html");
  EXPECT_EQ(taken[1].name, "a.html");
  EXPECT_EQ(taken[2].name, "a.folded");
  EXPECT_EQ(taken[1].content, "2");
  EXPECT_TRUE(files.empty());
}

// Otherwise one file would overwrite the other. The names do not depend on the order.
TEST(ExportedFilesTest, AddsAHashToEqualNames) {
  const std::vector<std::vector<Cell>> same = {
      {CellNamed("a-b", "c"), CellNamed("a", "b-c")},
      {CellNamed("Epoll"), CellNamed("epoll"), CellNamed("EPOLL")}};
  for (const std::vector<Cell>& cells : same) {
    ExportedFiles files;
    ExportedFiles reversed;
    const auto add = [](const Cell& cell, ExportedFiles& to) {
      to.Add(FileNameOf(cell), ".hlog", absl::StrCat(cell.target(), " ", cell.workload()), "");
    };
    for (const Cell& cell : cells) add(cell, files);
    for (auto cell = cells.rbegin(); cell != cells.rend(); ++cell) add(*cell, reversed);
    std::vector<std::string> names = NamesOf(files.Take());
    const std::vector<std::string> again = NamesOf(reversed.Take());
    EXPECT_EQ(std::vector<std::string>(again.rbegin(), again.rend()), names);
    std::set<std::string> folded;
    for (const std::string& name : names) folded.insert(absl::AsciiStrToLower(name));
    EXPECT_EQ(folded.size(), cells.size());
  }
}

// A target can have the name of another file of the export.
TEST(ExportedFilesTest, TargetNamedLikeADifferenceGetsASeparateFile) {
  const std::string a = FileNameOf(CellNamed("a"));
  const std::string hostile = FileNameOf(CellNamed(absl::StrCat(a, "-against-b")));
  const std::string b = FileNameOf(CellNamed("b"));
  ASSERT_EQ(hostile, absl::StrCat(a, "-against-", b));
  ExportedFiles files;
  files.Add(hostile, ".html", "one", "");
  files.Add(absl::StrCat(a, "-against-", b), ".html", "the other", "");
  const std::vector<std::string> names = NamesOf(files.Take());
  EXPECT_NE(names[0], names[1]);
}

TEST(ExportedFilesTest, ExtendsAHashThatIsTaken) {
  ExportedFiles once;
  once.Add("a", "", "x", "");
  once.Add("a", "", "y", "");
  const std::vector<std::string> hashed = NamesOf(once.Take());
  ExportedFiles files;
  files.Add("a", "", "x", "");
  files.Add("a", "", "y", "");
  files.Add(hashed[0], "", "z", "");
  const std::vector<std::string> names = NamesOf(files.Take());
  EXPECT_EQ(names[2], hashed[0]);
  EXPECT_EQ(names[1], hashed[1]);
  EXPECT_TRUE(absl::StartsWith(names[0], hashed[0]));
  EXPECT_GT(names[0].size(), hashed[0].size());
}

TEST(ExportedFilesTest, LimitsTheLengthOfNames) {
  const std::string long_name(400, 'x');
  ExportedFiles files;
  files.Add(absl::StrCat(long_name, "1"), ".speedscope.json", "one", "");
  files.Add(absl::StrCat(long_name, "2"), ".speedscope.json", "two", "");
  const std::vector<std::string> names = NamesOf(files.Take());
  EXPECT_NE(names[0], names[1]);
  for (const std::string& name : names) EXPECT_LE(name.size(), 255);
}

}  // namespace
}  // namespace assay::controller
