#include "controller/export/pprof_file.h"

#include <zlib.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "analysis/profile/folded_text.h"
#include "analysis/profile/function_tree.h"
#include "analysis/profile/test_profile.h"
#include "common/file.h"
#include "gtest/gtest.h"
#include "proto/pprof.pb.h"

namespace assay::controller {
namespace {

pprof::Profile Decoded(const std::string& file) {
  std::string plain(size_t{1} << 22, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file.data()));
  stream.avail_in = static_cast<uInt>(file.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  plain.resize(stream.total_out);
  inflateEnd(&stream);
  pprof::Profile profile;
  EXPECT_TRUE(profile.ParseFromString(plain));
  return profile;
}

// Maps the folded stacks in the file to their samples.
std::map<std::string, int64_t> StacksOf(const pprof::Profile& profile) {
  std::map<uint64_t, const pprof::Location*> locations;
  for (const pprof::Location& location : profile.location()) locations[location.id()] = &location;
  std::map<uint64_t, const pprof::Function*> functions;
  for (const pprof::Function& function : profile.function()) functions[function.id()] = &function;
  std::map<std::string, int64_t> stacks;
  for (const pprof::Sample& sample : profile.sample()) {
    std::string stack;
    for (const uint64_t id : sample.location_id()) {
      for (const pprof::Line& line : locations.at(id)->line()) {
        const std::string& name =
            profile.string_table(static_cast<int>(functions.at(line.function_id())->name()));
        stack = stack.empty() ? name : absl::StrCat(name, ";", stack);
      }
    }
    if (sample.value(0) > 0) stacks[stack] += sample.value(0);
  }
  return stacks;
}

std::map<std::string, int64_t> StacksOf(const StackProfile& profile) {
  FunctionTree tree;
  tree.Add(profile, StackTime::kOnCpu);
  std::map<std::string, int64_t> stacks;
  std::string text = FoldedText(tree);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin);
    const size_t blank = line.rfind(' ');
    // A function has one name, inlined or not.
    stacks[line.substr(0, blank)] += std::stoll(line.substr(blank + 1));
    begin = end + 1;
  }
  return stacks;
}

TEST(PprofFileTest, StacksReadBack) {
  RandomStream random(1);
  const StackProfile profile = RandomProfile(&random, 300, 30);
  const pprof::Profile decoded =
      Decoded(PprofFile(profile, {.frequency_hz = 199, .duration_ns = 5}).value());
  EXPECT_EQ(StacksOf(decoded), StacksOf(profile));
  int64_t off_ns = 0;
  for (const pprof::Sample& sample : decoded.sample()) off_ns += sample.value(3);
  EXPECT_EQ(off_ns, profile.total(StackTime::kOffCpu).ns);
  EXPECT_EQ(decoded.period(), 5'025'125);
  EXPECT_EQ(decoded.string_table(0), "");
}

TEST(PprofFileTest, InlinedFunctionsAreLinesOfOneAddress) {
  const pprof::Profile decoded =
      Decoded(PprofFile(ProfileOf({{"main;outer;[i]middle;[i]inner", 3}}), {}).value());
  ASSERT_EQ(decoded.sample_size(), 1);
  EXPECT_EQ(decoded.sample(0).location_id_size(), 2);
  const pprof::Location& leaf = decoded.location(0);
  ASSERT_EQ(leaf.line_size(), 3);
  EXPECT_NE(leaf.address(), 0);
  const auto name = [&decoded](uint64_t function) {
    return decoded.string_table(static_cast<int>(decoded.function(function - 1).name()));
  };
  EXPECT_EQ(name(leaf.line(0).function_id()), "inner");
  EXPECT_EQ(name(leaf.line(2).function_id()), "outer");
  EXPECT_EQ(leaf.line(2).line(), 5);
}

// pprof shows the name of the first mapping as the program's.
TEST(PprofFileTest, ProgramIsTheFirstMapping) {
  const pprof::Profile decoded =
      Decoded(PprofFile(ProfileOf({{"[k]entry;[c]start;main", 1}}), {}).value());
  ASSERT_EQ(decoded.mapping_size(), 3);
  EXPECT_EQ(decoded.string_table(static_cast<int>(decoded.mapping(0).filename())),
            "/usr/bin/program");
  for (const pprof::Location& location : decoded.location()) {
    EXPECT_GE(location.mapping_id(), 1);
    EXPECT_LE(location.mapping_id(), 3);
  }
}

// Runs a command and returns its output.
std::string Output(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  std::array<char, 4096> buffer{};
  while (const size_t got = fread(buffer.data(), 1, buffer.size(), pipe)) {
    text.append(buffer.data(), got);
  }
  EXPECT_EQ(pclose(pipe), 0) << command << "\n" << text;
  return text;
}

TEST(PprofFileTest, GosPprofOpensIt) {
  if (std::system("go version >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "needs Go: apt-get install golang-go";
  }
  const std::string folder = std::getenv("TEST_TMPDIR");
  const std::string path = folder + "/profile.pb.gz";
  const StackProfile profile = ProfileOf({{"main;outer;[i]inner", 50},
                                          {"main;[c]epoll_wait;[k]ep_poll", 30},
                                          {"main;[l]deflate", 20}});
  const PprofFacts facts{.frequency_hz = 199, .duration_ns = 100'000'000, .comments = {"a line"}};
  ASSERT_TRUE(WriteFileAtomically(path, PprofFile(profile, facts).value()).ok());
  const std::string go =
      absl::StrCat("HOME=", folder, " PPROF_TMPDIR=", folder, " GOFLAGS= ", "go tool pprof ");
  const std::string top = Output(go + "-top -nodecount=10 " + path + " 2>&1");
  // pprof's column titles: flat, flat%, sum%, cum, cum%.
  EXPECT_NE(top.find("Type: cpu"), std::string::npos) << top;
  EXPECT_NE(top.find("      50ms 50.00% 50.00%       50ms 50.00%  inner"), std::string::npos)
      << top;
  EXPECT_NE(top.find("0     0%   100%       30ms 30.00%  epoll_wait"), std::string::npos) << top;
  EXPECT_NE(top.find("100ms   100%  main"), std::string::npos) << top;
  EXPECT_NE(Output(go + "-comments " + path + " 2>&1").find("a line"), std::string::npos);
  EXPECT_NE(Output(go + "-traces " + path + " 2>&1").find("deflate"), std::string::npos);
}

}  // namespace
}  // namespace assay::controller
