#include "agent/loadgen/tls_channel.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

#include "agent/loadgen/test_tls.h"
#include "common/unique_fd.h"
#include "gtest/gtest.h"
#include "openssl/ssl.h"

namespace assay::loadgen {
namespace {

struct FreeSession {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

// Both ends of a TLS connection in one thread.
class TlsChannelTest : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    client_end_ = UniqueFd(ends[0]);
    server_end_ = UniqueFd(ends[1]);
    auto context = TlsContext::Create({.host = "a.example"});
    ASSERT_TRUE(context.ok()) << context.status();
    context_ = *std::move(context);
    client_ = std::make_unique<TlsChannel>(*context_, client_end_.get());
    server_.reset(SSL_new(tls_.context()));
    SSL_set_fd(server_.get(), server_end_.get());
    TlsChannel::Progress progress = TlsChannel::Progress::kPending;
    int accepted = 0;
    for (int i = 0; i < 10 && (progress != TlsChannel::Progress::kDone || accepted != 1); ++i) {
      if (progress != TlsChannel::Progress::kDone) progress = client_->Handshake();
      if (accepted != 1) accepted = SSL_accept(server_.get());
    }
    ASSERT_EQ(progress, TlsChannel::Progress::kDone) << client_->failure();
    ASSERT_EQ(accepted, 1);
    client_->OnEvent();  // The session tickets.
    ASSERT_EQ(Receive(), "");
  }

  // Sends a record.
  void Write(std::string_view text) {
    ASSERT_EQ(SSL_write(server_.get(), text.data(), static_cast<int>(text.size())),
              static_cast<int>(text.size()));
  }
  // What one record holds. Empty: EAGAIN.
  std::string Receive() {
    char buffer[100];
    const ssize_t size = client_->Receive(buffer, sizeof(buffer));
    if (size < 0) {
      EXPECT_EQ(errno, EAGAIN);
    }
    return {buffer, size < 0 ? 0 : static_cast<size_t>(size)};
  }

  const TestTls tls_{"DNS:a.example"};
  UniqueFd client_end_;
  UniqueFd server_end_;
  std::unique_ptr<TlsContext> context_;
  std::unique_ptr<TlsChannel> client_;
  std::unique_ptr<SSL, FreeSession> server_;
};

TEST_F(TlsChannelTest, HoldsTheRecordsOfOneReadUntilTheLastOne) {
  Write("one");
  Write("two");
  client_->OnEvent();
  EXPECT_EQ(Receive(), "one");
  EXPECT_TRUE(client_->MayHoldMore());
  EXPECT_EQ(Receive(), "two");
  EXPECT_FALSE(client_->MayHoldMore());
}

// A caller leaves off between two records of one read. What comes then makes the edge of the event that it goes on with.
TEST_F(TlsChannelTest, AnEdgeBetweenTwoRecordsOfOneReadIsNotForgotten) {
  Write("one");
  Write("two");
  client_->OnEvent();
  EXPECT_EQ(Receive(), "one");
  Write("three");
  client_->OnEvent();
  EXPECT_EQ(Receive(), "two");
  ASSERT_TRUE(client_->MayHoldMore()) << "nobody would read the third";
  EXPECT_EQ(Receive(), "three");
  EXPECT_FALSE(client_->MayHoldMore());
}

}  // namespace
}  // namespace assay::loadgen
