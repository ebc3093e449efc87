#ifndef ASSAY_SERVER_NET_TEST_CLIENT_H_
#define ASSAY_SERVER_NET_TEST_CLIENT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "common/unique_fd.h"

namespace assay::server {

// A client for tests that sends exactly the given bytes. Blocking; every wait ends after ten seconds at the latest.
// Bytes that did not arrive in time are missing from the result.
class TestClient {
 public:
  // Connects to "127.0.0.1:9000" or "[::1]:9000". connected() returns whether that worked. `receive_buffer`: the value
  // of SO_RCVBUF, for a client that takes little at once; 0 keeps the default.
  explicit TestClient(const std::string& address, int receive_buffer = 0);

  bool connected() const { return socket_.ok(); }
  int fd() const { return socket_.get(); }

  // Sends all bytes; false if the connection broke before.
  bool Send(std::string_view bytes);
  // Shuts down the sending side.
  void EndSending();

  // Reads one response with its head. `without_body` for the response to HEAD. Returns the bytes received so far if the
  // connection ended early. Keeps the bytes that follow for the next call.
  std::string ReceiveResponse(bool without_body = false);
  // Reads until the server ends the connection. `ended` receives how it ended.
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
// The status of a response; 0 if the text is not a response.
int StatusOf(const std::string& response);

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_TEST_CLIENT_H_
