// The program that the test of process_cpu reads: burns CPU time, itself or in children, and then waits.
//
//   burn_program MILLISECONDS WHERE
// WHERE: "self", "thread" (which ends), "child" (which is waited for), "living" (a child that lives on), "orphan" (a
// daemon that ends, waited for by the process that inherits it). Prints "ready" when it is burnt.

#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <string>
#include <thread>

namespace {

int64_t NanosOf(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// CPU time of the calling thread, independent of the machine's load.
void Burn(int64_t milliseconds) {
  const int64_t until = NanosOf(CLOCK_THREAD_CPUTIME_ID) + milliseconds * 1'000'000;
  while (NanosOf(CLOCK_THREAD_CPUTIME_ID) < until) {
  }
}

[[noreturn]] void Ready() {
  std::cout << "ready" << std::endl;
  while (true) pause();
}

}  // namespace

int main(int argc, char** argv) {
  const int64_t milliseconds = argc > 1 ? atoi(argv[1]) : 0;
  const std::string where = argc > 2 ? argv[2] : "self";
  if (where == "self") Burn(milliseconds);
  if (where == "thread") std::thread(Burn, milliseconds).join();
  if (where == "child" || where == "living" || where == "orphan") {
    // The pipe closes when all writers are gone.
    int ends[2];
    if (pipe(ends) != 0) return 1;
    const pid_t child = fork();
    if (child == 0) {
      if (where == "orphan" && fork() != 0) _exit(0);
      Burn(milliseconds);
      if (where != "living") _exit(0);
      close(ends[1]);
      while (true) pause();
    }
    close(ends[1]);
    char byte;
    while (read(ends[0], &byte, 1) > 0) {
    }
    if (where != "living") waitpid(child, nullptr, 0);
  }
  Ready();
}
