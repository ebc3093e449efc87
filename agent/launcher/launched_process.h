#ifndef ASSAY_AGENT_LAUNCHER_LAUNCHED_PROCESS_H_
#define ASSAY_AGENT_LAUNCHER_LAUNCHED_PROCESS_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "agent/launch/launch_protocol.h"
#include "agent/launcher/bounded_output.h"
#include "agent/launcher/launch_options.h"
#include "agent/launcher/spawn.h"
#include "common/unique_fd.h"

namespace assay::agent {

// How a program ended.
struct Ended {
  // Exactly one of the two is set, or none when `lost`.
  std::optional<int> exit_status;
  int signal = 0;
  // The exit status is unknown, for example because the launch program itself was killed. The tree is gone.
  bool lost = false;

  // "exit 1", "signal 11 (SIGSEGV)" or "lost: ...".
  std::string ToString() const;
};

// A program started under supervision. The program and all its descendants, daemons included, have ended at the latest
// when this object is destroyed or this process ends, however it ends (also by SIGKILL).
//
// The small program agent/launch runs between this process and the program: this process --(socket)--> launch --> guard
// --> program. agent/launch/README.md describes which process kills which, and the one case that is not covered without
// a PID namespace. When the program itself ends, the rest of its tree is killed: a server must stay in the foreground.
//
// Threads: all methods may be called from any thread. One thread of its own blocks until there is output or the program
// ends. Starting is safe in a process with many threads, and from a thread that ends immediately after.
class LaunchedProcess {
 public:
  // Returns when exec has succeeded or, with options.hold, when the program waits before exec. Errors name the program,
  // what failed and what to do: kInvalidArgument (options), kNotFound (no such program or folder), kPermissionDenied,
  // kFailedPrecondition (CPUs not available, or not a program), kResourceExhausted (no thread available),
  // kDeadlineExceeded, kInternal.
  // Cost: a few milliseconds.
  static absl::StatusOr<std::unique_ptr<LaunchedProcess>> Start(LaunchOptions options);

  // Kills the tree and waits until it is gone.
  ~LaunchedProcess();
  LaunchedProcess(const LaunchedProcess&) = delete;
  LaunchedProcess& operator=(const LaunchedProcess&) = delete;

  // Pid of the program in this process's PID namespace. Valid until the program has ended.
  pid_t pid() const { return pid_; }

  // Why the program has no PID namespace of its own; empty if it has one.
  const std::string& no_pid_namespace_reason() const { return no_pid_namespace_reason_; }

  // Lets a held program exec. Returns the status that Start() without hold returns. No effect if it was released
  // before.
  absl::Status Release();

  // How the program ended; set once its whole tree is gone and its output is drained.
  std::optional<Ended> ended() const;
  // Waits until ended() is set and returns it; nullopt at the deadline.
  std::optional<Ended> WaitForEnd(absl::Time deadline) const;

  // Calls `callback` once, when ended() is set: in the watching thread, or in this thread if it is already set. The
  // callback must not destroy or stop this object. At most one callback may be set.
  void OnEnd(std::function<void(const Ended&)> callback);

  // Sends `signal` to the program, and SIGKILL if it has not ended after `grace`. OK: the whole tree is gone.
  // kDeadlineExceeded: a process could not be killed, for example because it is stuck in the kernel.
  absl::Status Stop(int signal, absl::Duration grace);

  // The end of the output, standard error first: at most 8 KiB, valid UTF-8. States how many bytes are omitted.
  std::string LastOutput() const;
  // Standard output: all of it up to 64 KiB; of longer output, the first 4 KiB and the last 60 KiB. Valid UTF-8.
  std::string StandardOutput() const;
  std::string StandardError() const;

  // Waits until standard output contains `text`, the program has ended, or the deadline has passed. Returns whether the
  // output contains `text`.
  bool WaitForOutput(std::string_view text, absl::Time deadline) const;

  // Current pids of the program and all its descendants, including those that left its session. Cost: AllProcesses() of
  // common/process_tree.h.
  std::vector<pid_t> Tree() const;
  // Pid of the program's parent, which inherits its orphans: the root for agent/telemetry/process_cpu.h.
  pid_t guard_pid() const { return guard_pid_; }

 private:
  // In this order. kStarted and kFailed are final.
  enum class Phase { kStarting, kHeld, kStarted, kFailed };

  LaunchedProcess(LaunchOptions options, Spawned launch, UniqueFd control, UniqueFd standard_output,
                  UniqueFd standard_error);

  absl::Status WaitToStart(Phase wanted);
  void Send(const LaunchCommand& command);

  // The main function of the watching thread. It calls the functions below.
  void Watch();
  // Processes one report. Returns false if there is none left.
  bool TakeReport();
  // Reads once; closes `fd` at end of file. Returns whether there may be more output now.
  bool TakeOutput(UniqueFd* fd, BoundedOutput* output);
  bool TreeIsGone();
  bool OutputCloses();
  void DrainOutput();
  void FinishEnd(bool tree_is_gone);

  const LaunchOptions options_;
  const Spawned launch_;
  const UniqueFd control_;

  // Written before the phase becomes kHeld, read after.
  pid_t pid_ = 0;
  pid_t guard_pid_ = 0;
  std::string no_pid_namespace_reason_;

  // Used by the watching thread only.
  UniqueFd guard_pidfd_;
  UniqueFd standard_output_fd_;
  UniqueFd standard_error_fd_;
  std::optional<int> wait_status_;
  bool end_reported_ = false;
  bool end_was_clean_ = false;

  mutable absl::Mutex mutex_;
  Phase phase_ ABSL_GUARDED_BY(mutex_) = Phase::kStarting;
  LaunchReport failure_ ABSL_GUARDED_BY(mutex_) = {};
  BoundedOutput standard_output_ ABSL_GUARDED_BY(mutex_);
  BoundedOutput standard_error_ ABSL_GUARDED_BY(mutex_);
  // A process of the tree could not be killed.
  bool left_behind_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<Ended> ended_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const Ended&)> on_end_ ABSL_GUARDED_BY(mutex_);

  // Last, so that all other members exist before it runs.
  std::thread watcher_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_LAUNCHED_PROCESS_H_
