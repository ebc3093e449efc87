#include "agent/jobs/strand.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/monotonic_clock.h"
#include "common/unique_fd.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

constexpr absl::Duration kLong = absl::Seconds(30);

std::unique_ptr<Strand> NewStrand() {
  absl::StatusOr<std::unique_ptr<Strand>> strand = ThreadStrand::Create();
  EXPECT_TRUE(strand.ok()) << strand.status();
  return *std::move(strand);
}

std::pair<UniqueFd, UniqueFd> NewPipe() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(pipe(ends), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

TEST(ThreadStrandTest, RunsTasksInTheirOrder) {
  const std::unique_ptr<Strand> strand = NewStrand();
  std::vector<int> seen;
  absl::Notification done;
  for (int i = 0; i < 100; ++i) strand->Post([&seen, i] { seen.push_back(i); });
  strand->Post([&done] { done.Notify(); });
  ASSERT_TRUE(done.WaitForNotificationWithTimeout(kLong));
  ASSERT_EQ(seen.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(seen[i], i);
}

TEST(ThreadStrandTest, RunsTimersByTheirTimesAndNeverEarly) {
  const std::unique_ptr<Strand> strand = NewStrand();
  const int64_t now_ns = strand->NowNanos();
  std::string order;
  int64_t late_ran_ns = 0;
  absl::Notification done;
  strand->PostAt(now_ns + 20'000'000, [&] {
    order += "late";
    late_ran_ns = MonotonicNanos();
    done.Notify();
  });
  strand->PostAt(now_ns + 1'000'000, [&order] { order += "early "; });
  ASSERT_TRUE(done.WaitForNotificationWithTimeout(kLong));
  EXPECT_EQ(order, "early late");
  EXPECT_GE(late_ran_ns, now_ns + 20'000'000);
}

TEST(ThreadStrandTest, ACancelledTimerDoesNotRun) {
  const std::unique_ptr<Strand> strand = NewStrand();
  bool ran = false;
  absl::Notification done;
  const int64_t soon_ns = strand->NowNanos() + 2'000'000;
  const Strand::TimerId timer = strand->PostAt(soon_ns, [&ran] { ran = true; });
  strand->Cancel(timer);
  strand->PostAt(soon_ns + 1, [&done] { done.Notify(); });
  ASSERT_TRUE(done.WaitForNotificationWithTimeout(kLong));
  EXPECT_FALSE(ran);
}

TEST(ThreadStrandTest, TellsOfWhatCanBeReadUntilItIsUnwatched) {
  const std::unique_ptr<Strand> strand = NewStrand();
  const auto ends = NewPipe();
  std::string got;
  absl::Notification done;
  strand->Post([&, fd = ends.first.get()] {
    strand->Watch(fd, [&, fd] {
      char byte = 0;
      if (read(fd, &byte, 1) == 1) got += byte;
      if (got.size() < 3) return;
      strand->Unwatch(fd);
      done.Notify();
    });
  });
  ASSERT_EQ(write(ends.second.get(), "abcd", 4), 4);
  ASSERT_TRUE(done.WaitForNotificationWithTimeout(kLong));
  EXPECT_EQ(got, "abc");
}

// A task that posts itself for ever must not keep timers and descriptors from their turn.
TEST(ThreadStrandTest, ABusyStrandStillSeesDescriptorsAndTimers) {
  const std::unique_ptr<Strand> strand = NewStrand();
  const auto ends = NewPipe();
  absl::Notification read_seen;
  absl::Notification timer_seen;
  std::function<void()> again = [&] { strand->Post([&again] { again(); }); };
  strand->Post([&, fd = ends.first.get()] {
    strand->Watch(fd, [&, fd] {
      strand->Unwatch(fd);
      read_seen.Notify();
    });
    again();
  });
  ASSERT_EQ(write(ends.second.get(), "x", 1), 1);
  EXPECT_TRUE(read_seen.WaitForNotificationWithTimeout(kLong));
  strand->PostAt(strand->NowNanos() + 1'000'000, [&timer_seen] { timer_seen.Notify(); });
  EXPECT_TRUE(timer_seen.WaitForNotificationWithTimeout(kLong));
}

TEST(ThreadStrandTest, IsDestroyedByItsOwnTask) {
  std::shared_ptr<Strand> strand = NewStrand();
  absl::Notification held;
  absl::Notification gone;
  auto tell_when_destroyed = std::shared_ptr<void>(nullptr, [&gone](void*) { gone.Notify(); });
  Strand* const raw = strand.get();
  raw->PostAt(raw->NowNanos() + int64_t{3'600'000'000'000},
              [keeps = std::move(tell_when_destroyed)] {});
  raw->Post([last = std::move(strand), &held]() mutable {
    held.WaitForNotification();
    last.reset();
  });
  held.Notify();
  EXPECT_TRUE(gone.WaitForNotificationWithTimeout(kLong));
}

TEST(ManualStrandTest, RunsTimersAtTheirOwnTimesWhenTimeMoves) {
  ManualStrand strand(100);
  std::vector<int64_t> at;
  strand.PostAt(130, [&] { at.push_back(strand.NowNanos()); });
  strand.PostAt(110, [&] {
    at.push_back(strand.NowNanos());
    strand.PostAt(120, [&] { at.push_back(strand.NowNanos()); });
  });
  strand.Advance(25);
  EXPECT_EQ(at, (std::vector<int64_t>{110, 120}));
  EXPECT_EQ(strand.NowNanos(), 125);
  strand.Advance(5);
  EXPECT_EQ(at.size(), 3u);
}

}  // namespace
}  // namespace assay::agent
