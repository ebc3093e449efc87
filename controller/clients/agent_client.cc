#include "controller/clients/agent_client.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/monotonic_clock.h"
#include "common/pem_file.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "controller/clients/agent_connection.h"
#include "grpc/support/time.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace assay::controller {
namespace {

// gRPC detects an agent that disappears without closing its connection within the sum of these two, which is as long as
// a lease. Lease renewals come more often than kKeepaliveMs, so gRPC never pings an agent that responds.
constexpr int kKeepaliveMs = 5'000;
constexpr int kKeepaliveTimeoutMs = 5'000;
constexpr int kConnectMs = 5'000;
constexpr absl::Duration kPingTimeout = absl::Seconds(5);

absl::StatusOr<grpc::SslCredentialsOptions> ReadTls(const TlsFiles& tls) {
  grpc::SslCredentialsOptions options;
  ASSAY_ASSIGN_OR_RETURN(options.pem_root_certs,
                         ReadPemFile("--tls-ca", UserPath(tls.ca), "CERTIFICATE"));
  ASSAY_ASSIGN_OR_RETURN(options.pem_cert_chain,
                         ReadPemFile("--tls-cert", UserPath(tls.certificate), "CERTIFICATE"));
  ASSAY_ASSIGN_OR_RETURN(options.pem_private_key,
                         ReadPemFile("--tls-key", UserPath(tls.key), "PRIVATE KEY"));
  return options;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const TlsFiles& tls) {
  if (tls.ca.empty() && tls.certificate.empty() && tls.key.empty()) {
    return grpc::InsecureChannelCredentials();
  }
  if (tls.ca.empty() || tls.certificate.empty() || tls.key.empty()) {
    return absl::InvalidArgumentError(
        "mutual TLS needs all of --tls-ca, --tls-cert and --tls-key: add the missing flags");
  }
  const absl::StatusOr<grpc::SslCredentialsOptions> options = ReadTls(tls);
  // Every error here is an error of the flags, whatever its code.
  if (!options.ok()) return absl::InvalidArgumentError(options.status().message());
  return grpc::SslCredentials(*options);
}

// gRPC also accepts malformed addresses, and reports them only when a connection fails.
bool IsHostPort(absl::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos) return false;
  absl::string_view host = address.substr(0, colon);
  const absl::string_view port = address.substr(colon + 1);
  const bool bracketed = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  if (host.empty() || host.find_first_of("[] /\t") != absl::string_view::npos) return false;
  if (absl::StrContains(host, ":") != bracketed) return false;
  int number = 0;
  return std::all_of(port.begin(), port.end(), absl::ascii_isdigit) &&
         absl::SimpleAtoi(port, &number) && number >= 1 && number <= 65535;
}

}  // namespace

void SetTimeout(grpc::ClientContext& context, absl::Duration timeout) {
  context.set_deadline(gpr_time_from_nanos(absl::ToInt64Nanoseconds(timeout), GPR_TIMESPAN));
}

absl::StatusOr<std::unique_ptr<AgentClient>> AgentClient::Create(const std::string& address,
                                                                 const TlsFiles& tls,
                                                                 Clock& clock) {
  if (!IsHostPort(address)) {
    return absl::InvalidArgumentError(
        absl::StrCat("agent '", address,
                     "': expected HOST:PORT or [V6]:PORT with a port from 1 to 65535, such as "
                     "127.0.0.1:7700 or [::1]:7700"));
  }
  ASSAY_ASSIGN_OR_RETURN(std::shared_ptr<grpc::ChannelCredentials> credentials, Credentials(tls));
  grpc::ChannelArguments arguments;
  // Reconnect quickly: a lease is short.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // gRPC also uses this as the timeout of one attempt: a distant or busy host needs several round trips.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  // Send keepalive pings without limit while no data flows.
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Each client has its own connection, so that the data of one campaign never delays the lease of
  // another.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  auto connection =
      std::make_unique<Connection>(grpc::CreateCustomChannel(address, credentials, arguments));
  return std::unique_ptr<AgentClient>(new AgentClient(address, std::move(connection), clock));
}

AgentClient::AgentClient(std::string address, std::unique_ptr<Connection> connection, Clock& clock)
    : clock_(clock), address_(std::move(address)), connection_(std::move(connection)) {}

AgentClient::~AgentClient() = default;

std::string AgentClient::host() const {
  std::string host = address_.substr(0, address_.rfind(':'));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return host;
}

absl::Status AgentClient::Explain(const grpc::Status& status, std::string_view what) const {
  if (status.ok()) return absl::OkStatus();
  std::string message =
      absl::StrCat("agent ", address_, ": ", absl::string_view(what.data(), what.size()), ": ",
                   ToValidUtf8(status.error_message()));
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    absl::StrAppend(
        &message, ". Check that an agent runs there, or start one with: agent --listen=", address_);
  } else if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    absl::StrAppend(&message,
                    ". Check the address, the firewalls on the way, and whether the agent hangs");
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), message);
}

void AgentClient::Abandon() {
  absl::MutexLock lock(&mutex_);
  abandoned_ = true;
  for (grpc::ClientContext* call : calls_) call->TryCancel();
}

grpc::Status AgentClient::Call(absl::Duration timeout,
                               absl::FunctionRef<grpc::Status(grpc::ClientContext*)> call) {
  grpc::ClientContext context;
  SetTimeout(context, timeout);
  {
    absl::MutexLock lock(&mutex_);
    if (abandoned_) return grpc::Status::CANCELLED;
    calls_.insert(&context);
  }
  const grpc::Status status = call(&context);
  absl::MutexLock lock(&mutex_);
  calls_.erase(&context);
  return status;
}

absl::StatusOr<AgentDescription> AgentClient::Describe(absl::Duration timeout) {
  AgentDescription description;
  const grpc::Status status = Call(timeout, [&](grpc::ClientContext* context) {
    return connection_->stub->Describe(context, DescribeRequest(), &description);
  });
  if (!status.ok()) return Explain(status, "cannot read its description");
  return description;
}

absl::StatusOr<ClockEstimate> AgentClient::EstimateClock(int rounds) {
  ClockEstimate best{0, std::numeric_limits<int64_t>::max()};
  for (int round = 0; round < rounds; ++round) {
    PingReply reply;
    int64_t sent_ns = 0;
    int64_t received_ns = 0;
    const grpc::Status status = Call(kPingTimeout, [&](grpc::ClientContext* context) {
      sent_ns = clock_.NowNanos();
      grpc::Status pinged = connection_->stub->Ping(context, PingRequest(), &reply);
      received_ns = clock_.NowNanos();
      return pinged;
    });
    if (!status.ok()) return Explain(status, "does not respond to a ping");
    const int64_t half_ns = (received_ns - sent_ns + 1) / 2;
    if (half_ns < best.uncertainty_ns) {
      best = {reply.monotonic_ns() - (sent_ns + half_ns), half_ns};
    }
  }
  return best;
}

}  // namespace assay::controller
