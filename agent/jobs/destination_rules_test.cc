#include "agent/jobs/destination_rules.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace assay::agent {
namespace {

// Rules over an agent that answers `answer`, with what it was asked, and a resolver that knows `names`.
struct Neighbour {
  std::optional<bool> response;
  std::vector<std::string> asked;
  std::map<std::string, std::vector<std::string>> names;

  DestinationRules Rules(const std::vector<std::string>& allowed = {}) {
    std::vector<Cidr> networks;
    for (const std::string& text : allowed) networks.push_back(*Cidr::Parse(text));
    return DestinationRules(
        networks,
        [this](const DestinationRules::Question& question) {
          asked.push_back(question.agent.ToString() + " as " + question.agent_name + ": " +
                          question.execution_id + " " + question.destination.ToString());
          return response.has_value() ? absl::StatusOr<bool>(*response)
                                      : absl::UnavailableError("SSH-2.0-OpenSSH_9.2 of a stranger");
        },
        [this](const std::string& host) -> absl::StatusOr<std::vector<IpAddress>> {
          const auto named = names.find(host);
          if (named == names.end()) return IpAddress::Resolve(host);
          std::vector<IpAddress> addresses;
          for (const std::string& text : named->second) {
            addresses.push_back(*IpAddress::Parse(text));
          }
          return addresses;
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
  const absl::Status refused = neighbour.Rules().Admit("192.0.2.7:8080", "", "e").status();
  EXPECT_TRUE(absl::IsPermissionDenied(refused)) << refused;
  EXPECT_NE(std::string(refused.message()).find("--allow-destination=192.0.2.7"),
            std::string::npos);
}

TEST(DestinationRulesTest, ANetworkOfTheFlagIsAllowedAndNoOther) {
  Neighbour neighbour;
  const DestinationRules rules = neighbour.Rules({"192.0.2.0/24"});
  EXPECT_TRUE(rules.Admit("192.0.2.7:8080", "", "e").ok());
  EXPECT_TRUE(absl::IsPermissionDenied(rules.Admit("198.51.100.7:8080", "", "e").status()));
}

TEST(DestinationRulesTest, TheServersOwnAgentMayVouchForItsAddress) {
  Neighbour neighbour{.response = true};
  EXPECT_TRUE(neighbour.Rules().Admit("192.0.2.7:8080", "192.0.2.7:7700", "e").ok());
  EXPECT_EQ(neighbour.asked,
            std::vector<std::string>{"192.0.2.7:7700 as 192.0.2.7: e 192.0.2.7:8080"});
}

// Or an agent of one's own, anywhere, could vouch for a stranger.
TEST(DestinationRulesTest, AnAgentElsewhereCannotVouch) {
  Neighbour neighbour{.response = true};
  const absl::Status refused =
      neighbour.Rules().Admit("192.0.2.7:8080", "127.0.0.1:7700", "e").status();
  EXPECT_TRUE(absl::IsPermissionDenied(refused)) << refused;
  EXPECT_TRUE(neighbour.asked.empty());
}

TEST(DestinationRulesTest, AnAgentThatDeniesOrIsSilentIsARefusal) {
  Neighbour denies{.response = false};
  EXPECT_TRUE(absl::IsPermissionDenied(
      denies.Rules().Admit("192.0.2.7:8080", "192.0.2.7:7700", "e").status()));
  Neighbour silent;
  const absl::Status refused =
      silent.Rules().Admit("192.0.2.7:8080", "192.0.2.7:7700", "e").status();
  EXPECT_TRUE(absl::IsPermissionDenied(refused));
  EXPECT_NE(refused.message().find("UNAVAILABLE"), absl::string_view::npos) << refused;
  EXPECT_EQ(refused.message().find("OpenSSH"), absl::string_view::npos)
      << "a caller reads what it could not reach itself: " << refused;
}

// A name that resolves to the stranger for the check and to an accomplice for the question.
TEST(DestinationRulesTest, TheAgentIsAskedAtTheCheckedAddressWhateverElseItsNameResolvesTo) {
  Neighbour neighbour{.response = true};
  neighbour.names["two.example"] = {"198.51.100.66", "192.0.2.7"};
  const auto admitted = neighbour.Rules().Admit("192.0.2.7:8080", "two.example:7700", "e");
  ASSERT_TRUE(admitted.ok()) << admitted.status();
  EXPECT_EQ(admitted->ToString(), "192.0.2.7:8080");
  EXPECT_EQ(neighbour.asked,
            std::vector<std::string>{"192.0.2.7:7700 as two.example: e 192.0.2.7:8080"});
}

TEST(DestinationRulesTest, OfANameOnlyTheAddressThatWasConfirmedIsLoaded) {
  Neighbour neighbour{.response = true};
  neighbour.names["server.example"] = {"198.51.100.66", "2001:db8::7"};
  const auto admitted = neighbour.Rules().Admit("server.example:8080", "[2001:db8::7]:7700", "e");
  ASSERT_TRUE(admitted.ok()) << admitted.status();
  EXPECT_EQ(admitted->ToString(), "[2001:db8::7]:8080");
  EXPECT_EQ(neighbour.asked,
            std::vector<std::string>{"[2001:db8::7]:7700 as 2001:db8::7: e [2001:db8::7]:8080"});
}

TEST(DestinationRulesTest, APortBelow1024TakesTheFlagWhateverAnAgentSays) {
  Neighbour neighbour{.response = true};
  for (const char* port : {"1", "80", "443", "1023"}) {
    const std::string destination = std::string("192.0.2.7:") + port;
    const absl::Status refused =
        neighbour.Rules().Admit(destination, "192.0.2.7:7700", "e").status();
    EXPECT_TRUE(absl::IsPermissionDenied(refused)) << refused;
    EXPECT_NE(refused.message().find("--allow-destination=192.0.2.7"), absl::string_view::npos);
    EXPECT_TRUE(neighbour.Rules({"192.0.2.7"}).Admit(destination, "192.0.2.7:7700", "e").ok());
    EXPECT_TRUE(neighbour.Rules().Admit(std::string("127.0.0.1:") + port, "", "e").ok());
  }
  EXPECT_TRUE(neighbour.asked.empty());
  EXPECT_TRUE(neighbour.Rules().Admit("192.0.2.7:1024", "192.0.2.7:7700", "e").ok());
}

// One spelling must not open what another keeps closed.
TEST(DestinationRulesTest, AMappedAddressIsItsIpv4Address) {
  Neighbour neighbour{.response = true};
  EXPECT_EQ(neighbour.Rules().Admit("[::ffff:127.0.0.1]:9000", "", "e")->ToString(),
            "127.0.0.1:9000");
  EXPECT_TRUE(absl::IsPermissionDenied(
      neighbour.Rules().Admit("[::ffff:192.0.2.7]:9000", "", "e").status()));
  EXPECT_TRUE(neighbour.Rules().Admit("[::ffff:192.0.2.7]:9000", "192.0.2.7:7700", "e").ok());
  EXPECT_EQ(neighbour.asked,
            std::vector<std::string>{"192.0.2.7:7700 as 192.0.2.7: e 192.0.2.7:9000"});
}

TEST(DestinationRulesTest, WhatNamesNoSingleHostIsRefusedEvenWhereAllIsAllowed) {
  Neighbour neighbour{.response = true};
  neighbour.names["blocked.example"] = {"0.0.0.0"};
  neighbour.names["near.example"] = {"fe80::1"};
  neighbour.names["rebound.example"] = {"127.0.0.1", "192.0.2.7"};
  neighbour.names["rebound6.example"] = {"192.0.2.7", "::1"};
  const DestinationRules rules = neighbour.Rules({"0.0.0.0/0", "::/0"});
  for (const char* destination :
       {"0.0.0.0:9000", "[::]:9000", "[::ffff:0.0.0.0]:9000", "[fe80::1]:9000", "[febf::1]:9000",
        "blocked.example:9000", "near.example:9000", "rebound.example:9000",
        "rebound6.example:9000"}) {
    const absl::Status refused = rules.Admit(destination, "192.0.2.7:7700", "e").status();
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << destination << ": " << refused;
  }
  // The scope would be lost on the way to the load generator.
  EXPECT_FALSE(rules.Admit("[fe80::1%lo]:9000", "", "e").ok());
  EXPECT_TRUE(neighbour.asked.empty());
  EXPECT_TRUE(rules.Admit("[fec0::1]:9000", "", "e").ok());
}

// Each question may take seconds, and whoever names the destination owns its name.
TEST(DestinationRulesTest, ANameOfManyAddressesLeadsToFewQuestions) {
  Neighbour neighbour;
  for (int i = 1; i <= 200; ++i) {
    neighbour.names["many.example"].push_back("192.0.2." + std::to_string(i));
  }
  EXPECT_FALSE(neighbour.Rules().Admit("many.example:8080", "many.example:7700", "e").ok());
  EXPECT_EQ(neighbour.asked.size(), DestinationRules::kMostAddresses);
}

TEST(DestinationRulesTest, WhatIsNoAddressIsNamed) {
  Neighbour neighbour;
  EXPECT_TRUE(absl::IsInvalidArgument(neighbour.Rules().Admit("127.0.0.1", "", "e").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(neighbour.Rules().Admit("127.0.0.1:0", "", "e").status()));
}

}  // namespace
}  // namespace assay::agent
