#include "common/process_tree.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kLine[] =
    "4321 (a) b (c\n) S 17 4321 4321 0 -1 4194560 101 202 3 4 500 600 7 8 20 0 9 0 123456 "
    "1000000 250 18446744073709551615 1 1 0 0 0 0 0 0 17 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

TEST(ParseProcessStatTest, ReadsTheFieldsAfterAnyName) {
  const ProcessStat stat = *ParseProcessStat(kLine);
  EXPECT_EQ(stat.pid, 4321);
  EXPECT_EQ(stat.name, "a) b (c\n");
  EXPECT_EQ(stat.state, 'S');
  EXPECT_EQ(stat.parent, 17);
  EXPECT_EQ(stat.minor_faults, 101);
  EXPECT_EQ(stat.waited_minor_faults, 202);
  EXPECT_EQ(stat.major_faults, 3);
  EXPECT_EQ(stat.waited_major_faults, 4);
  EXPECT_EQ(stat.waited_user_ticks, 7);
  EXPECT_EQ(stat.waited_system_ticks, 8);
  EXPECT_EQ(stat.threads, 9);
  EXPECT_EQ(stat.start_ticks, 123456);
  EXPECT_EQ(stat.resident_pages, 250);
}

TEST(ParseProcessStatTest, RefusesAnIncompleteLine) {
  const std::string line = kLine;
  for (const std::string& text : {std::string(), std::string("1"), std::string("1 (a"),
                                  std::string(")1("), line.substr(0, 60), "x" + line}) {
    EXPECT_FALSE(ParseProcessStat(text).ok()) << text;
  }
}

TEST(ReadProcessStatTest, ReadsThisProcess) {
  const ProcessStat self = *ReadProcessStat(getpid());
  EXPECT_EQ(self.pid, getpid());
  EXPECT_EQ(self.parent, getppid());
  EXPECT_GT(self.resident_pages, 0);
}

ProcessStat Process(pid_t pid, pid_t parent) { return {.pid = pid, .parent = parent}; }

TEST(DescendantsOfTest, FindsAllGenerationsAndNoOtherProcess) {
  const std::vector<ProcessStat> processes = {Process(1, 0), Process(2, 1), Process(3, 2),
                                              Process(4, 3), Process(5, 1), Process(6, 2)};
  EXPECT_THAT(DescendantsOf(2, processes),
              ElementsAre(Field(&ProcessStat::pid, 3), Field(&ProcessStat::pid, 6),
                          Field(&ProcessStat::pid, 4)));
  EXPECT_THAT(DescendantsOf(4, processes), IsEmpty());
}

TEST(DescendantsOfTest, EndsOnACycle) {
  EXPECT_LE(DescendantsOf(1, {Process(2, 3), Process(3, 2), Process(1, 3)}).size(), 3u);
  EXPECT_LE(DescendantsOf(2, {Process(2, 3), Process(3, 2)}).size(), 3u);
}

TEST(ChildrenOfTest, ListsAChildUntilItIsWaitedFor) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    char byte;
    // Blocks until the parent closes its end.
    _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
  }
  close(ends[0]);
  EXPECT_THAT(ChildrenOf(getpid()), Contains(child));
  close(ends[1]);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(ReadProcessStat(child)->state, 'Z');
  EXPECT_THAT(ChildrenOf(getpid()), Contains(child));
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_THAT(ChildrenOf(getpid()), Not(Contains(child)));
  EXPECT_EQ(ReadProcessStat(child).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace assay
