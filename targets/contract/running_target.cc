#include "targets/contract/running_target.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "agent/jobs/address.h"
#include "agent/launcher/launch_options.h"
#include "agent/verify/verify.h"
#include "common/cpu_set.h"
#include "common/file.h"
#include "common/status_macros.h"

namespace assay::targets {
namespace {

constexpr char kHost[] = "127.0.0.1";
// Added to the timeout of the target, because tests share their machine with others.
constexpr int kTimeout = 6;

std::string TemporaryFolder() {
  const char* const folder = std::getenv("TEST_TMPDIR");
  return folder == nullptr ? std::filesystem::temp_directory_path().string() : folder;
}

absl::Status WriteFiles(const agent::ResolvedTarget& resolved) {
  for (const agent::ResolvedTarget::File& file : resolved.files) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(file.path).parent_path(), error);
    ASSAY_RETURN_IF_ERROR(WriteFileAtomically(file.path, file.content));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunningTarget>> RunningTarget::Start(
    const agent::Catalogue& catalogue, const CatalogueTarget& target,
    const std::map<std::string, std::string>& options) {
  ASSAY_ASSIGN_OR_RETURN(agent::PrivateFolder folder,
                         agent::PrivateFolder::Create(TemporaryFolder(), "target-"));
  ASSAY_ASSIGN_OR_RETURN(const uint16_t port, agent::FreePort(kHost));
  ASSAY_ASSIGN_OR_RETURN(const CpuSet cpus, CpuSet::AllowedForThisProcess());
  std::unique_ptr<RunningTarget> running(new RunningTarget(target, std::move(folder)));
  running->address_ = absl::StrCat(kHost, ":", port);
  ASSAY_ASSIGN_OR_RETURN(
      running->resolved_,
      catalogue.Resolve(target, {kHost, port, cpus, running->folder_.path()}, options));
  ASSAY_RETURN_IF_ERROR(WriteFiles(running->resolved_));

  agent::LaunchOptions launch;
  launch.argv = running->resolved_.argv;
  launch.environment = running->resolved_.environment;
  launch.working_directory = running->folder_.path();
  ASSAY_ASSIGN_OR_RETURN(running->process_, agent::LaunchedProcess::Start(std::move(launch)));
  const agent::LaunchedProcess& process = *running->process_;
  const absl::Status ready = agent::WaitUntilReady(
      running->address_, running->resolved_.ready_path, kTimeout * running->resolved_.ready_timeout,
      [&process] {
        const std::optional<agent::Ended> ended = process.ended();
        return ended ? absl::AbortedError(ended->ToString()) : absl::OkStatus();
      });
  if (ready.ok()) return running;
  return absl::Status(ready.code(), absl::StrCat("target \"", target.name(), "\": ",
                                                 ready.message(), "\n", process.LastOutput()));
}

absl::Status RunningTarget::Stop() {
  ASSAY_RETURN_IF_ERROR(process_->Stop(resolved_.stop_signal, kTimeout * resolved_.stop_timeout));
  const std::optional<agent::Ended> ended = process_->ended();
  if (ended.has_value() && ended->signal != SIGKILL) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("target \"", target_.name(), "\" did not stop: ",
                                          ended ? ended->ToString() : "it still runs"));
}

}  // namespace assay::targets
