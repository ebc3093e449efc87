// Connections over real sockets with small buffers. Clients send in arbitrary pieces and read at arbitrary times. Each
// client must receive the responses of a session, complete and in order.

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/fuzz_driver.h"
#include "analysis/random_stream.h"
#include "common/unique_fd.h"
#include "server/net/connection_group.h"
#include "server/net/event_loop.h"
#include "server/net/fuzz_conversation.h"
#include "server/net/server_options.h"

namespace assay::server {
namespace {

class Client {
 public:
  explicit Client(UniqueFd socket) : socket_(std::move(socket)) {}

  // Sends what the socket accepts of the next `size` bytes; true once all of `input` is sent.
  bool SendSome(std::string_view& input, size_t size) {
    const ssize_t sent = send(socket_.get(), input.data(), std::min(size, input.size()),
                              MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) input.remove_prefix(static_cast<size_t>(sent));
    // The server may close before the client has sent everything.
    if (sent < 0 && errno != EAGAIN) input = {};
    if (input.empty() && !ended_) {
      shutdown(socket_.get(), SHUT_WR);
      ended_ = true;
    }
    return ended_;
  }

  // Receives at most `size` bytes; false once the server has ended the connection.
  bool ReceiveSome(size_t size) {
    std::string bytes(size, '\0');
    const ssize_t got = recv(socket_.get(), bytes.data(), size, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN)) return false;
    if (got > 0) received_.append(bytes, 0, static_cast<size_t>(got));
    return true;
  }

  const std::string& received() const { return received_; }

 private:
  UniqueFd socket_;
  bool ended_ = false;
  std::string received_;
};

void LeaveLittleRoom(int fd) {
  const int size = 1;  // The kernel rounds up to its minimum of about 4 KiB.
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

// The state of one client: the bytes it has yet to send, and how it reads.
struct Conversation {
  Client client;
  std::string_view input;
  bool lazy;  // Reads only after sending all it can.
  bool open = true;

  void Go(RandomStream& random) {
    const size_t before = input.size();
    const bool all_sent = client.SendSome(input, 1 + random.Below(60));
    const bool stuck = input.size() == before;
    if (open && (!lazy || all_sent || stuck) && random.Below(3) != 0) {
      open = client.ReceiveSome(1 + random.Below(20'000));
    }
  }
};

// Up to three clients send the same bytes, each at its own pace, so that the server handles them in one batch.
void Converse(std::string_view input, RandomStream& random) {
  const std::string expected =
      FuzzConversation::Responses(input, [&input] { return input.size(); });

  const HttpLimits limits = FuzzConversation::Limits();
  std::string text;
  auto loop = EventLoop::Create();
  if (!loop.ok()) std::abort();
  ConnectionGroup group(*loop, limits, FuzzConversation::Handler(text));
  std::vector<Conversation> all;
  for (uint64_t left = 1 + random.Below(3); left > 0; --left) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
    LeaveLittleRoom(ends[0]);
    LeaveLittleRoom(ends[1]);
    group.Adopt(UniqueFd(ends[1]));
    all.push_back({Client(UniqueFd(ends[0])), input, random.Below(2) == 0});
  }
  const auto is_open = [](const Conversation& one) { return one.open; };
  int turns = 0;
  while (std::any_of(all.begin(), all.end(), is_open) || !group.empty()) {
    if (++turns > 1'000'000) FuzzConversation::Fail("hangs", expected, all[0].client.received());
    for (Conversation& one : all) one.Go(random);
    if (random.Below(3) != 0) loop->RunOnce(0, [] {});
  }
  for (const Conversation& one : all) {
    const std::string received = FuzzConversation::WithoutContinue(one.client.received());
    if (received != expected) FuzzConversation::Fail("over a socket", expected, received);
  }
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds = FuzzConversation::Seeds();
  for (size_t i = 0; i < seeds.size(); ++i) seeds[i].insert(0, 1, static_cast<char>(i));
  return seeds;
}

}  // namespace assay::server

std::vector<std::string> assay::FuzzSeeds() { return server::Seeds(); }

// The first byte is the seed of all random choices.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  assay::RandomStream random(data[0]);
  assay::server::Converse({reinterpret_cast<const char*>(data) + 1, size - 1}, random);
  return 0;
}
