#ifndef ASSAY_TARGETS_CONTRACT_RAW_CONNECTION_H_
#define ASSAY_TARGETS_CONTRACT_RAW_CONNECTION_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/verify/endpoint_contract.h"
#include "common/unique_fd.h"

namespace assay::targets {

// One response, as received.
struct RawResponse {
  // "HTTP/1.1".
  std::string version;
  int status = 0;
  // Names in lower case, in order, including repeated ones.
  std::vector<std::pair<std::string, std::string>> headers;
  // Dechunked.
  std::string body;

  // The values of a header, joined by ", "; empty if it is missing.
  std::string Header(std::string_view lower_case_name) const;
  bool HasHeader(std::string_view lower_case_name) const;
  agent::ContractReply Reply() const;
};

// One TCP connection to a server under test. It sends bytes exactly as given, and applies only the rules of RFC 9112
// for the length of a response. Every operation has a timeout that is generous even for a busy machine.
class RawConnection {
 public:
  static absl::StatusOr<RawConnection> Open(const std::string& address,
                                            absl::Duration timeout = absl::Seconds(60));

  // Sends all bytes. Reads the server's output meanwhile, so that neither side blocks the other for ever. It is no
  // error if the server closes meanwhile: its output can still be read.
  absl::Status Send(std::string_view bytes);
  // Like Send(), but with one TCP segment per byte as far as the kernel allows.
  absl::Status SendByteByByte(std::string_view bytes);
  // Shuts down the sending side.
  void FinishSending();

  // The next response, including interim ones (1xx other than 101). `head`: it is the response to HEAD, without a body.
  // kUnavailable if the server closed without a response; kDeadlineExceeded; kInvalidArgument if it is not HTTP.
  absl::StatusOr<RawResponse> ReadAny(bool head = false);
  // The next response that is not interim.
  absl::StatusOr<RawResponse> Read(bool head = false);
  // Whether the server closes (or has closed) within the timeout without sending anything.
  bool ReadsEnd();
  // Like ReadsEnd(): OK at the end, kDeadlineExceeded if the server keeps waiting, kAlreadyExists if it sends more.
  absl::Status ReadEndWithin(absl::Duration timeout);

 private:
  RawConnection(UniqueFd fd, absl::Duration timeout) : fd_(std::move(fd)), timeout_(timeout) {}

  // Receives more bytes; false at the end of the stream.
  absl::StatusOr<bool> Fill(absl::Time deadline);
  bool TakeIn();
  absl::StatusOr<std::string> ReadLine(absl::Time deadline);
  absl::Status ReadExactly(size_t size, std::string* to, absl::Time deadline);
  absl::Status ReadChunked(std::string* to, absl::Time deadline);

  UniqueFd fd_;
  absl::Duration timeout_;
  // Received and not yet read, from `begin_` on.
  std::string received_;
  size_t begin_ = 0;
  bool ended_ = false;
};

}  // namespace assay::targets

#endif  // ASSAY_TARGETS_CONTRACT_RAW_CONNECTION_H_
