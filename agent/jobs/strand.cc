#include "agent/jobs/strand.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/file.h"
#include "common/monotonic_clock.h"
#include "common/start_thread.h"
#include "common/status_macros.h"
#include "common/unique_fd.h"

namespace assay::agent {

struct ThreadStrand::Shared {
  absl::Mutex mutex;
  bool stopped ABSL_GUARDED_BY(mutex) = false;
  std::deque<Task> tasks ABSL_GUARDED_BY(mutex);
  TimerId next_timer ABSL_GUARDED_BY(mutex) = 1;
  std::map<std::pair<int64_t, TimerId>, Task> timers ABSL_GUARDED_BY(mutex);
  // Written by the strand's own tasks only.
  std::map<int, std::shared_ptr<Task>> watched;
  // Readable: look again at what there is to do.
  UniqueFd wake;
  std::thread thread;

  void Wake() const {
    const uint64_t one = 1;
    // A counter at its limit is readable too, and nothing else can fail.
    [[maybe_unused]] const ssize_t written = write(wake.get(), &one, sizeof one);
  }

  // The next task that is due; empty when none is.
  Task TakeDue() ABSL_LOCKS_EXCLUDED(mutex) {
    absl::MutexLock lock(&mutex);
    if (!timers.empty() && timers.begin()->first.first <= Clock::Real().NowNanos()) {
      Task task = std::move(timers.begin()->second);
      timers.erase(timers.begin());
      return task;
    }
    if (tasks.empty()) return nullptr;
    Task task = std::move(tasks.front());
    tasks.pop_front();
    return task;
  }

  void WaitAndRunReadable() ABSL_LOCKS_EXCLUDED(mutex);
  void Loop() ABSL_LOCKS_EXCLUDED(mutex);

  bool Stopped() ABSL_LOCKS_EXCLUDED(mutex) {
    absl::MutexLock lock(&mutex);
    return stopped;
  }
};

void ThreadStrand::Shared::WaitAndRunReadable() {
  std::vector<pollfd> descriptors = {{.fd = wake.get(), .events = POLLIN, .revents = 0}};
  for (const auto& [fd, task] : watched) {
    descriptors.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  }
  timespec timeout{};
  bool bounded = false;
  {
    absl::MutexLock lock(&mutex);
    if (stopped) return;
    if (!tasks.empty()) {
      bounded = true;
    } else if (!timers.empty()) {
      const int64_t left_ns = timers.begin()->first.first - Clock::Real().NowNanos();
      if (left_ns > 0) {
        timeout.tv_sec = static_cast<time_t>(left_ns / 1'000'000'000);
        timeout.tv_nsec = static_cast<long>(left_ns % 1'000'000'000);
      }
      bounded = true;
    }
  }
  if (ppoll(descriptors.data(), descriptors.size(), bounded ? &timeout : nullptr, nullptr) < 0) {
    return;  // EINTR: look again.
  }
  if (descriptors[0].revents != 0) {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(wake.get(), &count, sizeof count);
  }
  for (size_t i = 1; i < descriptors.size(); ++i) {
    if (descriptors[i].revents == 0) continue;
    // An earlier task may have unwatched it; this one may unwatch itself while it runs.
    const auto found = watched.find(descriptors[i].fd);
    if (found == watched.end()) continue;
    const std::shared_ptr<Task> task = found->second;
    (*task)();
    if (Stopped()) return;
  }
}

void ThreadStrand::Shared::Loop() {
  while (!Stopped()) {
    WaitAndRunReadable();
    // What is due now, not what that posts: descriptors are to be seen in between.
    size_t turns = 0;
    {
      absl::MutexLock lock(&mutex);
      turns = tasks.size() + timers.size();
    }
    for (; turns > 0 && !Stopped(); --turns) {
      Task task = TakeDue();
      if (task == nullptr) break;
      task();
    }
  }
}

absl::StatusOr<std::unique_ptr<Strand>> ThreadStrand::Create() {
  auto shared = std::make_shared<Shared>();
  shared->wake.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!shared->wake.ok()) return ErrnoStatus(errno, "cannot make a descriptor to wake a thread by");
  ASSAY_ASSIGN_OR_RETURN(shared->thread, StartThread([shared] { shared->Loop(); }));
  return std::unique_ptr<Strand>(new ThreadStrand(std::move(shared)));
}

ThreadStrand::~ThreadStrand() {
  std::deque<Task> tasks;
  std::map<std::pair<int64_t, TimerId>, Task> timers;
  {
    absl::MutexLock lock(&shared_->mutex);
    shared_->stopped = true;
    tasks.swap(shared_->tasks);
    timers.swap(shared_->timers);
  }
  shared_->Wake();
  if (std::this_thread::get_id() == shared_->thread.get_id()) {
    shared_->thread.detach();
  } else {
    shared_->thread.join();
  }
}

int64_t ThreadStrand::NowNanos() const { return Clock::Real().NowNanos(); }

void ThreadStrand::Post(Task task) {
  {
    absl::MutexLock lock(&shared_->mutex);
    shared_->tasks.push_back(std::move(task));
  }
  shared_->Wake();
}

Strand::TimerId ThreadStrand::PostAt(int64_t monotonic_ns, Task task) {
  TimerId timer = 0;
  {
    absl::MutexLock lock(&shared_->mutex);
    timer = shared_->next_timer++;
    shared_->timers.emplace(std::make_pair(monotonic_ns, timer), std::move(task));
  }
  shared_->Wake();
  return timer;
}

void ThreadStrand::Cancel(TimerId timer) {
  Task dropped;  // Destroyed without the lock: it may own what calls back here.
  absl::MutexLock lock(&shared_->mutex);
  for (auto it = shared_->timers.begin(); it != shared_->timers.end(); ++it) {
    if (it->first.second != timer) continue;
    dropped = std::move(it->second);
    shared_->timers.erase(it);
    return;
  }
}

void ThreadStrand::Watch(int fd, Task readable) {
  shared_->watched[fd] = std::make_shared<Task>(std::move(readable));
}

void ThreadStrand::Unwatch(int fd) { shared_->watched.erase(fd); }

Strand::TimerId ManualStrand::PostAt(int64_t monotonic_ns, Task task) {
  const TimerId timer = next_timer_++;
  timers_.emplace(std::make_pair(monotonic_ns, timer), std::move(task));
  return timer;
}

void ManualStrand::Cancel(TimerId timer) {
  std::erase_if(timers_, [timer](const auto& entry) { return entry.first.second == timer; });
}

void ManualStrand::Run() {
  while (true) {
    Task task;
    if (!timers_.empty() && timers_.begin()->first.first <= now_ns_) {
      task = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
    } else if (!tasks_.empty()) {
      task = std::move(tasks_.front());
      tasks_.pop_front();
    } else {
      return;
    }
    task();
  }
}

void ManualStrand::Advance(int64_t by_ns) {
  const int64_t until_ns = now_ns_ + by_ns;
  Run();
  while (!timers_.empty() && timers_.begin()->first.first <= until_ns) {
    now_ns_ = timers_.begin()->first.first;
    Run();
  }
  now_ns_ = until_ns;
}

void ManualStrand::RunReadable(int fd) {
  const auto found = watched_.find(fd);
  if (found != watched_.end()) found->second();
}

}  // namespace assay::agent
