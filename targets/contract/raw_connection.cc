#include "targets/contract/raw_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "agent/jobs/address.h"
#include "common/file.h"
#include "common/status_macros.h"

namespace assay::targets {
namespace {

constexpr size_t kMaxLine = 64 << 10;

int Milliseconds(absl::Time deadline) {
  return static_cast<int>(std::max<int64_t>(0, absl::ToInt64Milliseconds(deadline - absl::Now())) +
                          1);
}

}  // namespace

std::string RawResponse::Header(std::string_view lower_case_name) const {
  std::string value;
  for (const auto& [name, own] : headers) {
    if (name == lower_case_name) absl::StrAppend(&value, value.empty() ? "" : ", ", own);
  }
  return value;
}

bool RawResponse::HasHeader(std::string_view lower_case_name) const {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return header.first == lower_case_name; });
}

agent::ContractReply RawResponse::Reply() const {
  return {status, Header("content-type"), Header("allow"), body};
}

absl::StatusOr<RawConnection> RawConnection::Open(const std::string& address,
                                                  absl::Duration timeout) {
  ASSAY_ASSIGN_OR_RETURN(const agent::HostPort where, agent::HostPort::Parse(address));
  sockaddr_in socket_address = {};
  socket_address.sin_family = AF_INET;
  socket_address.sin_port = htons(where.port);
  if (inet_pton(AF_INET, where.host.c_str(), &socket_address.sin_addr) != 1) {
    return absl::InvalidArgumentError(absl::StrCat(address, " is not an IPv4 address"));
  }
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!fd.ok() || setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
      connect(fd.get(), reinterpret_cast<sockaddr*>(&socket_address), sizeof(socket_address)) !=
          0) {
    return ErrnoStatus(errno, absl::StrCat("cannot connect to ", address));
  }
  return RawConnection(std::move(fd), timeout);
}

bool RawConnection::TakeIn() {
  char piece[64 << 10];
  const ssize_t size = recv(fd_.get(), piece, sizeof(piece), MSG_DONTWAIT);
  if (size > 0) {
    received_.append(piece, static_cast<size_t>(size));
    return true;
  }
  // A reset is an end too: the bytes received before it are kept.
  if (size == 0 || (errno != EAGAIN && errno != EINTR)) ended_ = true;
  return !ended_;
}

absl::Status RawConnection::Send(std::string_view bytes) {
  const absl::Time deadline = absl::Now() + timeout_;
  while (!bytes.empty() && !ended_) {
    pollfd ready = {fd_.get(), POLLIN | POLLOUT, 0};
    if (poll(&ready, 1, Milliseconds(deadline)) == 0) {
      return absl::DeadlineExceededError(
          absl::StrCat("the server reads no more bytes; ", bytes.size(), " are not sent yet"));
    }
    if ((ready.revents & POLLIN) != 0) TakeIn();
    if ((ready.revents & (POLLOUT | POLLERR | POLLHUP)) == 0) continue;
    const ssize_t size = send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size > 0) {
      bytes.remove_prefix(static_cast<size_t>(size));
    } else if (errno != EAGAIN && errno != EINTR) {
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::Status RawConnection::SendByteByByte(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) ASSAY_RETURN_IF_ERROR(Send(bytes.substr(i, 1)));
  return absl::OkStatus();
}

void RawConnection::FinishSending() { shutdown(fd_.get(), SHUT_WR); }

absl::StatusOr<bool> RawConnection::Fill(absl::Time deadline) {
  const size_t before = received_.size();
  while (!ended_ && received_.size() == before) {
    pollfd ready = {fd_.get(), POLLIN, 0};
    if (poll(&ready, 1, Milliseconds(deadline)) == 0) {
      return absl::DeadlineExceededError("the server sends nothing within the timeout");
    }
    TakeIn();
  }
  return received_.size() > before;
}

absl::StatusOr<std::string> RawConnection::ReadLine(absl::Time deadline) {
  while (true) {
    const size_t end = received_.find("\r\n", begin_);
    if (end != received_.npos) {
      std::string line = received_.substr(begin_, end - begin_);
      begin_ = end + 2;
      return line;
    }
    if (received_.size() - begin_ > kMaxLine) {
      return absl::InvalidArgumentError("the response has a line without an end of line");
    }
    ASSAY_ASSIGN_OR_RETURN(const bool more, Fill(deadline));
    if (!more) {
      return received_.size() == begin_
                 ? absl::UnavailableError("the server closed the connection")
                 : absl::InvalidArgumentError(absl::StrCat("the response ends after \"",
                                                           received_.substr(begin_, 200), "\""));
    }
  }
}

absl::Status RawConnection::ReadExactly(size_t size, std::string* to, absl::Time deadline) {
  while (received_.size() - begin_ < size) {
    ASSAY_ASSIGN_OR_RETURN(const bool more, Fill(deadline));
    if (!more) {
      return absl::InvalidArgumentError(
          absl::StrCat("the body ends after ", received_.size() - begin_, " of ", size, " bytes"));
    }
  }
  to->append(received_, begin_, size);
  begin_ += size;
  if (begin_ == received_.size()) {
    received_.clear();
    begin_ = 0;
  }
  return absl::OkStatus();
}

absl::Status RawConnection::ReadChunked(std::string* to, absl::Time deadline) {
  while (true) {
    ASSAY_ASSIGN_OR_RETURN(const std::string line, ReadLine(deadline));
    uint32_t size = 0;
    if (!absl::SimpleHexAtoi(line.substr(0, line.find(';')), &size)) {
      return absl::InvalidArgumentError(absl::StrCat("\"", line, "\" is not a chunk size"));
    }
    if (size > 0) ASSAY_RETURN_IF_ERROR(ReadExactly(size, to, deadline));
    ASSAY_ASSIGN_OR_RETURN(const std::string end, ReadLine(deadline));
    if (!end.empty()) return absl::InvalidArgumentError("a chunk is longer than its size");
    if (size == 0) return absl::OkStatus();
  }
}

absl::StatusOr<RawResponse> RawConnection::ReadAny(bool head) {
  const absl::Time deadline = absl::Now() + timeout_;
  RawResponse response;
  ASSAY_ASSIGN_OR_RETURN(const std::string start, ReadLine(deadline));
  if (!absl::StartsWith(start, "HTTP/1.") || start.size() < 12 ||
      !absl::SimpleAtoi(start.substr(9, 3), &response.status)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", start, "\" is not the start of a response"));
  }
  response.version = start.substr(0, 8);
  while (true) {
    ASSAY_ASSIGN_OR_RETURN(const std::string line, ReadLine(deadline));
    if (line.empty()) break;
    const size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) {
      return absl::InvalidArgumentError(absl::StrCat("\"", line, "\" is not a header field"));
    }
    response.headers.emplace_back(absl::AsciiStrToLower(line.substr(0, colon)),
                                  absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  if (head || response.status / 100 == 1 || response.status == 204 || response.status == 304) {
    return response;
  }
  if (absl::EqualsIgnoreCase(response.Header("transfer-encoding"), "chunked")) {
    ASSAY_RETURN_IF_ERROR(ReadChunked(&response.body, deadline));
    return response;
  }
  if (!response.HasHeader("content-length")) {
    while (true) {
      ASSAY_ASSIGN_OR_RETURN(const bool more, Fill(deadline));
      if (!more) break;
    }
    response.body = received_.substr(begin_);
    begin_ = received_.size();
    return response;
  }
  size_t size = 0;
  if (!absl::SimpleAtoi(response.Header("content-length"), &size)) {
    return absl::InvalidArgumentError(
        absl::StrCat("Content-Length: ", response.Header("content-length")));
  }
  ASSAY_RETURN_IF_ERROR(ReadExactly(size, &response.body, deadline));
  return response;
}

absl::StatusOr<RawResponse> RawConnection::Read(bool head) {
  while (true) {
    ASSAY_ASSIGN_OR_RETURN(RawResponse response, ReadAny(head));
    if (response.status / 100 != 1 || response.status == 101) return response;
  }
}

absl::Status RawConnection::ReadEndWithin(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (received_.size() == begin_) {
    ASSAY_ASSIGN_OR_RETURN(const bool more, Fill(deadline));
    if (!more) return absl::OkStatus();
  }
  return absl::AlreadyExistsError(
      absl::StrCat("the server sends more: \"", received_.substr(begin_, 200), "\""));
}

bool RawConnection::ReadsEnd() { return ReadEndWithin(timeout_).ok(); }

}  // namespace assay::targets
