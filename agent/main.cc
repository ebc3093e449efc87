#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/agent_options.h"
#include "agent/catalogue/catalogue.h"
#include "agent/end_signal.h"
#include "agent/jobs/agent_context.h"
#include "agent/jobs/cpu_ledger.h"
#include "agent/jobs/cpu_placement.h"
#include "agent/jobs/destination_rules.h"
#include "agent/jobs/job_table.h"
#include "agent/jobs/load_job.h"
#include "agent/jobs/port_ledger.h"
#include "agent/jobs/private_folder.h"
#include "agent/jobs/server_job.h"
#include "agent/jobs/strand.h"
#include "agent/jobs/target_versions.h"
#include "agent/launcher/strays.h"
#include "agent/service/agent_server.h"
#include "agent/service/agent_service.h"
#include "agent/service/confirmation.h"
#include "agent/service/connections.h"
#include "agent/service/credentials.h"
#include "agent/service/self_description.h"
#include "common/command_line.h"
#include "common/cpu_set.h"
#include "common/message_text.h"
#include "common/runfiles.h"
#include "common/standard_streams.h"
#include "common/status_macros.h"
#include "grpc/grpc.h"

namespace assay::agent {
namespace {

// Longer than the stop_timeout of most targets, which is 5 s by default.
constexpr absl::Duration kCloseTimeout = absl::Seconds(20);

// Each connection of a load generator needs a descriptor, and children inherit the limit.
void RaiseDescriptorLimit() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

// Returns memory to the system after a run. Otherwise each of gRPC's threads keeps an arena that sample chunks
// fragment, and the agent grows by some megabytes with every execution.
void BoundMemory() {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
#endif
}

// Ends this process after a timeout even if a job hangs, for example in a resolver or because no thread can be created.
// The processes that it started end with it.
void EndInAnyCase() {
  signal(SIGALRM, [](int) {
    constexpr char kMessage[] =
        "agent: shutdown timed out; killing the processes that it started\n";
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
    _exit(EXIT_FAILURE);
  });
  alarm(static_cast<unsigned>(absl::ToInt64Seconds(2 * kCloseTimeout)));
}

absl::Status RunAgent(const AgentOptions& options) {
  AdoptStrays();
  ASSAY_ASSIGN_OR_RETURN(EndSignal end, EndSignal::Create(options.exit_with_parent));
  ASSAY_ASSIGN_OR_RETURN(const CpuSet cpus, CpuSet::AllowedForThisProcess());
  const CpuPlacement placement = ChoosePlacement(cpus, ReadSiblings(cpus));
  CpuSet usual = placement.server;
  usual |= placement.load;
  // Before any thread is started, because threads inherit it.
  KeepOwnThreadsOff(cpus, usual);
  // Never shut down: if gRPC failed to start one of its threads, the last grpc_shutdown() waits for it forever.
  grpc_init();

  ASSAY_ASSIGN_OR_RETURN(const Catalogue catalogue, Catalogue::Load(options.catalogue));
  ASSAY_ASSIGN_OR_RETURN(const AgentFolder folder, AgentFolder::Create(options.spool));
  ASSAY_ASSIGN_OR_RETURN(const std::string loadgen, AssayFile("agent/loadgen/loadgen"));
  ASSAY_ASSIGN_OR_RETURN(const Credentials credentials, ReadCredentials(options.tls));

  TargetVersions versions;
  CpuLedger ledger(cpus, [&cpus, &usual](const CpuSet& claimed) {
    KeepOwnThreadsOff(cpus, claimed.empty() ? usual : claimed);
  });
  PortLedger ports;
  const DestinationRules destinations(options.allowed_destinations,
                                      [&credentials](const DestinationRules::Question& question) {
                                        return AskForConfirmation(credentials.client, question);
                                      });
  const AgentContext context{.catalogue = catalogue,
                             .versions = versions,
                             .ledger = ledger,
                             .ports = ports,
                             .destinations = destinations,
                             .placement = placement,
                             .beyond_loopback = options.beyond_loopback,
                             .folder = folder.path(),
                             .loadgen = loadgen};
  const std::shared_ptr<JobTable> jobs = JobTable::Create(
      [&context](const OpenRequest& request) -> absl::StatusOr<std::shared_ptr<Job>> {
        ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<Strand> strand, ThreadStrand::Create());
        if (request.has_server()) {
          return std::make_shared<ServerJob>(request, std::move(strand), context);
        }
        return std::make_shared<LoadJob>(request, std::move(strand), context);
      },
      std::max(JobTable::kMostJobs, size_t{4} * static_cast<size_t>(cpus.Count())));

  SelfDescription self(catalogue, versions, cpus, placement, folder.path());
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<Strand> errands, ThreadStrand::Create());
  AgentService service(jobs, [&self] { return self.Describe(); }, *errands,
                       {.connections = Connections::Limits::OfThisProcess(), .streams = {}});
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<AgentServer> server,
                         AgentServer::Start(options.listen, credentials.server, service));
  std::cout << "listening on " << server->address() << std::endl;
  // The process that started the agent waits for this line.
  const absl::Status flushed = FlushOutput();

  if (flushed.ok()) end.Wait();
  EndInAnyCase();
  const bool closed = jobs->CloseAll(kCloseTimeout);
  server->Shutdown();
  return closed ? flushed
                : absl::InternalError(
                      "a job did not end in time; killing the processes that it started");
}

}  // namespace
}  // namespace assay::agent

int main(int argc, char** argv) {
  assay::OpenStandardStreams();
  assay::agent::AgentOptions options;
  const int status = assay::agent::ParseAgentOptions(argc, argv, options, std::cout, std::cerr);
  if (status != assay::kGoOn) return assay::EndOutput("agent", status);
  signal(SIGPIPE, SIG_IGN);
  assay::agent::BoundMemory();
  assay::ExportRunfiles();
  assay::agent::RaiseDescriptorLimit();
  const absl::Status ran = assay::agent::RunAgent(options);
  if (!ran.ok()) std::cerr << "agent: " << assay::MessageText(ran) << std::endl;
  // Does not run destructors: gRPC's threads and those of a job that hangs still use the objects.
  _exit(ran.ok() ? EXIT_SUCCESS : EXIT_FAILURE);
}
