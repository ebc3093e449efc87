#include "common/standard_streams.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>

#include "gtest/gtest.h"

namespace assay {
namespace {

// Each test runs in its own process, whose standard error the expectation matches.

// A program with standard output at `path`.
[[noreturn]] void Print(const char* path, const std::string& text, int status) {
  dup2(open(path, O_WRONLY), STDOUT_FILENO);
  OpenStandardStreams();
  std::cout << text;
  exit(EndOutput("program", status));
}

TEST(StandardStreamsDeathTest, ReportsLostOutputAndFails) {
  EXPECT_EXIT(Print("/dev/full", "x", 0), testing::ExitedWithCode(1),
              "^program: cannot write to standard output: No space left on device\n$");
  EXPECT_EXIT(Print("/dev/full", std::string(1 << 20, 'x'), 0), testing::ExitedWithCode(1),
              "space");
  EXPECT_EXIT(Print("/dev/null", "x", 0), testing::ExitedWithCode(0), "^$");
  EXPECT_EXIT(Print("/dev/full", "", 0), testing::ExitedWithCode(0), "^$") << "nothing was lost";
}

// 2 is bad usage, 3 an invalid result.
TEST(StandardStreamsDeathTest, KeepsAWorseStatus) {
  EXPECT_EXIT(Print("/dev/full", "x", 3), testing::ExitedWithCode(3), "cannot write");
}

// A flush in the middle, such as by std::endl, fails first.
TEST(StandardStreamsDeathTest, ReportsTheFirstError) {
  const auto print = [] {
    dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
    OpenStandardStreams();
    std::cout << "x" << std::endl;
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    exit(EndOutput("program", 0));
  };
  EXPECT_EXIT(print(), testing::ExitedWithCode(1), "No space left on device");
}

TEST(StandardStreamsDeathTest, ReportsLostOutputOfStdio) {
  const auto print = [] {
    dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
    OpenStandardStreams();
    std::printf("x");
    exit(EndOutput("program", 0));
  };
  EXPECT_EXIT(print(), testing::ExitedWithCode(1), "cannot write to standard output");
}

TEST(StandardStreamsDeathTest, NoFileTakesAClosedDescriptor) {
  const auto print = [] {
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    OpenStandardStreams();
    if (open("/dev/null", O_WRONLY) <= STDERR_FILENO) exit(9);
    std::cout << "x";
    exit(EndOutput("program", 0));
  };
  EXPECT_EXIT(print(), testing::ExitedWithCode(1), "standard output: Bad file descriptor");
}

TEST(StandardStreamsDeathTest, DoesNotReportAReaderThatStopsEarly) {
  const auto print = [] {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    if (pipe(ends) != 0) exit(9);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    OpenStandardStreams();
    std::cout << "x";
    exit(EndOutput("program", 0));
  };
  EXPECT_EXIT(print(), testing::ExitedWithCode(1), "^$");
}

TEST(StandardStreamsDeathTest, StandardErrorEscapesControlCharactersAndKeepsLines) {
  const auto print = [] {
    OpenStandardStreams();
    std::cerr << "a\x1b[2J\xc2\x9b"
              << "b\r\n";
    exit(0);
  };
  EXPECT_EXIT(print(), testing::ExitedWithCode(0), "^a.x1b.2J.x9bb\r\n$");
}

// Control characters have an effect only on a terminal.
TEST(StandardStreamsDeathTest, AFileReceivesEveryByte) {
  const std::string path = testing::TempDir() + "streams";
  close(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
  const std::string text("\x1b[31m\xff\0\r\n", 9);
  EXPECT_EXIT(Print(path.c_str(), text, 0), testing::ExitedWithCode(0), "^$");
  struct stat written = {};
  ASSERT_EQ(stat(path.c_str(), &written), 0);
  EXPECT_EQ(written.st_size, 9);
}

}  // namespace
}  // namespace assay
