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
#include "common/monotonic_clock.h"
#include "proto/plan.pb.h"

namespace assay::agent {

// The result of a verification.
struct Verification {
  // Empty: the response is correct. Otherwise the difference in a few lines, for people.
  std::string difference;
  // Method and path of the request, for messages: "GET /json".
  std::string request;
};

// Sends `workload` once to `address` ("HOST:PORT", "[V6]:PORT") on a new connection and compares the response with
// ExpectedResponse(): with the workload's `expect` if it is set; else, if `contract` says that the server implements
// the endpoint contract, with the contract; else with status 200.
//
// REQUIRES: body_file of the workload is not set. Blocks for at most `timeout`. Any thread. kUnavailable: no response
// arrived; the message says why (refused, closed without a response, too late). kInternal: the client itself failed.
absl::StatusOr<Verification> Verify(const std::string& address, const Workload& workload,
                                    bool contract, absl::Duration timeout,
                                    const HttpTransport& transport = {});

// The response that Verify() expects for `workload`, for callers that check responses by other means.
RightResponse ExpectedResponse(const Workload& workload, bool contract);

// Requests `ready_path` every few milliseconds until the response has status 200. `give_up`, if set, is called before
// each attempt. If it returns an error (the process has ended, the job was closed), the wait ends with that error.
//
// Blocks for at most `timeout`, which `clock` measures; a single attempt takes at most a second of real time.
// kDeadlineExceeded: the message says how the last attempt failed.
absl::Status WaitUntilReady(const std::string& address, std::string_view ready_path,
                            absl::Duration timeout,
                            const std::function<absl::Status()>& give_up = nullptr,
                            Clock& clock = Clock::Real());

}  // namespace assay::agent

#endif  // ASSAY_AGENT_VERIFY_VERIFY_H_
