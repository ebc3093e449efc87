#include "common/command_line.h"

#include <sstream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "common/version.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A program with flags, and subcommands with flags of their own.
class CommandLineTest : public ::testing::Test {
 protected:
  CommandLineTest() {
    app_.footer("Example:\n  program run --connections=64 plan.textproto");
    app_.add_option("--store", store_, "where results go");
    app_.require_subcommand(1);
    CLI::App* run = app_.add_subcommand("run", "executes a plan");
    run->add_option("--connections,-c", connections_, "how many");
    run->add_option("--set", set_, "key=value");
    run->add_option("--label", label_, "a name");
    run->add_flag("--quiet,-q", quiet_, "no progress");
    run->add_option("plan", plan_, "the plan")->required();
    run->footer("Example:\n  program run plan.textproto");
    app_.add_subcommand("resume", "goes on");
  }

  int Parse(std::vector<std::string> words) {
    words.insert(words.begin(), "/some/where/program");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    return ParseCommandLine(app_, static_cast<int>(words.size()), argv.data(), out_, err_);
  }

  CLI::App app_{"measures servers", "program"};
  std::string store_;
  int connections_ = 0;
  std::vector<std::string> set_;
  std::string plan_;
  std::string label_ = "unset";
  bool quiet_ = false;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(CommandLineTest, AcceptsAnEqualsSignOrASpaceBeforeAValue) {
  EXPECT_EQ(Parse({"--store=x", "run", "--connections=64", "p"}), kGoOn);
  EXPECT_EQ(connections_, 64);
  EXPECT_EQ(store_, "x");
  EXPECT_EQ(Parse({"run", "--connections", "65", "p"}), kGoOn);
  EXPECT_EQ(connections_, 65);
  EXPECT_THAT(out_.str() + err_.str(), IsEmpty());
}

TEST_F(CommandLineTest, ARepeatedFlagKeepsEveryValue) {
  EXPECT_EQ(Parse({"run", "--set=a=1", "--set", "b=2", "p"}), kGoOn);
  EXPECT_THAT(set_, ElementsAre("a=1", "b=2"));
  EXPECT_EQ(plan_, "p");
}

// Regression test: `loadgen URL --label= --rate=50` ran a closed loop with the label --rate=50.
TEST_F(CommandLineTest, AnEmptyValueDoesNotTakeTheNextArgument) {
  EXPECT_EQ(Parse({"run", "--label=", "--connections=64", "p"}), kGoOn);
  EXPECT_EQ(label_, "");
  EXPECT_EQ(connections_, 64);
  EXPECT_EQ(plan_, "p");
  label_ = "unset";
  EXPECT_EQ(Parse({"run", "p", "--label="}), kGoOn);
  EXPECT_EQ(label_, "");
  EXPECT_EQ(Parse({"run", "--label", "", "p"}), kGoOn);
  EXPECT_EQ(label_, "");
}

TEST_F(CommandLineTest, RefusesAnEmptyValueOfOtherFlags) {
  const std::vector<std::vector<std::string>> lines = {{"run", "--connections=", "p"},
                                                       {"run", "--connections", "", "p"},
                                                       {"run", "-c", "", "p"},
                                                       {"run", "--connections=", "7", "p"}};
  for (const std::vector<std::string>& line : lines) {
    err_.str("");
    EXPECT_EQ(Parse(line), 2) << ::testing::PrintToString(line);
    EXPECT_THAT(err_.str(), HasSubstr("--connections needs a value"));
  }
  err_.str("");
  EXPECT_EQ(Parse({"--store=", "run", "p"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--store needs a value"));
  err_.str("");
  EXPECT_EQ(Parse({"run", "--set=", "a=1", "p"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--set needs a value"));
  err_.str("");
  EXPECT_EQ(Parse({"run", "--quiet=", "p"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--quiet takes no value"));
}

TEST_F(CommandLineTest, AValueIsNotReadAsAnEmptyFlag) {
  EXPECT_EQ(Parse({"run", "--label", "--connections=", "p"}), kGoOn);
  EXPECT_EQ(label_, "--connections=");
  EXPECT_EQ(Parse({"run", "--set=a=", "--set", "b=", "p"}), kGoOn);
  EXPECT_THAT(set_, ElementsAre("a=", "b="));
  EXPECT_EQ(plan_, "p");
  EXPECT_EQ(Parse({"run", "--", "--label="}), kGoOn);
  EXPECT_EQ(plan_, "--label=");
}

TEST_F(CommandLineTest, AnUnknownFlagWithAnEmptyValueIsUnknown) {
  EXPECT_EQ(Parse({"run", "--conections=", "p"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("unknown flag --conections; did you mean --connections?"));
}

TEST_F(CommandLineTest, HelpExitsZeroWithAnExampleOnStandardOutput) {
  EXPECT_EQ(Parse({"--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Example:\n  program run --connections=64"));
  EXPECT_THAT(out_.str(), HasSubstr("--store"));
  EXPECT_THAT(out_.str(), HasSubstr("resume"));
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST_F(CommandLineTest, HelpOfASubcommandShowsThatSubcommand) {
  EXPECT_EQ(Parse({"run", "--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("--connections"));
  EXPECT_THAT(out_.str(), HasSubstr("Example:\n  program run plan.textproto"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("goes on")));
}

TEST_F(CommandLineTest, VersionPrintsNameAndVersion) {
  EXPECT_EQ(Parse({"--version"}), 0);
  EXPECT_EQ(out_.str(), std::string("program ") + kAssayVersion + "\n");
}

TEST_F(CommandLineTest, AnUnknownFlagNamesTheNearest) {
  EXPECT_EQ(Parse({"run", "--conections=64", "p"}), 2);
  EXPECT_EQ(err_.str(),
            "program: unknown flag --conections; did you mean --connections?\n"
            "Run `program run --help` for usage.\n");
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(CommandLineTest, ReportsAnUnknownFlagBeforeAMissingArgument) {
  EXPECT_EQ(Parse({"run", "p", "--conections", "64"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("unknown flag --conections; did you mean --connections?"));
  err_.str("");
  EXPECT_EQ(Parse({"--stroe=x"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("unknown flag --stroe; did you mean --store?"));
}

TEST_F(CommandLineTest, SuggestsNothingForADissimilarFlag) {
  EXPECT_EQ(Parse({"run", "--zzzzzzzz", "p"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("unknown flag --zzzzzzzz\n"));
}

TEST_F(CommandLineTest, AnUnknownCommandNamesTheNearestOrAll) {
  EXPECT_EQ(Parse({"rsume"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("unknown command \"rsume\"; did you mean resume?"));
  err_.str("");
  EXPECT_EQ(Parse({"zzzzzzzzzz"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("unknown command \"zzzzzzzzzz\"; there are: run resume"));
}

TEST_F(CommandLineTest, NamesASurplusArgument) {
  EXPECT_EQ(Parse({"run", "p", "q"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("unexpected argument \"q\""));
}

TEST_F(CommandLineTest, AMissingCommandArgumentOrValueExitsTwo) {
  EXPECT_EQ(Parse({}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("subcommand"));
  err_.str("");
  EXPECT_EQ(Parse({"run"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("plan is required"));
  err_.str("");
  EXPECT_EQ(Parse({"run", "p", "--connections"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--connections"));
}

TEST_F(CommandLineTest, AValueOfTheWrongKindNamesTheFlagAndTheValue) {
  EXPECT_EQ(Parse({"run", "--connections=many", "p"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("many"));
  EXPECT_THAT(err_.str(), HasSubstr("--connections"));
}

}  // namespace
}  // namespace assay
