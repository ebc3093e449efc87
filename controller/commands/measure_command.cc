// measure: without a plan, one server measured, two or more compared.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

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
  CommonFlags flags;
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
      return absl::InvalidArgumentError(
          absl::StrCat("--header '", header, "': expected 'Name: value'"));
    }
    const size_t value = header.find_first_not_of(' ', colon + 1);
    Header* added = workload->add_headers();
    added->set_name(header.substr(0, colon));
    added->set_value(value == std::string::npos ? "" : header.substr(value));
  }
  return absl::OkStatus();
}

// The plan that these words stand for.
absl::StatusOr<LoadedPlan> PlanOf(const MeasureFlags& words) {
  LoadedPlan loaded;
  loaded.name = "measure";
  Plan& plan = loaded.plan;
  plan.set_name(absl::StrCat(words.path, " of ", absl::StrJoin(words.servers, ", ")));
  for (const std::string& server : words.servers) {
    PlanTarget* target = plan.add_targets();
    if (IsTargetUrl(server)) {
      target->set_url(server);
      target->set_label(server);
      target->set_http2(words.http2);
      // A plan takes it for https only.
      const absl::StatusOr<TargetUrl> url = ParseTargetUrl(server);
      if (url.ok() && url->tls) target->set_tls_server_name(words.tls_server_name);
    } else {
      target->set_name(server);
    }
  }
  if (words.http2 && std::none_of(plan.targets().begin(), plan.targets().end(),
                                  [](const PlanTarget& target) { return target.http2(); })) {
    return absl::InvalidArgumentError(
        "--http2 goes with a URL: servers of the catalogue speak HTTP/1.1");
  }
  if (!words.tls_server_name.empty()) {
    if (std::none_of(plan.targets().begin(), plan.targets().end(),
                     [](const PlanTarget& target) { return !target.tls_server_name().empty(); })) {
      return absl::InvalidArgumentError(
          "--tls-server-name goes with an https:// URL: only TLS sends a server's name");
    }
  }
  Workload* workload = plan.add_workloads();
  workload->set_name(words.path);
  workload->set_path(words.path);
  if (!words.method.empty()) workload->set_method(words.method);
  ASSAY_RETURN_IF_ERROR(AddHeaders(words.headers, workload));
  if (!words.body_file.empty()) {
    ASSAY_ASSIGN_OR_RETURN(*workload->mutable_body(), ReadFile(UserPath(words.body_file)));
  }
  if (words.status != 0) workload->mutable_expect()->set_status(words.status);
  ClosedLoop* closed = plan.mutable_load()->mutable_closed();
  closed->mutable_connections()->Assign(words.connections.begin(), words.connections.end());
  if (words.requests > 0) {
    closed->set_requests(words.requests);
  } else {
    closed->mutable_duration()->set_seconds(words.duration_s);
  }
  plan.mutable_load()->mutable_warmup()->set_seconds(words.warmup_s);
  plan.set_blocks(words.blocks);
  // One server alone is described, not judged.
  if (words.servers.size() == 1) plan.set_verdict(Plan::NONE);
  ASSAY_RETURN_IF_ERROR(ApplyOverrides(words.flags.overrides, &loaded));
  google::protobuf::TextFormat::PrintToString(plan, &loaded.plan_text);
  return loaded;
}

}  // namespace

void AddMeasureCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "measure",
      "Without a plan: measure one server, or compare several; a URL is one that runs already");
  command->footer(
      "Example: controller measure epoll libmicrohttpd --path=/json --connections=64,250\n"
      "         controller measure http://127.0.0.1:8080 --path=/ --connections=64 --duration=5");
  auto words = std::make_shared<MeasureFlags>();
  command
      ->add_option("SERVER", words->servers,
                   "A target of the catalogue, or http://HOST:PORT or https://HOST:PORT")
      ->required();
  command->add_option("--path", words->path, "Path of the request")->capture_default_str();
  command->add_option("--method", words->method, "Default GET, or POST with a body");
  command->add_option("--header", words->headers, "'Name: value'; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--body-file", words->body_file, "Body of the request")->type_name("FILE");
  command->add_option("--status", words->status, "Status of the right response (default 200)");
  command->add_flag("--http2", words->http2, "Speak HTTP/2 to servers given by URL");
  command
      ->add_option("--tls-server-name", words->tls_server_name,
                   "Name to send as SNI to https:// servers [the URL's host]")
      ->type_name("NAME");
  command->add_option("--connections", words->connections, "Levels, such as 64,250")
      ->delimiter(',');
  command->add_option("--duration", words->duration_s, "Seconds of each window")
      ->capture_default_str();
  command->add_option("--requests", words->requests,
                      "Requests of each window, instead of --duration");
  command->add_option("--warmup", words->warmup_s, "Seconds before each window")
      ->capture_default_str();
  command
      ->add_option("--blocks", words->blocks,
                   "Starts of each server and level; of a URL, windows of the running server")
      ->capture_default_str();
  AddStoreFlag(*command, words->flags);
  AddAgentFlags(*command, words->flags);
  AddFormatFlag(*command, words->flags);
  AddRunFlags(*command, words->flags);
  command->callback([words, &chosen] {
    chosen = [words](Interruption& interruption) {
      const absl::StatusOr<LoadedPlan> plan = PlanOf(*words);
      if (!plan.ok()) return Fail(plan.status());
      return MeasurePlan(*plan, words->flags, interruption);
    };
  });
}

}  // namespace assay::controller
