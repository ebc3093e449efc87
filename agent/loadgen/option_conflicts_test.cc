#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "agent/loadgen/flags.h"
#include "agent/loadgen/options.h"
#include "common/command_line.h"
#include "common/file.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

std::pair<int, std::string> Parse(std::vector<std::string> words) {
  words.insert(words.begin(), "loadgen");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  LoadOptions options;
  std::ostringstream out, err;
  const int status =
      ParseLoadOptions(static_cast<int>(argv.size()), argv.data(), options, out, err);
  return {status, err.str()};
}

// What is given and not used would be believed to have been measured.
TEST(OptionConflictsTest, NothingIsSaidOfRequestsBesideAMix) {
  const std::string mix = testing::TempDir() + "/mix.json";
  const std::string body = testing::TempDir() + "/body";
  ASSERT_TRUE(WriteFileAtomically(mix, R"([{"path": "/a"}, {"path": "/b"}])").ok());
  ASSERT_TRUE(WriteFileAtomically(body, "x").ok());
  const std::string url = "http://127.0.0.1:1";
  EXPECT_EQ(Parse({url, "--mix=" + mix}).first, kGoOn);
  EXPECT_EQ(Parse({url + "/", "--mix=" + mix}).first, kGoOn);
  const std::vector<std::string> beside = {"--path=/c",
                                           "--method=PUT",
                                           "--header=A: b",
                                           "--body=x",
                                           "--body-file=" + body,
                                           "--random-items=3",
                                           "--expect-status=204",
                                           "--expect-length=0",
                                           "--expect-body-file=" + body,
                                           "--expect-sha256=" + std::string(64, '0')};
  for (const std::string& flag : beside) {
    const auto [status, err] = Parse({url, "--mix=" + mix, flag});
    EXPECT_EQ(status, 2) << flag;
    EXPECT_NE(err.find(flag.substr(0, flag.find('='))), std::string::npos) << err;
  }
  const auto [status, err] = Parse({url + "/c", "--mix=" + mix});
  EXPECT_EQ(status, 2);
  EXPECT_NE(err.find("the URL's path"), std::string::npos) << err;
}

TEST(OptionConflictsTest, WhatIsTheOpenLoopsNeedsARate) {
  const std::vector<std::string> flags = {"--arrivals=poisson", "--pacing=gentle",
                                          "--queue-limit=5"};
  for (const std::string& flag : flags) {
    EXPECT_EQ(Parse({"--target=127.0.0.1:1", "--rate=5", flag}).first, kGoOn);
    const auto [status, err] = Parse({"--target=127.0.0.1:1", flag});
    EXPECT_EQ(status, 2) << flag;
    EXPECT_NE(err.find(flag.substr(0, flag.find('='))), std::string::npos) << err;
    EXPECT_NE(err.find("--rate"), std::string::npos) << err;
  }
}

// The same words may be right a minute later: it could not be measured, but nothing was said wrongly.
TEST(OptionConflictsTest, ANameWithoutAnAddressIsNoBadUsage) {
  EXPECT_EQ(Parse({"http://no..such..name:80"}).first, 1);
}

}  // namespace
}  // namespace assay::loadgen
