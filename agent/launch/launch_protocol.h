#ifndef ASSAY_AGENT_LAUNCH_LAUNCH_PROTOCOL_H_
#define ASSAY_AGENT_LAUNCH_LAUNCH_PROTOCOL_H_

#include <cstdint>

// What the launch program and the process that started it say to each other, and launch's own
// processes among themselves: one struct a message over a SOCK_SEQPACKET socket pair. Both ends are
// built together and run on one host, so the structs travel as they lie in memory. The end of the
// socket is a message too: the other side is gone.

namespace assay::agent {

// The step that failed, in the order of steps.
enum class LaunchStep : int32_t {
  kNone = 0,
  kFork,
  kFindProgram,
  kEnterFolder,
  kPin,
  kPassDescriptors,
  kExec,
};

// Upwards.
struct LaunchReport {
  enum Kind : int32_t {
    // The program's process stands before exec: pid, guard_pid, namespace_error.
    kHeld = 1,
    // Exec has succeeded.
    kStarted = 2,
    // It will not start: step, error.
    kFailed = 3,
    // The program has ended and its tree is gone: wait_status, or -1 when it was not seen. With an error, something of
    // the tree could not be killed.
    kEnded = 4,
  };
  int32_t kind;
  // Pids as the receiver sees them.
  int32_t pid;
  int32_t guard_pid;
  // errno of the attempt to make a PID namespace; 0 when there is one, -1 when none was asked for.
  int32_t namespace_error;
  LaunchStep step;
  // errno.
  int32_t error;
  // As waitpid() gives it.
  int32_t wait_status;
};

// Downwards.
struct LaunchCommand {
  enum Kind : int32_t {
    // Exec now.
    kRelease = 1,
    // Send `signal` to the program.
    kSignal = 2,
  };
  int32_t kind;
  int32_t signal;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCH_LAUNCH_PROTOCOL_H_
