#include "agent/loadgen/options.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/loadgen/request_options.h"
#include "common/command_line.h"
#include "common/file.h"
#include "common/http_url.h"
#include "common/load_limits.h"
#include "common/message_text.h"
#include "common/number_text.h"
#include "common/runfiles.h"
#include "common/status_macros.h"

namespace assay::loadgen {
namespace {

// Requests that wait for a connection take 32 bytes each.
constexpr double kLeastWaiting = 1'000;
constexpr double kMostWaiting = 4'000'000;

constexpr char kExamples[] =
    "Examples:\n"
    "  loadgen --target=127.0.0.1:9000 --path=/json --connections=250 --duration=10s --cpu=1\n"
    "  loadgen --target=127.0.0.1:9000 --connections=64 --duration=10s --rate=20000 "
    "--arrivals=poisson\n"
    "  loadgen http://[::1]:9000/echo --body-file=F --requests=10000 --samples=FILE "
    "--format=json\n"
    "  loadgen https://127.0.0.1:8443/ --http2 --connections=64 --pipeline=10\n"
    "Exit status: 0 measured; 1 nothing succeeded, or it could not be measured; 2 bad usage.";

// "p99:5%".
absl::Status ReadUntil(const std::string& text, LoadOptions& options) {
  const size_t colon = text.find(':');
  std::string width = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (!width.empty() && width.back() == '%') width.pop_back();
  double percent = 0;
  for (const auto& [name, q] :
       {std::pair("p50", 0.5), std::pair("p90", 0.9), std::pair("p95", 0.95),
        std::pair("p99", 0.99), std::pair("p999", 0.999)}) {
    if (text.substr(0, colon) == name) options.until_quantile = q;
  }
  if (options.until_quantile == 0 || !absl::SimpleAtod(width, &percent) ||
      !(percent > 0 && percent <= 100)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--until=", text,
        " is not QUANTILE:WIDTH such as p99:5%, with one of p50, p90, p95, p99, p999"));
  }
  options.until_width = percent / 100;
  return absl::OkStatus();
}

// The command line before it is checked.
struct Flags {
  uint64_t queue_limit = 0;
  std::string target, url, cpus, duration, warmup = "0s", timeout = "5s", drain, think = "0s";
  std::string idle_gaps = "50ms", share = "0/1", until;
  RequestFlags request;
};

absl::StatusOr<int64_t> Nanos(std::string_view flag, const std::string& text) {
  absl::Duration duration;
  double seconds;
  if (absl::SimpleAtod(text, &seconds) && std::isfinite(seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    return absl::InvalidArgumentError(absl::StrCat(
        std::string(flag), ": '", text, "' is not a time such as 500ms, 10s, 1m30s or 2.5"));
  }
  if (duration < absl::ZeroDuration() || duration > absl::Nanoseconds(kLongestNs)) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(flag), ": ", text, " is not between 0 and a day"));
  }
  return absl::ToInt64Nanoseconds(duration);
}

absl::Status ReadTimes(const Flags& flags, LoadOptions& options) {
  ASSAY_ASSIGN_OR_RETURN(options.warmup_ns, Nanos("--warmup", flags.warmup));
  ASSAY_ASSIGN_OR_RETURN(options.timeout_ns, Nanos("--timeout", flags.timeout));
  ASSAY_ASSIGN_OR_RETURN(options.think_ns, Nanos("--think", flags.think));
  ASSAY_ASSIGN_OR_RETURN(options.idle_gaps_ns, Nanos("--idle-gaps", flags.idle_gaps));
  options.drain_ns = options.timeout_ns;
  if (!flags.drain.empty()) {
    ASSAY_ASSIGN_OR_RETURN(options.drain_ns, Nanos("--drain", flags.drain));
  }
  if (!flags.duration.empty()) {
    ASSAY_ASSIGN_OR_RETURN(options.duration_ns, Nanos("--duration", flags.duration));
  } else if (options.request_count == 0) {
    options.duration_ns = absl::ToInt64Nanoseconds(absl::Seconds(10));
  }
  if (options.duration_ns == 0 && options.request_count == 0) {
    return absl::InvalidArgumentError("--duration and --requests are both 0: when should it end?");
  }
  if (options.duration_ns != 0 && static_cast<uint64_t>(options.duration_ns) < kShortestNs) {
    return absl::InvalidArgumentError("--duration is at least 1ms, or 0 where --requests ends it");
  }
  if (static_cast<uint64_t>(options.timeout_ns) < kShortestNs) {
    return absl::InvalidArgumentError("--timeout is at least 1ms");
  }
  if (!flags.until.empty()) ASSAY_RETURN_IF_ERROR(ReadUntil(flags.until, options));
  if (options.idle_gaps_ns > 10'000'000'000) {
    return absl::InvalidArgumentError("--idle-gaps is at most 10s");
  }
  return absl::OkStatus();
}

absl::Status ReadCounts(const Flags& flags, LoadOptions& options) {
  if (options.connections < 1 || options.connections > static_cast<int>(kMostConnections)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--connections is between 1 and ", kMostConnections));
  }
  if (options.threads < 1 || options.threads > static_cast<int>(kMostThreads)) {
    return absl::InvalidArgumentError(absl::StrCat("--threads is between 1 and ", kMostThreads));
  }
  if (options.request_count > kMostRequests) {
    return absl::InvalidArgumentError(absl::StrCat("--requests is at most ", kMostRequests));
  }
  if (options.threads > options.connections) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--threads=", options.threads, " is more than --connections=", options.connections,
        ": each thread needs one of its own"));
  }
  if (options.request_count > 0 && options.request_count < static_cast<uint64_t>(options.threads)) {
    return absl::InvalidArgumentError(absl::StrCat("--requests=", options.request_count,
                                                   " is less than --threads=", options.threads));
  }
  if (options.pipeline < 1 || options.pipeline > static_cast<int>(kMostPipeline)) {
    return absl::InvalidArgumentError(absl::StrCat("--pipeline is between 1 and ", kMostPipeline));
  }
  if (options.rate_per_s != 0 && !(options.rate_per_s > 0 && options.rate_per_s <= kHighestRate)) {
    return absl::InvalidArgumentError(absl::StrCat("--rate is above 0 and at most ",
                                                   NumberText(kHighestRate), " requests a second"));
  }
  if (options.open_loop()) {
    const double waiting = options.rate_per_s * static_cast<double>(options.timeout_ns) / 1e9;
    options.queue_limit =
        flags.queue_limit > 0
            ? flags.queue_limit
            : static_cast<uint64_t>(std::clamp(waiting, kLeastWaiting, kMostWaiting));
    if (options.arrivals == Arrivals::kRamp && options.duration_ns == 0) {
      return absl::InvalidArgumentError("--arrivals=ramp needs a --duration to ramp over");
    }
  }
  if (options.queue_limit > static_cast<uint64_t>(kMostWaiting)) {
    return absl::InvalidArgumentError("--queue-limit is at most 4000000");
  }
  if (options.open_loop() && ((options.pipeline > 1 && !options.http2) || options.think_ns > 0)) {
    return absl::InvalidArgumentError(
        "--pipeline (without --http2) and --think are the closed loop's, not --rate's");
  }
  const size_t slash = flags.share.find('/');
  if (slash == std::string::npos ||
      !absl::SimpleAtoi(flags.share.substr(0, slash), &options.share_index) ||
      !absl::SimpleAtoi(flags.share.substr(slash + 1), &options.share_count) ||
      options.share_index < 0 || options.share_index >= options.share_count) {
    return absl::InvalidArgumentError(
        absl::StrCat("--share=", flags.share, " is not INDEX/COUNT with INDEX below COUNT"));
  }
  if (options.open_loop() && options.rate_per_s < kLowestRate / options.share_count) {
    return absl::InvalidArgumentError(
        absl::StrCat("--rate is at least ", NumberText(kLowestRate), " requests a second"));
  }
  if (options.ring_fd >= 0 && !options.under_agent()) {
    return absl::InvalidArgumentError("--ring-fd needs --control-fd");
  }
  return absl::OkStatus();
}

absl::Status ReadCpus(const Flags& flags, LoadOptions& options) {
  ASSAY_ASSIGN_OR_RETURN(const CpuSet wanted, CpuSet::Parse(flags.cpus));
  ASSAY_ASSIGN_OR_RETURN(const CpuSet allowed, CpuSet::AllowedForThisProcess());
  if (!allowed.Includes(wanted)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--cpu=", flags.cpus, ": this process may use the CPUs ", allowed.ToString(), " only"));
  }
  options.cpus = wanted.cpus();
  return absl::OkStatus();
}

void DeclareLoad(CLI::App& app, Flags& flags, LoadOptions& options) {
  app.add_option("url", flags.url,
                 "http://HOST:PORT/path or https://, in place of --target and --path");
  app.add_option("--target", flags.target,
                 "HOST:PORT, [V6]:PORT, unix:PATH, http://HOST:PORT or https://HOST:PORT");
  app.add_option("--connections,-c", options.connections, "Open connections, over all threads")
      ->capture_default_str();
  app.add_option("--duration,-d", flags.duration,
                 "Length of the window [10s, where --requests does not bound it]");
  app.add_option("--requests,-n", options.request_count, "End the window after so many requests");
  app.add_option("--warmup", flags.warmup, "Load before the window, not counted")
      ->capture_default_str();
  app.add_option("--timeout", flags.timeout, "Longest wait for a response")->capture_default_str();
  app.add_option("--drain", flags.drain, "Longest wait for answers after the window [--timeout]");
  app.add_option("--threads,-t", options.threads, "Load threads")->capture_default_str();
  app.add_option("--cpu", flags.cpus, "Pin load threads to these CPUs, one each, such as 1 or 2-3");
  app.add_option("--pipeline", options.pipeline,
                 "Requests in flight on a connection: closed loop, or streams of --http2")
      ->capture_default_str();
  app.add_option("--think", flags.think, "Closed loop: rest between answer and next request")
      ->capture_default_str();
  app.add_option("--idle-gaps", flags.idle_gaps,
                 "How long to observe the idle core before the window")
      ->capture_default_str();
}

void DeclareTransport(CLI::App& app, LoadOptions& options) {
  app.add_flag("--http2", options.http2,
               "HTTP/2: over https:// by ALPN, over http:// by prior knowledge");
  app.add_flag("--tls-verify", options.tls_verify,
               "Check the server's certificate and its name. Off: a load generator tests what it "
               "is pointed at");
  app.add_option("--tls-server-name", options.tls_server_name,
                 "Name to send as SNI, and to check with --tls-verify [the target's host]");
}

void DeclareUntil(CLI::App& app, Flags& flags) {
  app.add_option("--until", flags.until,
                 "End early when the 95 % interval of a quantile is that narrow, such as p99:5%");
}

void DeclareOpenLoop(CLI::App& app, Flags& flags, LoadOptions& options) {
  const std::map<std::string, Arrivals> arrivals = {{"constant", Arrivals::kConstant},
                                                    {"poisson", Arrivals::kPoisson},
                                                    {"ramp", Arrivals::kRamp}};
  const std::map<std::string, Pacing> pacings = {{"spin", Pacing::kSpin},
                                                 {"gentle", Pacing::kGentle}};
  app.add_option("--rate,-r", options.rate_per_s,
                 "Open loop: requests a second that fall due, whatever the server does");
  app.add_option("--arrivals", options.arrivals,
                 "Open loop: constant, poisson, or ramp (from 0 to the rate) [constant]")
      ->transform(CLI::CheckedTransformer(arrivals).description(""));
  app.add_option("--pacing", options.pacing,
                 "Open loop: spin on a core of its own, or gentle (a timer, 50 us late) [spin]")
      ->transform(CLI::CheckedTransformer(pacings).description(""));
  app.add_option("--queue-limit", flags.queue_limit,
                 "Open loop: requests that may wait for a connection [rate x timeout]");
}

void DeclareReport(CLI::App& app, LoadOptions& options) {
  const std::map<std::string, ReportFormat> formats = {
      {"table", ReportFormat::kTable}, {"json", ReportFormat::kJson}, {"csv", ReportFormat::kCsv}};
  app.add_option("--format,-f", options.format, "table, json, or csv (a line a second) [table]")
      ->transform(CLI::CheckedTransformer(formats).description(""));
  app.add_option("--samples", options.samples_file,
                 "File for the raw samples: length-delimited SampleChunk protos");
  app.add_option("--hdr", options.hdr_file, "File for an HdrHistogram log, an interval a second");
  app.add_option("--compare-to", options.compare_to,
                 "File with an earlier result, of --format=json, to show beside this one");
  app.add_option("--output,-o", options.output_file,
                 "File for the result of --format=json, beside what is printed");
  app.add_option("--label", options.label, "Text that goes into the result's settings");
  app.add_flag("--quiet,-q", options.quiet, "No progress on standard error");
}

void DeclareAgent(CLI::App& app, Flags& flags, LoadOptions& options) {
  const std::string group = "Under an agent";
  app.add_option("--seed", options.seed, "Fixes what is drawn by chance")->capture_default_str();
  app.add_option("--share", flags.share, "INDEX/COUNT of this load generator among several")
      ->capture_default_str();
  app.add_option("--control-fd", options.control_fd, "Inherited descriptor to the agent")
      ->group(group);
  app.add_option("--ring-fd", options.ring_fd, "Inherited descriptor of the sample ring")
      ->group(group);
}

absl::Status Check(const CLI::App& app, Flags& flags, LoadOptions& options) {
  if (app.count("--rate") > 0 && options.rate_per_s == 0) {
    return absl::InvalidArgumentError(
        "--rate=0 sends no request: give a rate above 0, or leave --rate out for a closed loop");
  }
  for (const char* flag : {"--arrivals", "--pacing", "--queue-limit"}) {
    if (app.count(flag) > 0 && options.rate_per_s == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag, " is the open loop's: it needs a --rate"));
    }
  }
  ASSAY_RETURN_IF_ERROR(ReadTimes(flags, options));
  ASSAY_RETURN_IF_ERROR(ReadCounts(flags, options));
  ASSAY_RETURN_IF_ERROR(ReadCpus(flags, options));
  if (flags.target.empty() == flags.url.empty()) {
    return absl::InvalidArgumentError("give the server to load, by --target or as a URL");
  }
  ASSAY_ASSIGN_OR_RETURN(options.target,
                         TargetAddress::Parse(flags.url.empty() ? flags.target : flags.url));
  if (options.tls_verify && !options.target.tls) {
    return absl::InvalidArgumentError("--tls-verify needs an https:// target");
  }
  if (!options.tls_server_name.empty()) {
    if (!options.target.tls) {
      return absl::InvalidArgumentError("--tls-server-name needs an https:// target");
    }
    if (!IsServerName(options.tls_server_name)) {
      return absl::InvalidArgumentError(
          "--tls-server-name is no DNS name, such as www.example.org");
    }
  }
  ASSAY_ASSIGN_OR_RETURN(options.requests,
                         BuildRequests(flags.request, options.target, options.seed));
  for (const Request& request : options.requests) {
    if (options.http2) ASSAY_RETURN_IF_ERROR(request.CheckForHttp2());
    if (request.closes && options.pipeline > 1) {
      return absl::InvalidArgumentError(
          "--pipeline does not go with the header `Connection: close`: a request that ends its "
          "connection has none behind it; leave one of the two out");
    }
  }
  return absl::OkStatus();
}

}  // namespace

int ParseLoadOptions(int argc, char** argv, LoadOptions& options, std::ostream& out,
                     std::ostream& err) {
  Flags flags;
  CLI::App app("Offers HTTP load to a server and measures every request.", "loadgen");
  app.footer(kExamples);
  DeclareLoad(app, flags, options);
  DeclareTransport(app, options);
  DeclareUntil(app, flags);
  DeclareOpenLoop(app, flags, options);
  DeclareRequests(app, flags.request);
  DeclareReport(app, options);
  DeclareAgent(app, flags, options);
  if (const int status = ParseCommandLine(app, argc, argv, out, err); status != kGoOn) {
    return status;
  }
  if (const absl::Status status = Check(app, flags, options); !status.ok()) {
    err << "loadgen: " << MessageText(status) << "\n";
    // A name that the resolver does not know now is no bad usage.
    return absl::IsUnavailable(status) ? 1 : 2;
  }
  return kGoOn;
}

}  // namespace assay::loadgen
