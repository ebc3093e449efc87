#ifndef ASSAY_AGENT_JOBS_STRAND_H_
#define ASSAY_AGENT_JOBS_STRAND_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"

namespace assay::agent {

// Runs tasks one after another, each to its end: what one part of the agent does, it does here, so that nothing it
// owns needs a lock and nothing slow is done on a thread of gRPC.
//
// Time comes in here and nowhere else: tests use ManualStrand.
class Strand {
 public:
  using Task = absl::AnyInvocable<void()>;
  // Names a waiting timer; never 0.
  using TimerId = uint64_t;

  virtual ~Strand() = default;

  // CLOCK_MONOTONIC. Any thread.
  virtual int64_t NowNanos() const = 0;
  // Runs the task after those posted before it. Any thread.
  virtual void Post(Task task) = 0;
  // Runs the task at that time or soon after; late only where another task takes long. Any thread.
  virtual TimerId PostAt(int64_t monotonic_ns, Task task) = 0;
  // The timer's task is destroyed without having run, unless it has. Any thread.
  virtual void Cancel(TimerId timer) = 0;
  // Runs `readable` whenever `fd` can be read or its other end is closed, until Unwatch(): the task must read or
  // unwatch. The descriptor stays the caller's. On the strand only.
  virtual void Watch(int fd, Task readable) = 0;
  virtual void Unwatch(int fd) = 0;
};

// A strand with a thread of its own, blocked in poll() while there is nothing to do.
//
// Destroying it drops what has not run; the task that runs is waited for. It may also be destroyed by its own task
// (whose job is gone with it): the thread then ends by itself after that task.
class ThreadStrand final : public Strand {
 public:
  // kResourceExhausted where the process has no descriptor or no thread left.
  static absl::StatusOr<std::unique_ptr<Strand>> Create();
  ~ThreadStrand() override;

  int64_t NowNanos() const override;
  void Post(Task task) override;
  TimerId PostAt(int64_t monotonic_ns, Task task) override;
  void Cancel(TimerId timer) override;
  void Watch(int fd, Task readable) override;
  void Unwatch(int fd) override;

 private:
  struct Shared;

  explicit ThreadStrand(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  // Also held by the thread, which may outlive this.
  const std::shared_ptr<Shared> shared_;
};

// A strand whose time and thread are the test's. Watched descriptors are not polled: RunReadable() says that one is
// readable.
class ManualStrand final : public Strand {
 public:
  explicit ManualStrand(int64_t now_ns = 1'000'000'000) : now_ns_(now_ns) {}

  int64_t NowNanos() const override { return now_ns_; }
  void Post(Task task) override { tasks_.push_back(std::move(task)); }
  TimerId PostAt(int64_t monotonic_ns, Task task) override;
  void Cancel(TimerId timer) override;
  void Watch(int fd, Task readable) override { watched_[fd] = std::move(readable); }
  void Unwatch(int fd) override { watched_.erase(fd); }

  // Runs what is due, and what that posts.
  void Run();
  // Moves time, running each timer at its own time.
  void Advance(int64_t by_ns);
  void RunReadable(int fd);

 private:
  int64_t now_ns_;
  TimerId next_timer_ = 1;
  std::deque<Task> tasks_;
  std::map<std::pair<int64_t, TimerId>, Task> timers_;
  std::map<int, Task> watched_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_STRAND_H_
