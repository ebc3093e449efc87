#include "agent/loadgen/flags.h"

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/load_protocol/control.pb.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/request_options.h"
#include "common/command_line.h"
#include "common/http_url.h"
#include "common/message_text.h"
#include "common/status_macros.h"
#include "proto/plan.pb.h"

namespace assay::loadgen {
namespace {

constexpr char kControlFlag[] = "--control-fd";

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

// The values of the flags, before they are checked. Flags that a spec does not have go into LoadOptions directly.
struct Flags {
  std::string target, url, cpus, duration, warmup = "0s", timeout = "5s", drain, think = "0s";
  std::string idle_gaps = absl::FormatDuration(absl::Nanoseconds(kIdleGapsNs)), share = "0/1",
              until;
  int connections = 1;
  int threads = 1;
  uint64_t request_count = 0;
  int pipeline = 1;
  bool http2 = false;
  bool tls_verify = false;
  std::string tls_server_name;
  double rate_per_s = 0;
  OpenLoop::Arrivals arrivals = OpenLoop::CONSTANT;
  Pacing pacing = Pacing::kSpin;
  uint64_t queue_limit = 0;
  uint64_t seed = 1;
  int control_fd = -1;
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
  return absl::ToInt64Nanoseconds(duration);
}

void DeclareLoad(CLI::App& app, Flags& flags) {
  app.add_option("url", flags.url,
                 "http://HOST:PORT/path or https://, in place of --target and --path");
  app.add_option("--target", flags.target,
                 "HOST:PORT, [V6]:PORT, unix:PATH, http://HOST:PORT or https://HOST:PORT");
  app.add_option("--connections,-c", flags.connections, "Open connections, over all threads")
      ->capture_default_str();
  app.add_option("--duration,-d", flags.duration,
                 "Length of the window [10s, where --requests does not bound it]");
  app.add_option("--requests,-n", flags.request_count,
                 "End the window after this number of requests");
  app.add_option("--warmup", flags.warmup, "Load before the window, not counted")
      ->capture_default_str();
  app.add_option("--timeout", flags.timeout, "Longest wait for a response")->capture_default_str();
  app.add_option("--drain", flags.drain, "Longest wait for responses after the window [--timeout]");
  app.add_option("--threads,-t", flags.threads, "Load threads")->capture_default_str();
  app.add_option("--cpu", flags.cpus, "Pin load threads to these CPUs, one each, such as 1 or 2-3");
  app.add_option("--pipeline", flags.pipeline,
                 "Requests in flight on a connection: closed loop, or streams of --http2")
      ->capture_default_str();
  app.add_option("--think", flags.think,
                 "Closed loop: pause between a response and the next request")
      ->capture_default_str();
  app.add_option("--idle-gaps", flags.idle_gaps,
                 "How long to observe the idle core before the window")
      ->capture_default_str();
}

void DeclareTransport(CLI::App& app, Flags& flags) {
  app.add_flag("--http2", flags.http2,
               "HTTP/2: over https:// by ALPN, over http:// by prior knowledge");
  app.add_flag("--tls-verify", flags.tls_verify,
               "Check the server's certificate and its name. Off: a load generator tests what it "
               "is pointed at");
  app.add_option("--tls-server-name", flags.tls_server_name,
                 "Name to send as SNI, and to check with --tls-verify [the target's host]");
}

void DeclareUntil(CLI::App& app, Flags& flags) {
  app.add_option(
      "--until", flags.until,
      "Stop early once the 95 % confidence interval of this percentile is narrower than the "
      "given share, such as p99:5%");
}

void DeclareOpenLoop(CLI::App& app, Flags& flags) {
  const std::map<std::string, OpenLoop::Arrivals> arrivals = {
      {"constant", OpenLoop::CONSTANT}, {"poisson", OpenLoop::POISSON}, {"ramp", OpenLoop::RAMP}};
  const std::map<std::string, Pacing> pacings = {{"spin", Pacing::kSpin},
                                                 {"gentle", Pacing::kGentle}};
  app.add_option("--rate,-r", flags.rate_per_s,
                 "Open loop: requests a second that fall due, whatever the server does");
  app.add_option("--arrivals", flags.arrivals,
                 "Open loop: constant, poisson, or ramp (from 0 to the rate) [constant]")
      ->transform(CLI::CheckedTransformer(arrivals).description(""));
  app.add_option("--pacing", flags.pacing,
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

void DeclareAgent(CLI::App& app, Flags& flags) {
  const std::string group = "Under an agent";
  app.add_option("--seed", flags.seed, "Fixes what is drawn by chance")->capture_default_str();
  app.add_option("--share", flags.share, "INDEX/COUNT of this load generator among several")
      ->capture_default_str();
  app.add_option(kControlFlag, flags.control_fd,
                 "Inherited socket over which the agent sends the load")
      ->group(group);
}

absl::Status ReadTimes(const Flags& flags, GeneratorSpec& spec) {
  ASSAY_ASSIGN_OR_RETURN(const int64_t warmup, Nanos("--warmup", flags.warmup));
  ASSAY_ASSIGN_OR_RETURN(const int64_t timeout, Nanos("--timeout", flags.timeout));
  ASSAY_ASSIGN_OR_RETURN(const int64_t think, Nanos("--think", flags.think));
  ASSAY_ASSIGN_OR_RETURN(const int64_t idle_gaps, Nanos("--idle-gaps", flags.idle_gaps));
  spec.set_warmup_ns(warmup);
  spec.set_timeout_ns(timeout);
  spec.set_think_ns(think);
  spec.set_idle_gaps_ns(idle_gaps);
  if (!flags.drain.empty()) {
    ASSAY_ASSIGN_OR_RETURN(const int64_t drain, Nanos("--drain", flags.drain));
    spec.set_drain_ns(drain);
  }
  if (!flags.duration.empty()) {
    ASSAY_ASSIGN_OR_RETURN(const int64_t duration, Nanos("--duration", flags.duration));
    spec.set_duration_ns(duration);
  } else if (flags.request_count == 0) {
    spec.set_duration_ns(absl::ToInt64Nanoseconds(absl::Seconds(10)));
  }
  return absl::OkStatus();
}

absl::Status ReadShare(const std::string& text, GeneratorSpec& spec) {
  const size_t slash = text.find('/');
  uint32_t index = 0;
  uint32_t count = 0;
  if (slash == std::string::npos || !absl::SimpleAtoi(text.substr(0, slash), &index) ||
      !absl::SimpleAtoi(text.substr(slash + 1), &count)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--share=", text, " is not INDEX/COUNT with INDEX below COUNT"));
  }
  spec.set_share_index(index);
  spec.set_share_count(count);
  return absl::OkStatus();
}

absl::Status ReadOpenLoop(const CLI::App& app, const Flags& flags, GeneratorSpec& spec) {
  if (app.count("--rate") == 0) {
    for (const char* flag : {"--arrivals", "--pacing", "--queue-limit"}) {
      if (app.count(flag) == 0) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(flag, " is the open loop's: it needs a --rate"));
    }
    return absl::OkStatus();
  }
  GeneratorSpec::Open& open = *spec.mutable_open();
  open.set_rate_per_s(flags.rate_per_s);
  open.set_arrivals(flags.arrivals);
  open.set_gentle(flags.pacing == Pacing::kGentle);
  open.set_queue_limit(flags.queue_limit);
  return absl::OkStatus();
}

void AddRequest(RequestSpec of_flags, GeneratorSpec& spec) {
  GeneratorSpec::Request& request = *spec.add_requests();
  request.set_method(of_flags.method);
  request.set_path(of_flags.path);
  for (const auto& [name, value] : of_flags.headers) {
    Header& header = *request.add_headers();
    header.set_name(name);
    header.set_value(value);
  }
  if (of_flags.body.has_value()) request.set_body(*std::move(of_flags.body));
  request.set_expect_status(static_cast<uint32_t>(of_flags.expect_status));
  if (of_flags.expect_length.has_value()) request.set_expect_length(*of_flags.expect_length);
  if (of_flags.expect_body.has_value()) request.set_expect_body(*std::move(of_flags.expect_body));
  if (of_flags.expect_sha256.has_value())
    request.set_expect_sha256(*std::move(of_flags.expect_sha256));
  request.set_weight(of_flags.weight);
}

// Path and query of a URL; empty where the text has none or is none.
std::string UrlPath(const std::string& text) {
  if (!HasScheme(text)) return "";
  absl::StatusOr<HttpUrl> url = ParseHttpUrl(text);
  return url.ok() ? url->path : "";
}

// What the flags ask for; the files that they name are read.
absl::StatusOr<GeneratorSpec> ReadSpec(const CLI::App& app, const Flags& flags) {
  GeneratorSpec spec;
  if (flags.target.empty() == flags.url.empty()) {
    return absl::InvalidArgumentError("give the server to load, by --target or as a URL");
  }
  spec.set_target(flags.url.empty() ? flags.target : flags.url);
  // A negative number becomes one beyond every bound.
  spec.set_connections(static_cast<uint32_t>(flags.connections));
  spec.set_threads(static_cast<uint32_t>(flags.threads));
  spec.set_pipeline(static_cast<uint32_t>(flags.pipeline));
  spec.set_cpus(flags.cpus);
  spec.set_request_count(flags.request_count);
  spec.set_http2(flags.http2);
  spec.set_tls_verify(flags.tls_verify);
  spec.set_tls_server_name(flags.tls_server_name);
  spec.set_seed(flags.seed);
  ASSAY_RETURN_IF_ERROR(ReadOpenLoop(app, flags, spec));
  ASSAY_RETURN_IF_ERROR(ReadTimes(flags, spec));
  ASSAY_RETURN_IF_ERROR(ReadShare(flags.share, spec));
  ASSAY_ASSIGN_OR_RETURN(std::vector<RequestSpec> requests,
                         ReadRequests(flags.request, UrlPath(spec.target()), flags.seed));
  for (RequestSpec& request : requests) AddRequest(std::move(request), spec);
  return spec;
}

// All of the load comes from the agent: a flag beside it would not be used.
absl::Status CheckAlone(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0 || option->check_name(kControlFlag)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        kControlFlag, " takes the whole load from the agent: leave ", option->get_name(), " out"));
  }
  return absl::OkStatus();
}

absl::Status Read(const CLI::App& app, const Flags& flags, LoadOptions& options) {
  if (flags.control_fd >= 0) {
    options.control_fd = flags.control_fd;
    return CheckAlone(app);
  }
  if (!flags.until.empty()) ASSAY_RETURN_IF_ERROR(ReadUntil(flags.until, options));
  ASSAY_ASSIGN_OR_RETURN(const GeneratorSpec spec, ReadSpec(app, flags));
  return FillOptions(spec, options);
}

}  // namespace

int ParseLoadOptions(int argc, char** argv, LoadOptions& options, std::ostream& out,
                     std::ostream& err) {
  Flags flags;
  CLI::App app("Offers HTTP load to a server and measures every request.", "loadgen");
  app.footer(kExamples);
  DeclareLoad(app, flags);
  DeclareTransport(app, flags);
  DeclareUntil(app, flags);
  DeclareOpenLoop(app, flags);
  DeclareRequests(app, flags.request);
  DeclareReport(app, options);
  DeclareAgent(app, flags);
  if (const int status = ParseCommandLine(app, argc, argv, out, err); status != kGoOn) {
    return status;
  }
  if (const absl::Status status = Read(app, flags, options); !status.ok()) {
    err << "loadgen: " << MessageText(status) << "\n";
    // A name that the resolver does not know now is no bad usage.
    return absl::IsUnavailable(status) ? 1 : 2;
  }
  return kGoOn;
}

}  // namespace assay::loadgen
