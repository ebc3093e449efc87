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
  // How it ended was not seen, as when the launch program itself was killed. The tree is gone all the same.
  bool lost = false;

  // "exit 1", "signal 11 (SIGSEGV)" or "lost: ...".
  std::string ToString() const;
};

// A program started under supervision: it and everything that it starts, daemons included, is gone at the latest when this
// object is, or when this process is, however it ends (SIGKILL too).
//
// It is started through the small program agent/launch, which stands between: this process --(socket)--> launch -->
// guard --> program. See agent/launch/README.md for who ends what, and for the one case that no PID namespace leaves
// open. When the program itself ends, the rest of its tree is killed: a server must stay in the foreground.
//
// Threads: all methods may be called from any thread; one thread of its own waits for output and the end (asleep
// unless something happens). Starting is safe in a process with many threads, and from a thread that ends at once.
class LaunchedProcess {
 public:
  // Returns when exec has succeeded, or, with options.hold, when the program waits before exec. Errors name the
  // program, what failed and what to do: kInvalidArgument (options), kNotFound (no such program or folder),
  // kPermissionDenied, kFailedPrecondition (CPUs, not a program), kResourceExhausted (no thread left),
  // kDeadlineExceeded, kInternal.
  // Cost: a few milliseconds.
  static absl::StatusOr<std::unique_ptr<LaunchedProcess>> Start(LaunchOptions options);

  // Kills the tree and waits until it is gone.
  ~LaunchedProcess();
  LaunchedProcess(const LaunchedProcess&) = delete;
  LaunchedProcess& operator=(const LaunchedProcess&) = delete;

  // Of the program, in this process's PID namespace. Valid until it has ended.
  pid_t pid() const { return pid_; }

  // Why the program has no PID namespace of its own; empty when it has one.
  const std::string& no_pid_namespace_reason() const { return no_pid_namespace_reason_; }

  // Lets a held program exec; the status is that of Start() without hold. Harmless when it was released before.
  absl::Status Release();

  // How the program ended, once its whole tree is gone and its output drained.
  std::optional<Ended> ended() const;
  // As ended(), waiting for it; nothing when the deadline comes first.
  std::optional<Ended> WaitForEnd(absl::Time deadline) const;

  // `callback` runs once, when ended() begins to have a value: in the thread that waits for it, or at once in this one
  // when it has ended already. It must not destroy or stop this object. At most one callback; set it before the end
  // matters.
  void OnEnd(std::function<void(const Ended&)> callback);

  // Sends `signal` to the program, and SIGKILL when it is still there after `grace`. When it returns OK, the whole
  // tree is gone. kDeadlineExceeded when something could not be killed, as a process stuck in the kernel.
  absl::Status Stop(int signal, absl::Duration grace);

  // The last of what was printed, standard error first: at most 8 KiB, valid UTF-8. Says how much is left out.
  std::string LastOutput() const;
  // What it printed on standard output: all of it up to 64 KiB, then the first 4 KiB and the last 60. Valid UTF-8.
  std::string StandardOutput() const;
  std::string StandardError() const;

  // Waits until standard output holds `text`, the program has ended or the deadline has come; returns whether it does.
  bool WaitForOutput(std::string_view text, absl::Time deadline) const;

  // Pids of the program and everything below it now, also of what left its session. Cost: AllProcesses() of
  // common/process_tree.h.
  std::vector<pid_t> Tree() const;
  // The process above the program that inherits its orphans: the root for agent/telemetry/process_cpu.h.
  pid_t guard_pid() const { return guard_pid_; }

 private:
  // In this order; the last two are for good.
  enum class Phase { kStarting, kHeld, kStarted, kFailed };

  LaunchedProcess(LaunchOptions options, Spawned launch, UniqueFd control, UniqueFd standard_output,
                  UniqueFd standard_error);

  absl::Status WaitToStart(Phase wanted);
  void Send(const LaunchCommand& command);

  // The watching thread's whole life; the others below are jobs of it.
  void Watch();
  // Takes one report; false when there is none left.
  bool TakeReport();
  // Reads once; closes `fd` at its end. Returns whether there may be more now.
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

  // Of the watching thread alone.
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
  // Something of the tree could not be killed.
  bool left_behind_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<Ended> ended_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const Ended&)> on_end_ ABSL_GUARDED_BY(mutex_);

  // Last, so that all of the above is there before it runs.
  std::thread watcher_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_LAUNCHED_PROCESS_H_
