// The program that the launcher's tests launch. The first argument selects its behaviour. Further arguments that the
// behaviour does not use mark the process, so that the test can find it.

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "common/cpu_set.h"

namespace {

[[noreturn]] void WaitForEver() {
  while (true) pause();
}

void Ready() { std::cout << "ready" << std::endl; }

int Print(size_t bytes) {
  const std::string line = std::string(99, 'x') + "\n";
  for (size_t printed = 0; printed < bytes; printed += line.size()) std::cout << line;
  std::cout << "done" << std::endl;
  return 0;
}

// One child in the program's session, one in its own, and a daemon: a grandchild in its own session whose parent has
// ended. `what` runs in each.
void StartFamily(void (*what)()) {
  int ends[2];
  if (pipe(ends) != 0) abort();
  const auto report_and = [&ends, what] {
    what();
    if (write(ends[1], "x", 1) != 1) abort();
    close(ends[1]);
    WaitForEver();
  };
  if (fork() == 0) report_and();
  if (fork() == 0) {
    setsid();
    report_and();
  }
  const pid_t between = fork();
  if (between == 0) {
    setsid();
    if (fork() == 0) report_and();
    _exit(0);
  }
  if (waitpid(between, nullptr, 0) != between) abort();
  char bytes[3];
  for (char& byte : bytes) {
    if (read(ends[0], &byte, 1) != 1) abort();
  }
}

void SayAffinity() {
  const std::string line = "affinity " + assay::CpuSet::AllowedForThread(0)->ToString() + "\n";
  if (write(STDOUT_FILENO, line.data(), line.size()) < 0) abort();
}

void SayDescriptors() {
  std::vector<int> open;
  DIR* folder = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(folder)) {
    const int fd = atoi(entry->d_name);
    if (entry->d_name[0] != '.' && fd != dirfd(folder)) open.push_back(fd);
  }
  closedir(folder);
  std::sort(open.begin(), open.end());
  std::cout << "descriptors";
  for (const int fd : open) std::cout << " " << fd;
  std::cout << "\n";
}

void SaySignals() {
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, nullptr, &blocked);
  std::cout << "signals";
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action = {};
    if (sigaction(number, nullptr, &action) != 0) continue;
    if (sigismember(&blocked, number) == 1) std::cout << " blocked:" << number;
    if (action.sa_handler == SIG_IGN) std::cout << " ignored:" << number;
  }
  std::cout << "\n";
}

int Report(const char* variable) {
  SayAffinity();
  SayDescriptors();
  SaySignals();
  char folder[4096];
  std::cout << "folder " << getcwd(folder, sizeof(folder)) << "\n";
  const char* value = getenv(variable);
  std::cout << "variable " << (value == nullptr ? "(none)" : value) << "\n";
  std::cout << "input " << (getchar() == EOF ? "empty" : "there") << "\n";
  std::cout << "session " << (getsid(0) == getpid() ? "own" : "shared") << "\n";
  char link[64] = {};
  std::cout << "proc "
            << (readlink("/proc/self", link, sizeof(link) - 1) > 0 && atoi(link) == getpid()
                    ? "own"
                    : "other")
            << "\npid " << getpid() << std::endl;
  return 0;
}

// Echoes all input until the other side closes.
int Echo(int fd) {
  char byte;
  while (read(fd, &byte, 1) == 1) {
    if (write(fd, &byte, 1) != 1) return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string behaviour = argc > 1 ? argv[1] : "";
  const char* argument = argc > 2 ? argv[2] : "";
  if (behaviour == "exit") return atoi(argument);
  if (behaviour == "signal") return raise(atoi(argument));
  if (behaviour == "abort") abort();
  if (behaviour == "print") return Print(static_cast<size_t>(atol(argument)));
  if (behaviour == "report") return Report(argument);
  if (behaviour == "echo") return Echo(atoi(argument));
  if (behaviour == "say") {
    std::cout << argument << std::flush;
    std::cerr << argv[3] << std::flush;
    return 0;
  }
  if (behaviour == "sleep") {
    Ready();
    WaitForEver();
  }
  if (behaviour == "stubborn") {
    signal(SIGTERM, SIG_IGN);
    Ready();
    WaitForEver();
  }
  if (behaviour == "family") {
    StartFamily([] {});
    Ready();
    WaitForEver();
  }
  if (behaviour == "orphaning") {
    // Ends and leaves its children running.
    StartFamily([] {});
    return 0;
  }
  if (behaviour == "affinity") {
    StartFamily(SayAffinity);
    SayAffinity();
    return 0;
  }
  std::cerr << "test_program: no behaviour \"" << behaviour << "\"\n";
  return 64;
}
