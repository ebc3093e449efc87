#include "server/net/test_client.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace assay::server {
namespace {

constexpr char kLength[] = "\r\nContent-Length: ";

}  // namespace

TestClient::TestClient(const std::string& address, int receive_buffer) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0) return;
  UniqueFd fd(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (receive_buffer > 0) {
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  // A loaded machine stalls for seconds.
  const timeval timeout = {.tv_sec = 120, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
  if (connect(fd.get(), found->ai_addr, found->ai_addrlen) == 0) socket_ = std::move(fd);
  freeaddrinfo(found);
}

bool TestClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void TestClient::EndSending() { shutdown(socket_.get(), SHUT_WR); }

bool TestClient::ReceiveSome() {
  char bytes[16 << 10];
  const ssize_t size = recv(socket_.get(), bytes, sizeof(bytes), 0);
  if (size > 0) {
    received_.append(bytes, static_cast<size_t>(size));
    return true;
  }
  if (size == 0) end_ = End::kClosed;
  if (size < 0 && errno != EAGAIN) end_ = End::kReset;
  return false;
}

std::string TestClient::ReceiveResponse(bool without_body) {
  size_t head;
  while ((head = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!ReceiveSome()) return std::move(received_);
  }
  size_t size = head + 4;
  const size_t length = received_.find(kLength);
  if (!without_body && length < head) {
    size += std::strtoul(received_.c_str() + length + sizeof(kLength) - 1, nullptr, 10);
  }
  while (received_.size() < size) {
    if (!ReceiveSome()) break;
  }
  const std::string response = received_.substr(0, size);
  received_.erase(0, size);
  return response;
}

std::string TestClient::ReceiveAll() {
  while (ReceiveSome()) {
  }
  return std::move(received_);
}

std::string BodyOf(const std::string& response) {
  const size_t head = response.find("\r\n\r\n");
  return head == std::string::npos ? "" : response.substr(head + 4);
}

int StatusOf(const std::string& response) {
  return response.starts_with("HTTP/1.1 ") ? std::atoi(response.c_str() + 9) : 0;
}

}  // namespace assay::server
