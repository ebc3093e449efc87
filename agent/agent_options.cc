#include "agent/agent_options.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/command_line.h"
#include "common/message_text.h"
#include "common/runfiles.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

constexpr int kBadUsage = 2;

constexpr char kExample[] =
    "Examples:\n"
    "  agent --listen=127.0.0.1:7700\n"
    "  agent --listen=10.0.0.1:7700 --tls-ca=ca.pem --tls-cert=agent.pem --tls-key=agent.key\n"
    "The agent starts only programs of its catalogue. It prints 'listening on ADDRESS' when it is\n"
    "ready. On SIGTERM or SIGINT it ends, with all processes that it started.\n"
    "Exit status: 0 ended on request; 1 could not start or stop; 2 bad usage.";

// The command line before it is checked.
struct Flags {
  std::string listen = "127.0.0.1:7700";
  std::string catalogue;
  std::string spool;
  TlsPaths tls;
  bool insecure_listen = false;
  std::vector<std::string> allowed;
};

std::string DefaultSpool() {
  const char* const base = getenv("TMPDIR");
  return absl::StrCat(base != nullptr && *base != '\0' ? base : "/tmp", "/assay-spool-", getuid());
}

absl::Status CheckTls(const Flags& flags, AgentOptions& options) {
  const int given = int{!flags.tls.ca.empty()} + int{!flags.tls.certificate.empty()} +
                    int{!flags.tls.key.empty()};
  if (given != 0 && given != 3) {
    return absl::InvalidArgumentError("give all or none of --tls-ca, --tls-cert and --tls-key");
  }
  if (given == 3) {
    options.tls = {UserPath(flags.tls.ca), UserPath(flags.tls.certificate),
                   UserPath(flags.tls.key)};
  }
  return absl::OkStatus();
}

absl::Status CheckListen(const Flags& flags, AgentOptions& options) {
  absl::StatusOr<HostPort> listen = HostPort::Parse(flags.listen);
  if (!listen.ok())
    return absl::InvalidArgumentError(absl::StrCat("--listen: ", listen.status().message()));
  options.listen = *std::move(listen);
  const absl::StatusOr<std::vector<IpAddress>> addresses = IpAddress::Resolve(options.listen.host);
  if (!addresses.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--listen: ", addresses.status().message()));
  }
  options.beyond_loopback = !std::all_of(addresses->begin(), addresses->end(),
                                         [](const IpAddress& one) { return one.IsLoopback(); });
  if (options.beyond_loopback && !options.tls.given() && !flags.insecure_listen) {
    return absl::InvalidArgumentError(
        absl::StrCat("--listen=", flags.listen,
                     " is reachable from other hosts, and any client of an agent can start servers "
                     "and send load; give --tls-ca, --tls-cert and --tls-key, or pass "
                     "--insecure-listen to allow it for the whole network"));
  }
  return absl::OkStatus();
}

absl::Status Check(const Flags& flags, AgentOptions& options) {
  ASSAY_RETURN_IF_ERROR(CheckTls(flags, options));
  ASSAY_RETURN_IF_ERROR(CheckListen(flags, options));
  for (const std::string& text : flags.allowed) {
    absl::StatusOr<Cidr> network = Cidr::Parse(text);
    if (!network.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--allow-destination: ", network.status().message()));
    }
    options.allowed_destinations.push_back(*network);
  }
  options.spool = UserPath(flags.spool.empty() ? DefaultSpool() : flags.spool);
  if (!flags.catalogue.empty()) {
    options.catalogue = UserPath(flags.catalogue);
    return absl::OkStatus();
  }
  ASSAY_ASSIGN_OR_RETURN(options.catalogue, AssayFile("targets/catalogue.textproto"));
  return absl::OkStatus();
}

}  // namespace

int ParseAgentOptions(int argc, char** argv, AgentOptions& options, std::ostream& out,
                      std::ostream& err) {
  Flags flags;
  CLI::App app("Runs servers and load generators for Assay's controller.", "agent");
  app.footer(kExample);
  app.add_option("--listen", flags.listen, "HOST:PORT to listen on; port 0 picks a free port")
      ->capture_default_str();
  app.add_option("--catalogue", flags.catalogue,
                 "Catalogue of the servers it may start [the one that comes with Assay]");
  app.add_option(
      "--spool", flags.spool,
      "Folder for data that the controller has not fetched yet [$TMPDIR/assay-spool-UID]");
  app.add_option("--tls-ca", flags.tls.ca, "Mutual TLS: CA of the controllers' certificates");
  app.add_option("--tls-cert", flags.tls.certificate, "Mutual TLS: this agent's certificate");
  app.add_option("--tls-key", flags.tls.key, "Mutual TLS: private key of --tls-cert");
  app.add_flag("--insecure-listen", flags.insecure_listen,
               "Listen beyond loopback without TLS: the whole network may use this agent");
  app.add_option(
         "--allow-destination", flags.allowed,
         "CIDR that load may be sent to, besides loopback and hosts of server agents; repeatable")
      ->take_all();
  app.add_flag("--exit-with-parent", options.exit_with_parent, "End at the end of standard input");
  if (const int status = ParseCommandLine(app, argc, argv, out, err); status != kGoOn)
    return status;
  if (const absl::Status status = Check(flags, options); !status.ok()) {
    err << "agent: " << MessageText(status) << "\n";
    return kBadUsage;
  }
  return kGoOn;
}

}  // namespace assay::agent
