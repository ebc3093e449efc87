// The name in the ClientHello, as OpenSSL's server sees it, and the one that the certificate must be for.

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "agent/loadgen/load_run.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/test_load.h"
#include "agent/loadgen/test_server.h"
#include "agent/loadgen/test_tls.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

using Reply = TestServer::Reply;
using Seen = TestServer::Seen;

std::string PortOf(const TestServer& server) {
  return server.target().substr(server.target().rfind(':'));
}

class ServerNameTest : public testing::Test {
 protected:
  LoadOptions OptionsTo(const std::string& host) const {
    LoadOptions options = OptionsFor("https://" + host + PortOf(server_), 1);
    options.duration_ns = 0;
    options.request_count = 1;
    return options;
  }
  // "ok", or why no connection could be opened; `name` is the flag's.
  std::string Ask(const std::string& host, const std::string& name = "", bool verify = false) {
    LoadOptions options = OptionsTo(host);
    options.tls_server_name = name;
    options.tls_verify = verify;
    const absl::StatusOr<std::unique_ptr<LoadRun>> run = LoadRun::Create(&options, nullptr);
    if (!run.ok()) return std::string(run.status().message());
    const absl::Status prepared = (*run)->Prepare();
    return prepared.ok() ? "ok" : std::string(prepared.message());
  }

  TestTls tls_{"DNS:www.assay.example,DNS:localhost,IP:127.0.0.1"};
  TestServer server_{[](const Seen&) { return Reply{TestServer::Ok("x")}; },
                     TestServer::Config{.tls = tls_.context()}};
};

// RFC 6066, 3.
TEST_F(ServerNameTest, IsTheHostWithoutItsTrailingDot) {
  for (const char* host : {"localhost", "localhost."}) {
    EXPECT_EQ(Ask(host), "ok");
    EXPECT_EQ(tls_.server_names().back(), "localhost") << host;
  }
}

TEST_F(ServerNameTest, IsNotSentForAnAddressHoweverItIsWritten) {
  for (const char* host : {"127.0.0.1", "127.1", "2130706433", "0x7f.1"}) {
    EXPECT_EQ(Ask(host), "ok");
    EXPECT_EQ(tls_.server_names().back(), "") << host;
  }
}

TEST_F(ServerNameTest, IsTheOneOfTheFlagWhereThereIsOne) {
  for (const char* host : {"localhost", "127.0.0.1"}) {
    for (const char* name : {"www.assay.example", "www.assay.example."}) {
      EXPECT_EQ(Ask(host, name), "ok");
      EXPECT_EQ(tls_.server_names().back(), "www.assay.example") << name;
    }
  }
}

TEST_F(ServerNameTest, IsWhatTheCertificateMustBeFor) {
  setenv("SSL_CERT_FILE", tls_.certificate_file().c_str(), 1);
  for (const char* host : {"localhost", "localhost.", "127.0.0.1", "127.1"}) {
    EXPECT_EQ(Ask(host, "", /*verify=*/true), "ok") << host;
    EXPECT_EQ(Ask(host, "www.assay.example", /*verify=*/true), "ok") << host;
    // The host is in the certificate; what is asked for is not.
    const std::string why = Ask(host, "other.example", /*verify=*/true);
    EXPECT_TRUE(absl::StrContains(why, "hostname mismatch")) << host << ": " << why;
    EXPECT_EQ(tls_.server_names().back(), "other.example");
  }
  unsetenv("SSL_CERT_FILE");
}

TEST_F(ServerNameTest, OfTheHostIsChecked) {
  TestTls other("DNS:www.assay.example");
  TestServer server([](const Seen&) { return Reply{TestServer::Ok("x")}; },
                    TestServer::Config{.tls = other.context()});
  setenv("SSL_CERT_FILE", other.certificate_file().c_str(), 1);
  for (const char* host : {"localhost", "127.0.0.1", "127.1"}) {
    LoadOptions options = OptionsFor("https://" + std::string(host) + PortOf(server), 1);
    options.tls_verify = true;
    const absl::StatusOr<std::unique_ptr<LoadRun>> run = LoadRun::Create(&options, nullptr);
    ASSERT_TRUE(run.ok());
    const std::string why((*run)->Prepare().message());
    EXPECT_TRUE(absl::StrContains(why, "mismatch")) << host << ": " << why;
  }
  unsetenv("SSL_CERT_FILE");
}

}  // namespace
}  // namespace assay::loadgen
