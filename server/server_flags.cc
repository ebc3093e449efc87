#include "server/server_flags.h"

#include <cstdint>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/time/time.h"
#include "common/command_line.h"
#include "common/cpu_set.h"

namespace assay::server {
namespace {

// Longer work per request would let a stop wait in vain.
constexpr int64_t kMostBurnNs = 1'000'000'000;

constexpr char kExample[] =
    "Examples:\n"
    "  server --listen=127.0.0.1:9000 --cpu=0\n"
    "  server --listen=[::1]:0 --threads=4 --cpu=0-3    # port 0: the system picks a port\n"
    "\n"
    "Prints \"listening on ADDRESS\" when it accepts. SIGTERM or SIGINT: finishes the "
    "requests\n"
    "in progress, for --stop-timeout at most, then exits.";

// A flag whose value is a duration such as 75s, 1m30s or 500ms.
void AddDuration(CLI::App& app, const std::string& flag, absl::Duration& value,
                 const std::string& help) {
  const auto read = [&value, flag](const std::string& text) {
    absl::Duration parsed;
    if (!absl::ParseDuration(text, &parsed) || parsed <= absl::ZeroDuration() ||
        parsed > absl::Hours(24 * 365)) {
      throw CLI::ValidationError(flag, "\"" + text + "\" is not a duration such as 75s or 500ms");
    }
    value = parsed;
  };
  app.add_option_function<std::string>(flag, read, help)
      ->default_str(absl::FormatDuration(value))
      ->type_name("DURATION");
}

}  // namespace

int ParseServerFlags(int argc, char** argv, ServerOptions& options, std::ostream& out,
                     std::ostream& err) {
  CLI::App app("Assay's own HTTP server: one epoll loop per thread; serves the endpoint contract.",
               "server");
  app.option_defaults()->always_capture_default();
  HttpLimits& limits = options.limits;
  app.add_option("--listen", options.listen, "address to listen on: HOST:PORT or [IPV6]:PORT")
      ->type_name("ADDRESS");
  const auto read_cpus = [&options](const std::string& text) {
    const absl::StatusOr<CpuSet> cpus = CpuSet::Parse(text);
    if (!cpus.ok()) throw CLI::ValidationError("--cpu", std::string(cpus.status().message()));
    options.cpus = *cpus;
  };
  app.add_option_function<std::string>(
         "--cpu", read_cpus, "CPUs to pin the threads to, one per thread, such as 0 or 0-3,6")
      ->type_name("LIST");
  app.add_option("--threads", options.threads,
                 "number of threads, each with its own socket and loop")
      ->check(CLI::Range(1, 1024));
  app.add_option("--backlog", options.backlog,
                 "maximum number of connections waiting to be accepted")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--tcp-nodelay", options.tcp_nodelay, "send small responses at once")
      ->type_name("BOOL");
  app.add_option("--keep-alive-requests", limits.keep_alive_requests,
                 "maximum requests per connection; 0: no limit");
  AddDuration(app, "--idle-timeout", limits.idle_timeout,
              "close a connection that is idle for this long");
  AddDuration(app, "--read-timeout", limits.read_timeout,
              "time for a request to arrive, plus one second per 4 KiB");
  AddDuration(app, "--write-timeout", limits.write_timeout,
              "time for the client to read a response, plus one second per 4 KiB");
  AddDuration(app, "--stop-timeout", options.stop_timeout,
              "how long SIGTERM waits for requests in progress");
  app.add_option("--max-head", limits.max_head, "maximum bytes of a request's head")
      ->check(CLI::Range(size_t{256}, size_t{1} << 20));
  app.add_option("--max-body", limits.max_body,
                 "maximum bytes of a request's body, also when inflated")
      ->check(CLI::Range(size_t{0}, size_t{1} << 30));
  app.add_option("--max-memory", limits.max_memory,
                 "maximum bytes of all unfinished requests and unsent responses; above it: 503")
      ->check(CLI::Range(size_t{1} << 20, size_t{1} << 50));
  app.add_option("--burn-ns", options.burn_ns,
                 "CPU time in nanoseconds to add to each request, for checking that a comparison "
                 "finds a known difference")
      ->check(CLI::Range(int64_t{0}, kMostBurnNs));
  app.footer(kExample);
  return ParseCommandLine(app, argc, argv, out, err);
}

}  // namespace assay::server
