// The program that the profiler's test profiles: burns CPU time in several functions and reports the time in each.
//
//   burn_shares MODE CPU_MILLISECONDS
// Prints "ready", waits for SIGUSR1, burns, prints "done" with the nanoseconds in each function, and waits to be
// killed. With "exit" as third argument, it exits instead of waiting.

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <thread>

#include "agent/profiler/burn_clock.h"

extern "C" void burn_in_library(int64_t until_ns);
extern "C" void call_from_library(void (*call)(int64_t), int64_t until_ns);

namespace assay::profiler {

// The code after the work prevents a tail call, which would remove the caller from the stack.
#define ASSAY_BURN_FUNCTION(name)                      \
  __attribute__((noinline)) void name(int64_t until) { \
    BurnUntil(until);                                  \
    asm volatile("");                                  \
  }
ASSAY_BURN_FUNCTION(BurnHalf)
ASSAY_BURN_FUNCTION(BurnThird)
ASSAY_BURN_FUNCTION(BurnFifth)

__attribute__((noinline)) void Recurse(int64_t until, int depth) {
  if (depth > 1) {
    Recurse(until, depth - 1);
  } else {
    BurnUntil(until);
  }
  asm volatile("");
}

void BurnRecursive(int64_t until) { Recurse(until, 25); }

// Burns on top of a frame of `bytes` bytes.
template <size_t bytes>
__attribute__((noinline)) void BurnOn(int64_t until) {
  char frame[bytes];
  memset(frame, 1, sizeof(frame));
  asm volatile("" : : "r"(frame) : "memory");
  BurnHalf(until);
  asm volatile("" : : "r"(frame) : "memory");
}
// The frame size of Rust's executors.
__attribute__((noinline)) void BurnWide(int64_t until) {
  BurnOn<20 << 10>(until);
  asm volatile("");
}
// Much larger than the copy of a stack.
__attribute__((noinline)) void BurnDeep(int64_t until) {
  BurnOn<128 << 10>(until);
  asm volatile("");
}

__attribute__((always_inline)) inline void InlinedInto(int64_t until) { BurnUntil(until); }

__attribute__((noinline)) void BurnHost(int64_t until) {
  InlinedInto(until);
  asm volatile("");
}

void BurnThroughLibrary(int64_t until) { call_from_library(BurnThird, until); }

struct Burner {
  const char* name;
  void (*burn)(int64_t until);
  double share;
};

// Slices of random length, so that sampling cannot be in phase with them.
std::map<std::string, int64_t> Burn(const Burner* burners, int count, int64_t cpu_ns) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> unit;
  std::map<std::string, int64_t> burnt;
  int64_t now = BurnClockNanos();
  const int64_t end = now + cpu_ns;
  while (now < end) {
    double chosen = unit(random);
    int i = 0;
    for (; i + 1 < count && chosen >= burners[i].share; ++i) chosen -= burners[i].share;
    burners[i].burn(now + static_cast<int64_t>(unit(random) * 4e6));
    const int64_t after = BurnClockNanos();
    burnt[burners[i].name] += after - now;
    now = after;
  }
  return burnt;
}

int Run(const std::string& mode, int64_t cpu_ns, bool ends) {
  static constexpr Burner kThree[] = {
      {"BurnHalf", BurnHalf, 0.5}, {"BurnThird", BurnThird, 0.3}, {"BurnFifth", BurnFifth, 0.2}};
  static constexpr Burner kRecursive[] = {{"Recurse", BurnRecursive, 0.7},
                                          {"BurnHalf", BurnHalf, 0.3}};
  static constexpr Burner kInlined[] = {{"InlinedInto", BurnHost, 0.6},
                                        {"BurnHalf", BurnHalf, 0.4}};
  static constexpr Burner kLibrary[] = {{"burn_in_library", burn_in_library, 0.4},
                                        {"call_from_library", BurnThroughLibrary, 0.6}};
  static constexpr Burner kWide[] = {{"BurnWide", BurnWide, 0.6}, {"BurnThird", BurnThird, 0.4}};
  static constexpr Burner kDeep[] = {{"BurnDeep", BurnDeep, 0.5}, {"BurnThird", BurnThird, 0.5}};

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  puts("ready");
  fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);

  std::map<std::string, int64_t> burnt;
  const auto burn_three = [&] { burnt = Burn(kThree, 3, cpu_ns); };
  if (mode == "three") burn_three();
  if (mode == "recursive") burnt = Burn(kRecursive, 2, cpu_ns);
  if (mode == "inlined") burnt = Burn(kInlined, 2, cpu_ns);
  if (mode == "library") burnt = Burn(kLibrary, 2, cpu_ns);
  if (mode == "wide") burnt = Burn(kWide, 2, cpu_ns);
  if (mode == "deep") burnt = Burn(kDeep, 2, cpu_ns);
  if (mode == "thread") std::thread(burn_three).join();
  if (mode == "child") {
    int ends_of_pipe[2];
    if (pipe(ends_of_pipe) != 0) return 1;
    if (fork() == 0) {
      burn_three();
      for (const Burner& burner : kThree) {
        if (write(ends_of_pipe[1], &burnt[burner.name], sizeof(int64_t)) < 0) _exit(1);
      }
      _exit(0);
    }
    for (const Burner& burner : kThree) {
      if (read(ends_of_pipe[0], &burnt[burner.name], sizeof(int64_t)) < 0) return 1;
    }
    wait(nullptr);
  }
  // Sleeps half of the time, like a server that waits.
  if (mode == "sleep") {
    for (int i = 0; i < 200; ++i) {
      BurnHalf(BurnClockNanos() + cpu_ns / 200);
      usleep(static_cast<useconds_t>(cpu_ns / 200 / 1000));
    }
  }
  printf("done");
  for (const auto& [name, nanos] : burnt)
    printf(" %s %lld", name.c_str(), static_cast<long long>(nanos));
  puts(" .");
  fflush(stdout);
  while (!ends) pause();  // NOLINT(bugprone-infinite-loop): a signal's handler ends it.
  return 0;
}

}  // namespace assay::profiler

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  return assay::profiler::Run(argv[1], int64_t{atoi(argv[2])} * 1'000'000, argc > 3);
}
