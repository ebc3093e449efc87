#include "agent/parts/destination_rules.h"

#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace assay {
namespace {

// Rules over an agent that answers `answer`, and what it was asked.
struct Neighbour {
  std::optional<bool> answer;
  std::vector<std::string> asked;

  DestinationRules Rules(const std::vector<std::string>& allowed = {}) {
    std::vector<Cidr> networks;
    for (const std::string& text : allowed) networks.push_back(*Cidr::Parse(text));
    return DestinationRules(networks, [this](const std::string& agent, const std::string& execution,
                                             const std::string& destination) {
      asked.push_back(agent + " " + execution + " " + destination);
      return answer.has_value() ? absl::StatusOr<bool>(*answer)
                                : absl::UnavailableError("no route");
    });
  }
};

TEST(DestinationRulesTest, LoopbackIsAlwaysAllowed) {
  Neighbour neighbour;
  EXPECT_EQ(neighbour.Rules().Admit("127.0.0.1:9000", "", "e")->ToString(), "127.0.0.1:9000");
  EXPECT_EQ(neighbour.Rules().Admit("[::1]:9000", "", "e")->ToString(), "[::1]:9000");
  EXPECT_TRUE(
      IpAddress::Parse(neighbour.Rules().Admit("localhost:9000", "", "e")->host)->IsLoopback());
  EXPECT_TRUE(neighbour.asked.empty());
}

TEST(DestinationRulesTest, BeyondLoopbackItSaysWhatWouldAllowIt) {
  Neighbour neighbour;
  const absl::Status refused = neighbour.Rules().Admit("192.0.2.7:80", "", "e").status();
  EXPECT_TRUE(absl::IsPermissionDenied(refused)) << refused;
  EXPECT_NE(std::string(refused.message()).find("--allow-destination=192.0.2.7"),
            std::string::npos);
}

TEST(DestinationRulesTest, ANetworkOfTheFlagIsAllowedAndNoOther) {
  Neighbour neighbour;
  const DestinationRules rules = neighbour.Rules({"192.0.2.0/24"});
  EXPECT_TRUE(rules.Admit("192.0.2.7:80", "", "e").ok());
  EXPECT_TRUE(absl::IsPermissionDenied(rules.Admit("198.51.100.7:80", "", "e").status()));
}

TEST(DestinationRulesTest, TheServersOwnAgentMayVouchForItsAddress) {
  Neighbour neighbour{.answer = true};
  EXPECT_TRUE(neighbour.Rules().Admit("192.0.2.7:80", "192.0.2.7:7700", "e").ok());
  EXPECT_EQ(neighbour.asked, std::vector<std::string>{"192.0.2.7:7700 e 192.0.2.7:80"});
}

// Or an agent of one's own, anywhere, could vouch for a stranger.
TEST(DestinationRulesTest, AnAgentElsewhereCannotVouch) {
  Neighbour neighbour{.answer = true};
  const absl::Status refused =
      neighbour.Rules().Admit("192.0.2.7:80", "127.0.0.1:7700", "e").status();
  EXPECT_TRUE(absl::IsPermissionDenied(refused)) << refused;
  EXPECT_TRUE(neighbour.asked.empty());
}

TEST(DestinationRulesTest, AnAgentThatDeniesOrIsSilentIsARefusal) {
  Neighbour denies{.answer = false};
  EXPECT_TRUE(absl::IsPermissionDenied(
      denies.Rules().Admit("192.0.2.7:80", "192.0.2.7:7700", "e").status()));
  Neighbour silent;
  const absl::Status refused = silent.Rules().Admit("192.0.2.7:80", "192.0.2.7:7700", "e").status();
  EXPECT_TRUE(absl::IsPermissionDenied(refused));
  EXPECT_NE(std::string(refused.message()).find("no route"), std::string::npos) << refused;
}

TEST(DestinationRulesTest, WhatIsNoAddressIsNamed) {
  Neighbour neighbour;
  EXPECT_TRUE(absl::IsInvalidArgument(neighbour.Rules().Admit("127.0.0.1", "", "e").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(neighbour.Rules().Admit("127.0.0.1:0", "", "e").status()));
}

}  // namespace
}  // namespace assay
