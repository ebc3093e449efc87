#include "agent/verify/verify.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

// Pause between two attempts. Short, because a server is ready in a few milliseconds and every start waits for it.
constexpr absl::Duration kReadyStep = absl::Milliseconds(3);
// Timeout of one attempt: a server that accepts but does not respond yet gets another request.
constexpr absl::Duration kReadyAttempt = absl::Seconds(1);

HttpRequest RequestOf(const Workload& workload) {
  HttpRequest request;
  const bool has_body = workload.body_source_case() == Workload::kBody;
  request.method = !workload.method().empty() ? workload.method() : has_body ? "POST" : "GET";
  request.target = workload.path().empty() ? "/" : workload.path();
  for (const Header& header : workload.headers()) {
    request.headers.emplace_back(header.name(), header.value());
  }
  // A POST without a body sends Content-Length: 0, so that the server knows its end.
  if (has_body || request.method == "POST" || request.method == "PUT" ||
      request.method == "PATCH") {
    request.body = workload.body();
  }
  return request;
}

std::string ContentTypeOf(const HttpRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (absl::EqualsIgnoreCase(name, "content-type")) return value;
  }
  return {};
}

}  // namespace

RightResponse ExpectedResponse(const Workload& workload, bool contract) {
  RightResponse right;
  if (workload.has_expect()) {
    if (workload.expect().status() != 0)
      right.status = static_cast<int>(workload.expect().status());
    if (workload.expect().has_body()) {
      right.rule = RightResponse::Body::kEqual;
      right.body = workload.expect().body();
    }
    return right;
  }
  if (!contract) return right;
  const HttpRequest request = RequestOf(workload);
  return ContractResponse(
             {request.method, request.target, request.body.value_or(""), ContentTypeOf(request)})
      .value_or(right);
}

absl::StatusOr<Verification> Verify(const std::string& address, const Workload& workload,
                                    bool contract, absl::Duration timeout,
                                    const HttpTransport& transport) {
  const HttpRequest request = RequestOf(workload);
  ASSAY_ASSIGN_OR_RETURN(const ContractReply reply, Exchange(address, request, timeout, transport));
  return Verification{Difference(ExpectedResponse(workload, contract), reply),
                      absl::StrCat(request.method, " ", request.target)};
}

absl::Status WaitUntilReady(const std::string& address, std::string_view ready_path,
                            absl::Duration timeout, const std::function<absl::Status()>& give_up,
                            Clock& clock) {
  const int64_t deadline_ns = clock.After(timeout);
  HttpRequest request;
  request.target = std::string(ready_path);
  std::string last;
  while (true) {
    if (give_up != nullptr) ASSAY_RETURN_IF_ERROR(give_up());
    const absl::Duration left = absl::Nanoseconds(deadline_ns - clock.NowNanos());
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(absl::StrCat(
          "not ready within ", absl::FormatDuration(timeout), ": ",
          last.empty() ? absl::StrCat("GET ", request.target, " at ", address) : last));
    }
    const auto reply = Exchange(address, request, std::min(left, kReadyAttempt));
    if (reply.ok() && reply->status == 200) return absl::OkStatus();
    if (reply.ok()) {
      last = absl::StrCat("GET ", request.target, " at ", address, " responds with status ",
                          reply->status);
    } else if (last.empty() || left >= kReadyAttempt || !absl::IsDeadlineExceeded(reply.status())) {
      // An attempt that the deadline cut short says less than the previous response.
      last = std::string(reply.status().message());
    }
    clock.SleepFor(std::min(kReadyStep, left));
  }
}

}  // namespace assay::agent
