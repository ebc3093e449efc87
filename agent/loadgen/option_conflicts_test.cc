#include <cstddef>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/loadgen/flags.h"
#include "agent/loadgen/options.h"
#include "common/command_line.h"
#include "common/file.h"
#include "common/number_text.h"
#include "common/testing/load_limit_cases.h"
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

bool Takes(std::vector<std::string> words) {
  words.insert(words.begin(), "--target=127.0.0.1:1");
  return Parse(std::move(words)).first == kGoOn;
}

// A plan and an agent have the same bounds: their tests go through the same values.
TEST(OptionConflictsTest, FlagsHaveTheBoundsOfALoad) {
  for (const auto& [seconds, good] : kSecondsOfWindow) {
    const std::string text = NumberText(seconds);
    EXPECT_EQ(Takes({"--duration=" + text}), good) << text;
    EXPECT_EQ(Takes({"--timeout=" + text}), good) << text;
  }
  for (const auto& [seconds, good] : kSecondsOrNone) {
    const std::string text = NumberText(seconds);
    EXPECT_EQ(Takes({"--warmup=" + text}), good) << text;
    EXPECT_EQ(Takes({"--think=" + text}), good) << text;
  }
  for (const auto& [requests, good] : kCountsOfRequests) {
    EXPECT_EQ(Takes({absl::StrCat("--requests=", requests)}), good) << requests;
  }
  for (const auto& [rate, good] : kRates) {
    EXPECT_EQ(Takes({"--rate=" + NumberText(rate)}), good) << rate;
  }
  for (const auto& [pipeline, good] : kPipelines) {
    EXPECT_EQ(Takes({absl::StrCat("--pipeline=", pipeline)}), good) << pipeline;
  }
  for (const auto& [status, good] : kStatuses) {
    EXPECT_EQ(Takes({absl::StrCat("--expect-status=", status)}), good) << status;
  }
}

TEST(OptionConflictsTest, RequestsHaveTheBoundsOfALoad) {
  for (const auto& [method, good] : kMethods) {
    EXPECT_EQ(Takes({"--method=" + method}), good) << method;
  }
  for (const auto& [path, good] : kPaths) {
    EXPECT_EQ(Takes({"--path=" + path}), good) << path;
  }
  for (const auto& [value, good] : kHeaderValues) {
    EXPECT_EQ(Takes({"--header=X: " + value}), good) << value.size();
  }
  for (const auto& [count, good] : kCountsOfHeaders) {
    EXPECT_EQ(Takes(std::vector<std::string>(static_cast<size_t>(count), "--header=X: ")), good)
        << count;
  }
  for (const auto& [name, good] : kServerNames) {
    EXPECT_EQ(Parse({"https://127.0.0.1:1", "--tls-server-name=" + name}).first == kGoOn, good)
        << name;
  }
  for (const auto& [name, good] : kHeaderNamesOfHttp2) {
    EXPECT_EQ(Takes({"--http2", absl::StrCat("--header=", name, ": x")}), good) << name;
  }
}

}  // namespace
}  // namespace assay::loadgen
