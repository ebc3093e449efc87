#include "agent/launch/launch_request.h"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "common/command_line.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class LaunchRequestTest : public ::testing::Test {
 protected:
  int Parse(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "launch");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    return ParseLaunchRequest(static_cast<int>(arguments.size()), argv.data(), out_, err_,
                              &request_);
  }

  std::ostringstream out_;
  std::ostringstream err_;
  LaunchRequest request_;
};

TEST_F(LaunchRequestTest, ReadsEveryFlag) {
  ASSERT_EQ(Parse({"--control-fd=3", "--cpus=0-1,3", "--env=A=b=c", "--env=D=", "--directory=/usr",
                   "--pass=4:7", "--pass=5:3", "--hold", "--no-pid-namespace", "--", "prog"}),
            kGoOn)
      << err_.str();
  EXPECT_EQ(request_.control_fd, 3);
  EXPECT_EQ(request_.cpus.ToString(), "0-1,3");
  EXPECT_THAT(request_.environment, ElementsAre("A=b=c", "D="));
  EXPECT_TRUE(request_.inherit_environment);
  EXPECT_EQ(request_.working_directory, "/usr");
  EXPECT_THAT(request_.pass_fds, ElementsAre(Pair(4, 7), Pair(5, 3)));
  EXPECT_TRUE(request_.hold);
  EXPECT_FALSE(request_.pid_namespace);
}

TEST_F(LaunchRequestTest, BareEnvironmentDoesNotInherit) {
  ASSERT_EQ(Parse({"--bare-environment", "--env=A=b", "--", "prog"}), kGoOn) << err_.str();
  EXPECT_FALSE(request_.inherit_environment);
}

TEST_F(LaunchRequestTest, DefaultsToAPidNamespaceWithoutPinning) {
  ASSERT_EQ(Parse({"--", "prog"}), kGoOn);
  EXPECT_TRUE(request_.cpus.empty());
  EXPECT_FALSE(request_.hold);
  EXPECT_TRUE(request_.pid_namespace);
  EXPECT_EQ(request_.control_fd, -1);
}

// The parser would split the argument in brackets, interpret the help flag and drop the empty argument.
TEST_F(LaunchRequestTest, PassesTheProgramsArgumentsUnchanged) {
  ASSERT_EQ(Parse({"--hold", "--", "prog", "[a,b]", "--help", "", "--", "--cpus=9"}), kGoOn);
  EXPECT_THAT(request_.argv, ElementsAre("prog", "[a,b]", "--help", "", "--", "--cpus=9"));
  EXPECT_TRUE(request_.cpus.empty());
}

TEST_F(LaunchRequestTest, BadUsageExitsTwoAndSaysWhy) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{}, "no program to start"},
      {{"--hold"}, "no program to start"},
      {{"--", ""}, "no program to start"},
      {{"--hald", "--", "p"}, "unknown flag --hald; did you mean --hold?"},
      {{"prog"}, "unexpected argument \"prog\""},
      {{"--cpus=1-0", "--", "p"}, "\"1-0\""},
      {{"--pass=4", "--", "p"}, "--pass=4"},
      {{"--pass=4:2", "--", "p"}, "3 or more"},
      {{"--pass=-1:4", "--", "p"}, "--pass=-1:4"},
      {{"--pass=4:5", "--pass=6:5", "--", "p"}, "5 is given twice"},
      {{"--env=A", "--", "p"}, "NAME=VALUE"},
      {{"--env==A", "--", "p"}, "NAME=VALUE"},
  };
  for (const auto& [arguments, reason] : cases) {
    request_ = {};
    err_.str("");
    EXPECT_EQ(Parse(arguments), 2) << reason;
    EXPECT_THAT(err_.str(), HasSubstr(reason));
    EXPECT_THAT(err_.str(), HasSubstr("launch --help"));
  }
}

TEST_F(LaunchRequestTest, HelpShowsAnExample) {
  EXPECT_EQ(Parse({"--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Example:\n  launch --cpus=0"));
}

}  // namespace
}  // namespace assay::agent
