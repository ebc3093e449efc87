#ifndef ASSAY_AGENT_VERIFY_VERIFY_H_
#define ASSAY_AGENT_VERIFY_VERIFY_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/verify/endpoint_contract.h"
#include "agent/verify/http_exchange.h"
#include "proto/plan.pb.h"

namespace assay::agent {

// What verification found.
struct Verification {
  // Empty: the response is right. Else a difference for people, of a few lines.
  std::string difference;
  // What was asked, for messages: "GET /json".
  std::string request;
};

// Sends `workload` once to `address` ("HOST:PORT", "[V6]:PORT") on a connection of its own and
// holds the response against the workload's `expect`; where that is not set, and `contract` says that
// the server keeps the endpoint contract, against the contract; elsewhere against status 200.
//
// REQUIRES: workload is resolved: body_file is not set. Blocks, at most `timeout`. Any thread.
// kUnavailable: no response came (says why: refused, closed without a response, too late). kInternal:
// the client itself failed.
absl::StatusOr<Verification> Verify(const std::string& address, const Workload& workload,
                                    bool contract, absl::Duration timeout,
                                    const HttpTransport& transport = {});

// The response that Verify() would hold right for `workload`, for who checks it by other means.
RightResponse ExpectedResponse(const Workload& workload, bool contract);

// Asks for `ready_path` every few milliseconds until it answers 200. `give_up`, if set, is called
// before each attempt: a status that is not OK ends the wait with it (the process has ended, the
// job was closed).
//
// Blocks, at most `timeout`. kDeadlineExceeded says what the last attempt met.
absl::Status WaitUntilReady(const std::string& address, std::string_view ready_path,
                            absl::Duration timeout,
                            const std::function<absl::Status()>& give_up = nullptr);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_VERIFY_VERIFY_H_
