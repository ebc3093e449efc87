// The `measure` command: measures one server or compares several, without a plan file.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "controller/commands/command.h"
#include "controller/commands/measuring.h"
#include "controller/plan/plan_loader.h"
#include "controller/plan/target_url.h"
#include "google/protobuf/text_format.h"

namespace assay::controller {
namespace {

struct MeasureFlags {
  CommonFlags common;
  std::vector<std::string> servers;
  std::string path = "/";
  std::string method;
  std::vector<std::string> headers;
  std::string body_file;
  std::vector<uint32_t> connections = {64};
  double duration_s = 1;
  uint64_t requests = 0;
  double warmup_s = 0.2;
  uint32_t blocks = 8;
  uint32_t status = 0;
  bool http2 = false;
  std::string tls_server_name;
};

absl::Status AddHeaders(const std::vector<std::string>& headers, Workload* workload) {
  for (const std::string& header : headers) {
    const size_t colon = header.find(':');
    if (colon == std::string::npos || colon == 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--header '", header, "': expected 'Name: value', such as --header 'Accept: text/html'"));
    }
    const size_t value = header.find_first_not_of(' ', colon + 1);
    Header* added = workload->add_headers();
    added->set_name(header.substr(0, colon));
    added->set_value(value == std::string::npos ? "" : header.substr(value));
  }
  return absl::OkStatus();
}

// The plan that the flags describe.
absl::StatusOr<LoadedPlan> PlanOf(const MeasureFlags& flags) {
  LoadedPlan loaded;
  loaded.name = "measure";
  Plan& plan = loaded.plan;
  plan.set_name(absl::StrCat(flags.path, " of ", absl::StrJoin(flags.servers, ", ")));
  for (const std::string& server : flags.servers) {
    PlanTarget* target = plan.add_targets();
    if (IsTargetUrl(server)) {
      target->set_url(server);
      target->set_label(server);
      target->set_http2(flags.http2);
      // A plan accepts this field for https only.
      const absl::StatusOr<TargetUrl> url = ParseTargetUrl(server);
      if (url.ok() && url->tls) target->set_tls_server_name(flags.tls_server_name);
    } else {
      target->set_name(server);
    }
  }
  if (flags.http2 && std::none_of(plan.targets().begin(), plan.targets().end(),
                                  [](const PlanTarget& target) { return target.http2(); })) {
    return absl::InvalidArgumentError(
        "--http2 needs a server given by URL: the servers of the catalogue speak HTTP/1.1 only");
  }
  if (!flags.tls_server_name.empty()) {
    if (std::none_of(plan.targets().begin(), plan.targets().end(),
                     [](const PlanTarget& target) { return !target.tls_server_name().empty(); })) {
      return absl::InvalidArgumentError(
          "--tls-server-name needs a server given by an https:// URL: only TLS sends a server "
          "name");
    }
  }
  Workload* workload = plan.add_workloads();
  workload->set_name(flags.path);
  workload->set_path(flags.path);
  if (!flags.method.empty()) workload->set_method(flags.method);
  ASSAY_RETURN_IF_ERROR(AddHeaders(flags.headers, workload));
  if (!flags.body_file.empty()) {
    ASSAY_ASSIGN_OR_RETURN(*workload->mutable_body(), ReadFile(UserPath(flags.body_file)));
  }
  if (flags.status != 0) workload->mutable_expect()->set_status(flags.status);
  ClosedLoop* closed = plan.mutable_load()->mutable_closed();
  closed->mutable_connections()->Assign(flags.connections.begin(), flags.connections.end());
  if (flags.requests > 0) {
    closed->set_requests(flags.requests);
  } else {
    closed->mutable_duration()->set_seconds(flags.duration_s);
  }
  plan.mutable_load()->mutable_warmup()->set_seconds(flags.warmup_s);
  plan.set_blocks(flags.blocks);
  // A verdict needs at least two servers.
  if (flags.servers.size() == 1) plan.set_verdict(Plan::NONE);
  ASSAY_RETURN_IF_ERROR(ApplyOverrides(flags.common.overrides, &loaded));
  google::protobuf::TextFormat::PrintToString(plan, &loaded.plan_text);
  return loaded;
}

}  // namespace

void AddMeasureCommand(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("measure", "Measure one server or compare several, without a plan file");
  command->footer(
      "Example: controller measure epoll libmicrohttpd --path=/json --connections=64,250\n"
      "         controller measure http://127.0.0.1:8080 --path=/ --connections=64 --duration=5");
  auto flags = std::make_shared<MeasureFlags>();
  command
      ->add_option(
          "SERVER", flags->servers,
          "Target of the catalogue, which an agent starts, or the URL of a running server: "
          "http://HOST:PORT or https://HOST:PORT")
      ->required();
  command->add_option("--path", flags->path, "Path to request")->capture_default_str();
  command->add_option("--method", flags->method,
                      "HTTP method (default: POST with --body-file, else GET)");
  command
      ->add_option("--header", flags->headers,
                   "Request header, such as 'Accept: text/html'; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--body-file", flags->body_file, "File with the request body")
      ->type_name("FILE");
  command->add_option("--status", flags->status,
                      "Expected status code of the responses (default: 200)");
  command->add_flag("--http2", flags->http2, "Use HTTP/2 with servers given by URL");
  command
      ->add_option("--tls-server-name", flags->tls_server_name,
                   "Name to send as SNI to https:// servers (default: the host of the URL)")
      ->type_name("NAME");
  command
      ->add_option("--connections", flags->connections,
                   "Numbers of connections; each number is one load level, such as 64,250")
      ->delimiter(',');
  command->add_option("--duration", flags->duration_s, "Duration of each window, in seconds")
      ->capture_default_str();
  command->add_option("--requests", flags->requests,
                      "Number of requests of each window, instead of --duration");
  command->add_option("--warmup", flags->warmup_s, "Warm-up before each window, in seconds")
      ->capture_default_str();
  command
      ->add_option("--blocks", flags->blocks,
                   "Repetitions of each server and level; each starts the targets of the "
                   "catalogue again")
      ->capture_default_str();
  AddStoreFlag(*command, flags->common);
  AddAgentFlags(*command, flags->common);
  AddFormatFlag(*command, flags->common);
  AddRunFlags(*command, flags->common);
  command->callback([flags, &chosen] {
    chosen = [flags](Interruption& interruption) {
      const absl::StatusOr<LoadedPlan> plan = PlanOf(*flags);
      if (!plan.ok()) return Fail(plan.status());
      return MeasurePlan(*plan, flags->common, interruption);
    };
  });
}

}  // namespace assay::controller
