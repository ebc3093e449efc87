#include "agent/jobs/server_job.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/jobs/address.h"
#include "agent/telemetry/build_id.h"
#include "agent/verify/verify.h"
#include "common/file.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

// For one response to the workload, before any load.
constexpr absl::Duration kVerifyTimeout = absl::Seconds(5);
// For the end of a server that broke its connection: its last output is worth more than "connection reset".
constexpr absl::Duration kEndTimeout = absl::Milliseconds(300);

// Before the first slot: a full reading takes a millisecond or two, and is not to delay the reading of the slot.
constexpr int64_t kFullReadingNs = 5'000'000;

constexpr char kPaddingVariable[] = "ASSAY_PADDING";

// Where a client on this host reaches what listens on `host`.
std::string ReachedAt(const std::string& host, uint16_t port) {
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(host);
  if (address.ok() && address->IsWildcard()) {
    return HostPort{address->IsV4() ? "127.0.0.1" : "::1", port}.ToString();
  }
  return HostPort{host, port}.ToString();
}

}  // namespace

ServerJob::ServerJob(OpenRequest request, std::unique_ptr<Strand> strand,
                     const AgentContext& context)
    : Job(std::move(request), std::move(strand), context.folder), context_(context) {}

std::string ServerJob::host() const {
  return spec().listen_host().empty() ? "127.0.0.1" : spec().listen_host();
}

absl::Status ServerJob::Admit() {
  const absl::StatusOr<IpAddress> listen = IpAddress::Parse(host());
  if (!listen.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("server.listen_host: ", listen.status().message()));
  }
  if (!listen->IsLoopback() && !context_.beyond_loopback) {
    return absl::PermissionDeniedError(
        absl::StrCat("server.listen_host: ", host(),
                     " is beyond loopback, and this agent itself "
                     "listens on loopback only: give it a --listen address that others reach"));
  }
  ASSAY_ASSIGN_OR_RETURN(target_, context_.catalogue.Find(spec().target()));
  const Workload& verify = spec().verify();
  const std::string method = !verify.method().empty() ? verify.method()
                             : verify.has_body()      ? "POST"
                                                      : "GET";
  const std::optional<std::string> not_served = NotServedReason(*target_, method, verify.path());
  if (not_served.has_value()) {
    return absl::FailedPreconditionError(absl::StrCat("target ", target_->name(),
                                                      " does not serve ", method, " ",
                                                      verify.path(), ": ", *not_served));
  }
  if (target_->alone() && !request().group().empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("target ", target_->name(),
                     " cannot be alive together with other targets (`alone` in the catalogue): "
                     "compare it with the sequential design"));
  }
  // Whether it is installed and takes these options is known before any CPU is asked for.
  CpuSet any;
  any.Add(0);
  const TargetSite site{.host = host(), .port = 1, .cpus = any, .directory = context_.folder};
  const std::map<std::string, std::string> options(spec().options().begin(),
                                                   spec().options().end());
  ASSAY_RETURN_IF_ERROR(context_.catalogue.Resolve(*target_, site, options).status());
  ASSAY_ASSIGN_OR_RETURN(cpus_, context_.ledger.Take(spec().cpus(), context_.placement.server,
                                                     CpuLedger::Claimant::Of(request(), title())));
  return absl::OkStatus();
}

void ServerJob::Launch() {
  if (spec().has_profile()) Profiler::Prepare();
  std::optional<Failure> failure = StartProcess();
  if (!failure.has_value()) failure = AwaitReady();
  if (!failure.has_value()) failure = CheckResponse();
  if (failure.has_value()) {
    if (!unwanted()) ReportFailure(*std::move(failure));
    return;
  }
  Ready ready = MakeReady();
  {
    absl::MutexLock lock(&address_mutex_);
    address_ = ready.address();
  }
  ReportReady(std::move(ready));
}

std::optional<Failure> ServerJob::StartProcess() {
  absl::StatusOr<PrivateFolder> folder = PrivateFolder::Create(context_.folder, "server-");
  if (!folder.ok()) return FailureOf(Failure::LAUNCH_FAILED, folder.status());
  folder_ = *std::move(folder);
  if (std::optional<Failure> failure = TakePort(); failure.has_value()) return failure;
  const std::map<std::string, std::string> options(spec().options().begin(),
                                                   spec().options().end());
  absl::StatusOr<ResolvedTarget> resolved = context_.catalogue.Resolve(
      *target_, {.host = host(), .port = port_, .cpus = cpus_, .directory = folder_->path()},
      options);
  if (!resolved.ok()) return FailureOf(Failure::LAUNCH_FAILED, resolved.status());
  resolved_ = *std::move(resolved);
  for (const ResolvedTarget::File& file : resolved_->files) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(file.path).parent_path(), error);
    const absl::Status written = WriteFileAtomically(file.path, file.content);
    if (!written.ok()) return FailureOf(Failure::LAUNCH_FAILED, written);
  }
  LaunchOptions launch;
  launch.argv = resolved_->argv;
  launch.environment = resolved_->environment;
  if (spec().environment_padding() > 0) {
    launch.environment[kPaddingVariable] = std::string(spec().environment_padding(), 'x');
  }
  launch.inherit_environment = false;
  launch.cpus = cpus_;
  launch.working_directory = folder_->path();
  absl::StatusOr<std::unique_ptr<LaunchedProcess>> process =
      LaunchedProcess::Start(std::move(launch));
  if (!process.ok()) return FailureOf(Failure::LAUNCH_FAILED, process.status());
  process_ = *std::move(process);
  process_->OnEnd([weak = weak_from_this(), this](const Ended& ended) {
    const std::shared_ptr<Job> alive = weak.lock();
    if (alive != nullptr) Do([this, ended] { OnProcessEnded(ended); });
  });
  return std::nullopt;
}

std::optional<Failure> ServerJob::TakePort() {
  if (spec().port() == 0) {
    const absl::StatusOr<uint16_t> port = context_.ports.TakeFree(host());
    if (!port.ok()) return FailureOf(Failure::PORT_IN_USE, port.status());
    port_ = *port;
    return std::nullopt;
  }
  const auto port = static_cast<uint16_t>(spec().port());
  const absl::Status taken = context_.ports.Take(host(), port);
  if (taken.ok()) {
    port_ = port;
    return std::nullopt;
  }
  const bool in_use = absl::IsAlreadyExists(taken);
  return FailureOf(
      in_use ? Failure::PORT_IN_USE : Failure::LAUNCH_FAILED,
      absl::StrCat(taken.message(), in_use ? "; end that, or leave the port to the agent" : ""));
}

std::optional<Failure> ServerJob::AwaitReady() {
  const absl::Status ready = WaitUntilReady(
      ReachedAt(host(), port_), resolved_->ready_path, resolved_->ready_timeout, [this] {
        if (unwanted()) return absl::CancelledError("the job is over");
        return process_->ended().has_value() ? absl::AbortedError("it ended") : absl::OkStatus();
      });
  if (ready.ok()) return std::nullopt;
  if (const std::optional<Ended> ended = process_->ended(); ended.has_value()) {
    return EndedFailure(*ended, "before it was ready");
  }
  return FailureOf(Failure::NOT_READY, ready);
}

std::optional<Failure> ServerJob::CheckResponse() {
  const absl::StatusOr<Verification> found =
      Verify(ReachedAt(host(), port_), spec().verify(), target_->contract(), kVerifyTimeout);
  if (!found.ok()) {
    const std::optional<Ended> ended = process_->WaitForEnd(absl::Now() + kEndTimeout);
    if (ended.has_value()) return EndedFailure(*ended, "at its first request");
    return FailureOf(Failure::WRONG_ANSWER,
                     absl::StrCat("no response to the workload: ", found.status().message()));
  }
  if (found->difference.empty()) return std::nullopt;
  Failure failure = FailureOf(Failure::WRONG_ANSWER,
                              absl::StrCat("the response to ", found->request, " is not right"));
  failure.set_difference(found->difference);
  return failure;
}

Ready ServerJob::MakeReady() {
  Ready ready;
  ready.set_address(HostPort{host(), port_}.ToString());
  ready.set_pid(process_->pid());
  ready.set_version(context_.versions.Of(context_.catalogue, *target_));
  const absl::StatusOr<std::string> build_id = ReadBuildId(resolved_->argv[0]);
  if (build_id.ok()) ready.set_build_id(*build_id);
  ready.set_cpus(cpus_.ToString());
  return ready;
}

bool ServerJob::ServesAt(const std::string& destination) const {
  std::string address;
  {
    absl::MutexLock lock(&address_mutex_);
    address = address_;
  }
  const absl::StatusOr<HostPort> own = HostPort::Parse(address);
  const absl::StatusOr<HostPort> asked = HostPort::Parse(destination);
  if (!own.ok() || !asked.ok() || own->port != asked->port) return false;
  const absl::StatusOr<IpAddress> listens = IpAddress::Parse(own->host);
  const absl::StatusOr<IpAddress> wanted = IpAddress::Parse(asked->host);
  // Whether a wildcard's many addresses are this host's is what the asking agent has made sure of: it found us there.
  return listens.ok() && wanted.ok() && (*listens == *wanted || listens->IsWildcard());
}

void ServerJob::OnProcessEnded(const Ended& ended) {
  // Before Ready, Launch() has seen it, or sees it yet.
  ReportFailure(EndedFailure(ended, "by itself"));
}

void ServerJob::BeginWindow(int64_t start_ns) {
  if (spec().has_slots()) return BeginSlots(start_ns);
  const Window& window = spec().window();
  begin_ns_ = start_ns + static_cast<int64_t>(window.warmup_ns());
  At(begin_ns_, [this] { ReadBegin(); });
  if (window.duration_ns() > 0) {
    end_ns_ = begin_ns_ + static_cast<int64_t>(window.duration_ns());
    At(*end_ns_, [this] { ReadEnd(); });
  }
}

void ServerJob::BeginSlots(int64_t start_ns) {
  slots_.emplace(
      spec().slots(), start_ns,
      [clock = std::make_shared<TreeClock>(process_->guard_pid())] { return clock->Read(); });
  At(slots_->window_begin_ns() - kFullReadingNs, [this] { ReadBegin(); });
  At(*slots_->NextNanos(), [this] { ReadSlot(); });
}

void ServerJob::ReadSlot() {
  if (read_) return;
  // A reading fails if the server has ended; ReadEnd() finds out and reports what it must.
  if (!slots_->Read().ok()) return ReadEnd();
  if (const std::optional<int64_t> next_ns = slots_->NextNanos(); next_ns.has_value()) {
    At(*next_ns, [this] { ReadSlot(); });
  } else {
    At(slots_->window_end_ns(), [this] { ReadEnd(); });
  }
}

void ServerJob::EndWindow() { ReadEnd(); }

void ServerJob::ReadBegin() {
  // First, as at the end: opening a profiler's events takes some milliseconds. A profile says itself when it began.
  absl::StatusOr<WindowReading> reading = ReadUsage(process_->guard_pid(), cpus_);
  if (reading.ok() && !read_) begin_ = *std::move(reading);
  if (spec().has_profile() && !read_) StartProfiler();
}

void ServerJob::StartProfiler() {
  ProfilerConfig config;
  config.root = process_->guard_pid();
  config.frequency_hz = static_cast<int>(spec().profile().frequency_hz());
  config.off_cpu = spec().profile().off_cpu();
  config.count_syscalls = spec().profile().count_syscalls();
  config.pauses = spec().profile().pauses();
  config.program = spec().target();
  // This thread, and so the profiler's, is kept off claimed CPUs where there are others; where there are none, the
  // unwinding must wait until the window is over.
  config.unwind_afterwards = context_.ledger.Claimed().Includes(context_.ledger.all());
  profile_spool_.emplace(spool());
  absl::StatusOr<std::unique_ptr<Profiler>> profiler = Profiler::Start(
      config, [this](ProfileChunk chunk) { profile_spool_->Take(std::move(chunk)); });
  if (profiler.ok()) profiler_ = *std::move(profiler);
}

void ServerJob::ReadEnd() {
  if (std::exchange(read_, true)) return;
  const absl::StatusOr<WindowReading> end = ReadUsage(process_->guard_pid(), cpus_);
  if (!end.ok()) {
    // Its end is told by OnProcessEnded(), unless it is there and cannot be read.
    if (process_->WaitForEnd(absl::Now() + kEndTimeout).has_value()) return;
    return ReportFailure(FailureOf(Failure::INTERNAL, std::string(end.status().message())));
  }
  // Stopped before the window began: nothing was counted.
  const WindowReading& begin = begin_.has_value() ? *begin_ : *end;
  ServerFinished finished = FiguresBetween(begin, *end);
  if (slots_.has_value()) {
    slots_->Report(finished);
  } else {
    finished.set_begin_late_ns(std::max<int64_t>(0, begin.tree.cpu_at_ns - begin_ns_));
    // A window that is bounded by requests, or stopped before its time, ends when it does.
    if (end_ns_.has_value()) {
      finished.set_end_late_ns(std::max<int64_t>(0, end->tree.cpu_at_ns - *end_ns_));
    }
  }
  if (spec().has_profile()) {
    ProfileInfo& info = *finished.mutable_profile();
    if (profiler_ != nullptr) {
      info = profiler_->Stop();
      profiler_.reset();
      profile_spool_->NoteLoss(&info);
    } else {
      info.set_refused("the window ended before it began");
    }
    spool().End();
    finished.set_data_records(spool().last());
  }
  ReportFinished(std::move(finished));
}

void ServerJob::Release(bool orderly) {
  {
    absl::MutexLock lock(&address_mutex_);
    address_.clear();
  }
  profiler_.reset();
  if (process_ != nullptr) {
    // What withstands even SIGKILL is waited for once more by the destructor, and named by the launcher's own log.
    (void)process_->Stop(orderly ? resolved_->stop_signal : SIGKILL,
                         orderly ? resolved_->stop_timeout : absl::ZeroDuration());
    process_.reset();
  }
  folder_.reset();
  if (port_ != 0) context_.ports.Return(port_);
  context_.ledger.Return(title());
}

Failure ServerJob::FailureOf(Failure::Kind kind, const absl::Status& status) const {
  return FailureOf(kind, std::string(status.message()));
}

Failure ServerJob::FailureOf(Failure::Kind kind, const std::string& what) const {
  Failure failure;
  failure.set_kind(kind);
  failure.set_message(absl::StrCat("target ", spec().target(), ": ", what));
  if (process_ != nullptr) failure.set_last_output(process_->LastOutput());
  return failure;
}

Failure ServerJob::EndedFailure(const Ended& ended, const std::string& when) const {
  // A port that was free a moment ago may have been taken between; and some servers listen where they like.
  const bool in_use =
      absl::StrContains(absl::AsciiStrToLower(process_->LastOutput()), "address already in use") ||
      absl::StrContains(process_->LastOutput(), "EADDRINUSE");
  Failure failure =
      in_use ? FailureOf(Failure::PORT_IN_USE,
                         absl::StrCat("an address that it listens on is in use (it was given ",
                                      HostPort{host(), port_}.ToString(), "): it ended ", when,
                                      " with ", ended.ToString()))
             : FailureOf(Failure::CRASHED,
                         absl::StrCat("it ended ", when, " with ", ended.ToString()));
  failure.set_ended(ended.ToString());
  return failure;
}

}  // namespace assay::agent
