#include "agent/load_protocol/control_socket.h"

#include <sys/socket.h>

#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/load_protocol/control.pb.h"
#include "common/unique_fd.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

using loadgen::ToLoadgen;

class ControlSocketTest : public ::testing::Test {
 protected:
  ControlSocketTest() {
    UniqueFd theirs;
    agent_ = *ControlSocket::Create(theirs);
    generator_ = *ControlSocket::Adopt(theirs.release());
  }

  absl::StatusOr<ControlSocket> agent_ = absl::UnknownError("not made");
  absl::StatusOr<ControlSocket> generator_ = absl::UnknownError("not made");
};

ToLoadgen WithBody(size_t bytes) {
  ToLoadgen message;
  message.mutable_configure()->mutable_spec()->add_requests()->set_body(std::string(bytes, 'b'));
  return message;
}

TEST_F(ControlSocketTest, MessagesKeepTheirOrderAndTheirEnds) {
  ToLoadgen start;
  start.mutable_start()->set_start_ns(7);
  ASSERT_TRUE(agent_->Send(WithBody(3), absl::ZeroDuration()).ok());
  ASSERT_TRUE(agent_->Send(ToLoadgen(), absl::ZeroDuration()).ok());
  ASSERT_TRUE(agent_->Send(start, absl::ZeroDuration()).ok());
  ToLoadgen message;
  ASSERT_TRUE(*generator_->Receive(message));
  EXPECT_EQ(message.configure().spec().requests(0).body(), "bbb");
  ASSERT_TRUE(*generator_->Receive(message));
  EXPECT_EQ(message.message_case(), ToLoadgen::MESSAGE_NOT_SET);
  ASSERT_TRUE(*generator_->Receive(message));
  EXPECT_EQ(message.start().start_ns(), 7);
  EXPECT_FALSE(*generator_->Receive(message));
}

// A workload's body may be larger than any packet, and than what the system lets wait in a socket.
TEST_F(ControlSocketTest, AMessageLargerThanTheSocketHoldsComesWhole) {
  const size_t bytes = size_t{20} << 20;
  absl::Status sent;
  std::thread sender([&] { sent = agent_->Send(WithBody(bytes), absl::Minutes(1)); });
  ToLoadgen message;
  absl::StatusOr<bool> whole = false;
  while (whole.ok() && !*whole) whole = generator_->Receive(message);
  sender.join();
  EXPECT_TRUE(sent.ok()) << sent;
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(message.configure().spec().requests(0).body(), std::string(bytes, 'b'));
}

TEST_F(ControlSocketTest, AnOtherSideThatDoesNotReadIsNotWaitedFor) {
  const absl::Status sent = agent_->Send(WithBody(size_t{20} << 20), absl::ZeroDuration());
  EXPECT_TRUE(absl::IsUnavailable(sent)) << sent;
}

TEST_F(ControlSocketTest, SeesThatTheOtherSideIsGone) {
  generator_ = absl::UnknownError("gone");
  ToLoadgen message;
  EXPECT_TRUE(absl::IsUnavailable(agent_->Receive(message).status()));
  EXPECT_TRUE(absl::IsUnavailable(agent_->Send(message, absl::ZeroDuration())));
}

TEST_F(ControlSocketTest, RefusesWhatIsNoMessage) {
  const std::string bytes = std::string(1, '\0') + "\xff\xff";
  ASSERT_GT(send(agent_->fd(), bytes.data(), bytes.size(), 0), 0);
  ToLoadgen message;
  EXPECT_TRUE(absl::IsDataLoss(generator_->Receive(message).status()));
}

TEST(ControlSocketAdoptTest, RefusesWhatIsNoSuchSocket) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd other(ends[0]);
  EXPECT_TRUE(absl::IsInvalidArgument(ControlSocket::Adopt(ends[1]).status()));
}

}  // namespace
}  // namespace assay::loadgen
