// The program `server`: Assay's own HTTP server with the endpoint contract.

#include <sys/resource.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/command_line.h"
#include "common/message_text.h"
#include "common/monotonic_clock.h"
#include "common/standard_streams.h"
#include "server/endpoints/endpoints.h"
#include "server/net/http_server.h"
#include "server/server_flags.h"
#include "server/stop_signals.h"

namespace {

// Added to --stop-timeout, so that an orderly stop ends the process first.
constexpr absl::Duration kEndsItself = absl::Milliseconds(100);

// Raises the limit of descriptors to allow as many connections as possible.
void RaiseFileLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Uses the CPU for this long. A thread that loses its CPU meanwhile burns less.
void Burn(int64_t burn_ns) {
  const int64_t end_ns = assay::MonotonicNanos() + burn_ns;
  while (assay::MonotonicNanos() < end_ns) {
  }
}

int Fail(const absl::Status& status) {
  std::cerr << "server: " << assay::MessageText(status) << "\n";
  return absl::IsInvalidArgument(status) ? 2 : EXIT_FAILURE;  // 2: bad usage.
}

int Run(int argc, char** argv) {
  assay::server::ServerOptions options;
  const int exit_status =
      assay::server::ParseServerFlags(argc, argv, options, std::cout, std::cerr);
  if (exit_status != assay::kGoOn) return exit_status;

  RaiseFileLimit();
  const auto stop = assay::server::WatchStopSignals(options.stop_timeout + kEndsItself);
  if (!stop.ok()) return Fail(stop.status());
  const auto endpoints = [&options]() -> assay::server::HttpHandler {
    // One per thread.
    const auto own = std::make_shared<assay::server::Endpoints>(options.limits.max_body);
    if (options.burn_ns == 0) {
      return [own](const assay::server::HttpRequest& request,
                   assay::server::HttpResponse& response) { own->Respond(request, response); };
    }
    return [own, burn_ns = options.burn_ns](const assay::server::HttpRequest& request,
                                            assay::server::HttpResponse& response) {
      own->Respond(request, response);
      Burn(burn_ns);
    };
  };
  const auto server = assay::server::HttpServer::Create(options, endpoints);
  if (!server.ok()) return Fail(server.status());
  std::cout << "listening on " << (*server)->address() << std::endl;
  // The parent process may wait for that line. main() reports why it could not be written.
  if (!assay::FlushOutput().ok()) return EXIT_FAILURE;
  if (const absl::Status status = (*server)->Run(stop->get()); !status.ok()) return Fail(status);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  assay::OpenStandardStreams();
  return assay::EndOutput("server", Run(argc, argv));
}
