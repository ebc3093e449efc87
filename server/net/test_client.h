#ifndef ASSAY_SERVER_NET_TEST_CLIENT_H_
#define ASSAY_SERVER_NET_TEST_CLIENT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "common/unique_fd.h"

namespace assay::server {

// A client for tests that sends exactly the bytes it is told to. Blocking; every wait ends after
// ten seconds at the latest, and what did not come in time is missing from the result.
class TestClient {
 public:
  // Connects to "127.0.0.1:9000" or "[::1]:9000". connected() tells whether that worked.
  // `receive_buffer`: SO_RCVBUF, to be a client that takes little at once; 0 leaves it.
  explicit TestClient(const std::string& address, int receive_buffer = 0);

  bool connected() const { return socket_.ok(); }
  int fd() const { return socket_.get(); }

  // Sends all of it; false when the connection broke before.
  bool Send(std::string_view bytes);
  // Says that no more will be sent.
  void EndSending();

  // One response, with its head; `without_body` for the response to HEAD. What came of it when the
  // connection ended early. What follows is kept for the next call.
  std::string ReceiveResponse(bool without_body = false);
  // All that comes until the server ends the connection. `ended` tells how.
  std::string ReceiveAll();

  enum class End { kNone, kClosed, kReset };
  End end() const { return end_; }

 private:
  bool ReceiveSome();

  UniqueFd socket_;
  std::string received_;
  End end_ = End::kNone;
};

// The body of a response.
std::string BodyOf(const std::string& response);
// Its status, 0 for what is no response.
int StatusOf(const std::string& response);

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_TEST_CLIENT_H_
