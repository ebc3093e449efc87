#ifndef ASSAY_AGENT_LAUNCH_LAUNCH_PROTOCOL_H_
#define ASSAY_AGENT_LAUNCH_LAUNCH_PROTOCOL_H_

#include <cstdint>

// The protocol between the launch program and the process that started it, and between launch's own processes: one
// struct per message over a SOCK_SEQPACKET socket pair. Both ends are built together and run on one host, so the
// structs are sent in their memory layout. The end of the stream means that the other process is gone.

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

// Sent towards the process that started launch.
struct LaunchReport {
  enum Kind : int32_t {
    // The program's process is about to exec. Sets pid, guard_pid, namespace_error.
    kHeld = 1,
    // Exec has succeeded.
    kStarted = 2,
    // The program cannot start. Sets step and error.
    kFailed = 3,
    // The program has ended and its tree is gone. Sets wait_status, -1 if it is unknown. If error is set, a process of
    // the tree could not be killed.
    kEnded = 4,
  };
  int32_t kind;
  // Pids as the receiver sees them.
  int32_t pid;
  int32_t guard_pid;
  // errno of the attempt to create a PID namespace; 0 if there is one, -1 if none was requested.
  int32_t namespace_error;
  LaunchStep step;
  // errno.
  int32_t error;
  // As returned by waitpid().
  int32_t wait_status;
};

// Sent towards the program's process.
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
