#include "agent/launch/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "gtest/gtest.h"

namespace assay::agent {
namespace {

constexpr int kPassed = 0;

// Runs `body` in a child process, because the test itself needs its descriptors. `body` returns kPassed or the number
// of the failed expectation.
int InAChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }
bool PassesExec(int fd) { return IsOpen(fd) && (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0; }
void OpenAt(int fd) { dup2(STDIN_FILENO, fd); }

TEST(CloseAllButTest, ClosesAllDescriptorsFrom3ExceptTheKeptOnes) {
  EXPECT_EQ(InAChild([] {
              for (int fd = 3; fd < 20; ++fd) OpenAt(fd);
              OpenAt(500);
              CloseAllBut({12, -1, 2, 5, 12});
              for (int fd = 0; fd < 600; ++fd) {
                const bool expected = fd < 3 || fd == 5 || fd == 12;
                if (IsOpen(fd) != expected) return fd + 1;
              }
              return kPassed;
            }),
            kPassed);
}

TEST(PlaceDescriptorsTest, PassesOnlyListedDescriptorsUnderTheirNumbers) {
  EXPECT_EQ(
      InAChild([] {
        int a[2];
        int b[2];
        if (pipe(a) != 0 || pipe(b) != 0) return 1;
        OpenAt(90);
        UniqueFd aside(dup(STDIN_FILENO));
        // Swap two numbers, and use the number of `aside` as a target.
        const int aside_number = aside.get();
        if (PlaceDescriptors({{a[1], b[1]}, {b[1], a[1]}, {a[1], aside_number}}, &aside) != 0) {
          return 2;
        }
        if (write(a[1], "b", 1) != 1 || write(b[1], "a", 1) != 1) return 3;
        char byte;
        if (read(b[0], &byte, 1) != 1 || byte != 'b') return 4;
        if (read(a[0], &byte, 1) != 1 || byte != 'a') return 5;
        if (write(aside_number, "c", 1) != 1) return 6;
        if (read(a[0], &byte, 1) != 1 || byte != 'c') return 7;
        if (!PassesExec(a[1]) || !PassesExec(b[1]) || !PassesExec(aside_number)) return 8;
        if (PassesExec(a[0]) || PassesExec(90) || PassesExec(aside.get())) return 9;
        return IsOpen(aside.get()) ? kPassed : 10;
      }),
      kPassed);
}

TEST(PlaceDescriptorsTest, ReportsAClosedDescriptorAndATooHighNumber) {
  EXPECT_EQ(InAChild([] {
              UniqueFd aside(dup(STDIN_FILENO));
              if (PlaceDescriptors({{777, 5}}, &aside) != EBADF) return 1;
              if (PlaceDescriptors({{0, 1 << 30}}, &aside) != EINVAL) return 2;
              return kPassed;
            }),
            kPassed);
}

}  // namespace
}  // namespace assay::agent
