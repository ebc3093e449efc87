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

// One response, as it came.
struct RawResponse {
  // "HTTP/1.1".
  std::string version;
  int status = 0;
  // Names in lower case, in order, doubled ones included.
  std::vector<std::pair<std::string, std::string>> headers;
  // Dechunked.
  std::string body;

  // The values of a header, joined by ", "; empty when it is not there.
  std::string Header(std::string_view lower_case_name) const;
  bool HasHeader(std::string_view lower_case_name) const;
  agent::ContractReply Reply() const;
};

// One TCP connection to a server under test: bytes go out exactly as given, answers are read with no more than the
// rules of RFC 9112 for their length. Everything is bounded by a timeout that no sound server on a busy machine
// needs.
class RawConnection {
 public:
  static absl::StatusOr<RawConnection> Open(const std::string& address,
                                            absl::Duration timeout = absl::Seconds(60));

  // Sends all bytes; takes in what the server says meanwhile, so that neither waits for the other for ever. A server
  // that closes while it is sent to is no error: what it said can still be read.
  absl::Status Send(std::string_view bytes);
  // As Send(), one segment a byte as far as the kernel lets us.
  absl::Status SendByteByByte(std::string_view bytes);
  // Says that no more bytes will come.
  void FinishSending();

  // The next response, interim ones (1xx other than 101) included. `head`: it is one to HEAD, without a body.
  // kUnavailable: the server closed without one; kDeadlineExceeded; kInvalidArgument: it is not HTTP.
  absl::StatusOr<RawResponse> ReadAny(bool head = false);
  // The next response that is not interim.
  absl::StatusOr<RawResponse> Read(bool head = false);
  // Whether the server closes within the timeout (or has), with nothing said before.
  bool ReadsEnd();
  // As ReadsEnd(): OK at the end, kDeadlineExceeded when the server goes on waiting, kAlreadyExists when it says more.
  absl::Status ReadEndWithin(absl::Duration timeout);

 private:
  RawConnection(UniqueFd fd, absl::Duration timeout) : fd_(std::move(fd)), timeout_(timeout) {}

  // Takes in more bytes; false at the end of the stream.
  absl::StatusOr<bool> Fill(absl::Time deadline);
  bool TakeIn();
  absl::StatusOr<std::string> ReadLine(absl::Time deadline);
  absl::Status ReadExactly(size_t size, std::string* to, absl::Time deadline);
  absl::Status ReadChunked(std::string* to, absl::Time deadline);

  UniqueFd fd_;
  absl::Duration timeout_;
  // Received and not read yet, from `begin_` on.
  std::string received_;
  size_t begin_ = 0;
  bool ended_ = false;
};

}  // namespace assay::targets

#endif  // ASSAY_TARGETS_CONTRACT_RAW_CONNECTION_H_
