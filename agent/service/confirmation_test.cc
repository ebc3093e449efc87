// Tests the request of one agent to another over real connections.

#include "agent/service/confirmation.h"

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>

#include "agent/jobs/address.h"
#include "common/test_certificate.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "proto/agent.grpc.pb.h"

namespace assay::agent {
namespace {

// Confirms every request, and counts the requests.
class Accomplice final : public Agent::Service {
 public:
  explicit Accomplice(const std::string& host,
                      const std::shared_ptr<grpc::ServerCredentials>& credentials =
                          grpc::InsecureServerCredentials()) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(host + ":0", credentials, &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    address_ = {host, static_cast<uint16_t>(port)};
  }
  ~Accomplice() override {
    server_->Shutdown();
    server_->Wait();
  }

  const HostPort& address() const { return address_; }
  int asked() const { return asked_; }

 private:
  grpc::Status ConfirmDestination(grpc::ServerContext*, const ConfirmDestinationRequest*,
                                  ConfirmDestinationReply* reply) override {
    ++asked_;
    reply->set_confirmed(true);
    return grpc::Status::OK;
  }

  std::unique_ptr<grpc::Server> server_;
  HostPort address_;
  std::atomic<int> asked_ = 0;
};

DestinationRules::Question QuestionTo(const HostPort& agent) {
  return {.agent = agent,
          .agent_name = "victim.example",
          .execution_id = "e",
          .destination = {agent.host, 9'000}};
}

TEST(ConfirmationTest, ConnectsToTheNumericAddressWhateverTheName) {
  Accomplice agent("127.0.0.2");
  const auto confirmed =
      AskForConfirmation(grpc::InsecureChannelCredentials(), QuestionTo(agent.address()));
  ASSERT_TRUE(confirmed.ok()) << confirmed.status();
  EXPECT_TRUE(*confirmed);
  EXPECT_EQ(agent.asked(), 1);
}

// Otherwise the owner of the proxy could confirm any address.
TEST(ConfirmationTest, DoesNotUseAProxy) {
  Accomplice proxy("127.0.0.1");
  const std::string url = "http://" + proxy.address().ToString();
  for (const char* variable : {"http_proxy", "https_proxy", "grpc_proxy"}) {
    setenv(variable, url.c_str(), 1);
  }
  for (const char* variable : {"no_proxy", "no_grpc_proxy"}) unsetenv(variable);
  Accomplice agent("127.0.0.2");
  EXPECT_TRUE(AskForConfirmation(grpc::InsecureChannelCredentials(), QuestionTo(agent.address()))
                  .value_or(false))
      << "if the client used these variables, the request would go to an invalid proxy and fail";
  for (const char* variable : {"http_proxy", "https_proxy", "grpc_proxy"}) unsetenv(variable);
  EXPECT_EQ(agent.asked(), 1);
  EXPECT_EQ(proxy.asked(), 0);
}

// The destination was checked by its name, so the certificate must be for this name, whatever the address is.
TEST(ConfirmationTest, TheCertificateMustBeForTheName) {
  const TestCertificate made = MakeTestCertificate("DNS:agent.example,IP:127.0.0.2");
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({made.key, made.certificate});
  Accomplice agent("127.0.0.2", grpc::SslServerCredentials(options));
  const auto credentials = grpc::SslCredentials({.pem_root_certs = made.certificate});
  DestinationRules::Question question = QuestionTo(agent.address());
  for (const char* name : {"agent.example", "agent.example."}) {
    question.agent_name = name;
    const absl::StatusOr<bool> confirmed = AskForConfirmation(credentials, question);
    ASSERT_TRUE(confirmed.ok()) << confirmed.status();
    EXPECT_TRUE(*confirmed);
  }
  for (const char* name : {"victim.example", "example", "127.0.0.1"}) {
    question.agent_name = name;
    EXPECT_FALSE(AskForConfirmation(credentials, question).ok()) << name;
  }
  EXPECT_EQ(agent.asked(), 2);
}

TEST(ConfirmationTest, RefusesAnAddressThatIsNotNumeric) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      AskForConfirmation(grpc::InsecureChannelCredentials(), QuestionTo({"localhost", 9}))
          .status()));
}

}  // namespace
}  // namespace assay::agent
