// The cost of sampling for a server, by the contents of a sample. The lower bound is the kernel's timer interrupt alone. No
// profiler runs: the program opens the events of agent/profiler/ on the server, and discards their output. Meanwhile a
// closed loop of 250 connections loads the server from another CPU.
//
//   sampling_floor PORT PID [SECONDS [SERVER_CPU [LOAD_CPU]]]
//
// Each kind of sampling is on and off in turn, 40 ms each, in five interleaved rounds. A span with sampling is compared with
// the spans before and after it, by the requests per second of the server's CPU time. Prints a table of the Hodges-Lehmann
// centre with its 95 % interval over the spans. SECONDS is the time for each kind (36).

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "agent/profiler/perf_event.h"
#include "agent/profiler/perf_ring.h"
#include "agent/telemetry/perf_abilities.h"
#include "analysis/signed_rank.h"
#include "bench/floor_client.h"
#include "common/standard_streams.h"
#include "common/unique_fd.h"

namespace assay::bench {
namespace {

constexpr int kConnections = 250;
constexpr int kRounds = 5;
constexpr int64_t kSpanNs = 40'000'000;
constexpr size_t kRingBytes = size_t{16} << 20;
constexpr int kSwitchesHz = 49;

// How context switches are recorded.
enum class Switches {
  kNone,
  // Like the profiler: sampled several times a second, and every switch recorded.
  kSampled,
  // Every switch is sampled.
  kEach,
  // Recorded, without stacks.
  kRecorded,
};

struct Way {
  const char* name;
  int frequency_hz = 0;
  // 0: the address only.
  int stack_bytes = 0;
  Switches switches = Switches::kNone;
  // Samples everything on the server's CPU instead of the server's threads, so a switch does not restart a timer.
  bool whole_cpu = false;
};
constexpr Way kWays[] = {
    {"nothing: chance"},
    {"199 Hz, the address alone", 199},
    {"199 Hz, registers and 8 KiB of stack", 199, 8 << 10},
    {"199 Hz, registers and 32 KiB of stack", 199, 32 << 10},
    {"199 Hz, 8 KiB, and 49 switches a second", 199, 8 << 10, Switches::kSampled},
    {"199 Hz, 8 KiB, and each switch", 199, 8 << 10, Switches::kEach},
    {"199 Hz, 8 KiB, and records of switches", 199, 8 << 10, Switches::kRecorded},
    {"199 Hz, the address alone, of the whole CPU", 199, 0, Switches::kNone, true},
    {"199 Hz, 8 KiB, of the whole CPU", 199, 8 << 10, Switches::kNone, true},
    {"997 Hz, 8 KiB", 997, 8 << 10},
};

// Sends the next request on every connection with a response, until stopped.
class Load {
 public:
  Load(int port, int cpu) : thread_([this, port, cpu] { Run(port, cpu); }) {}
  ~Load() {
    stop_ = true;
    thread_.join();
  }
  uint64_t responses() const { return answers_.load(std::memory_order_relaxed); }

 private:
  void Run(int port, int cpu) {
    Pin(cpu);
    const std::string request = GetRequest("/json", port);
    const UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
    std::vector<UniqueFd> connections;
    for (int i = 0; i < kConnections; ++i) {
      connections.emplace_back(Connect(port));
      epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {.fd = connections.back().get()}};
      if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, event.data.fd, &event) != 0) Die("epoll_ctl");
    }
    for (const UniqueFd& connection : connections) Send(connection.get(), request);
    epoll_event events[kConnections];
    char buffer[4096];
    while (!stop_) {
      const int count = epoll_wait(epoll.get(), events, kConnections, 100);
      for (int i = 0; i < count; ++i) {
        if (recv(events[i].data.fd, buffer, sizeof(buffer), MSG_DONTWAIT) <= 0) Die("recv");
        answers_.fetch_add(1, std::memory_order_relaxed);
        Send(events[i].data.fd, request);
      }
    }
  }

  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> answers_ = 0;
  std::thread thread_;  // Last, because it uses the others.
};

UniqueFd Open(const perf_event_attr& attributes, pid_t pid, int cpu) {
  profiler::EventOrError event = profiler::OpenPerfEvent(attributes, pid, cpu);
  if (event.error != 0) Die("perf_event_open", event.error);
  return std::move(event.fd);
}

// The events of one kind of sampling, disabled.
class Events {
 public:
  Events(const Way& way, pid_t pid, int cpu) {
    if (way.frequency_hz == 0) return;
    if (way.whole_cpu) pid = -1;
    const agent::PerfEventKind kind = {"cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK,
                                       false};
    perf_event_attr sampling =
        profiler::SamplingAttributes(kind, way.frequency_hz, way.stack_bytes);
    if (way.stack_bytes == 0) {
      sampling.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP;
      sampling.sample_regs_user = 0;
    }
    Add(sampling, pid, cpu);
    if (way.switches != Switches::kNone) Add(SwitchEvent(way), pid, cpu);
  }
  void Turn(bool on) {
    for (const UniqueFd& event : events_)
      ioctl(event.get(), on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0);
    if (ring_ != nullptr) ring_->Read([](std::string_view) {});
  }

 private:
  static perf_event_attr SwitchEvent(const Way& way) {
    perf_event_attr attributes = profiler::SwitchAttributes(kSwitchesHz, way.stack_bytes);
    if (way.switches == Switches::kEach) {
      attributes.freq = 0;
      attributes.sample_period = 1;
    } else if (way.switches == Switches::kRecorded) {
      attributes.config = PERF_COUNT_SW_DUMMY;
      attributes.freq = 0;
      attributes.sample_period = 0;
      attributes.sample_stack_user = 0;
      attributes.sample_regs_user = 0;
      attributes.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
    }
    return attributes;
  }
  void Add(perf_event_attr attributes, pid_t pid, int cpu) {
    attributes.disabled = 1;
    UniqueFd event = Open(attributes, pid, cpu);
    int error = 0;
    if (ring_ == nullptr) {
      ring_ = profiler::PerfRing::Map(event.get(), kRingBytes, &error);
      if (ring_ == nullptr) Die("the ring of a perf event", error);
    } else if (ioctl(event.get(), PERF_EVENT_IOC_SET_OUTPUT, events_.front().get()) != 0) {
      Die("PERF_EVENT_IOC_SET_OUTPUT");
    }
    events_.push_back(std::move(event));
  }

  std::vector<UniqueFd> events_;
  std::unique_ptr<profiler::PerfRing> ring_;
};

uint64_t Count(const UniqueFd& counter) {
  uint64_t value = 0;
  if (read(counter.get(), &value, sizeof(value)) != sizeof(value)) Die("reading the task clock");
  return value;
}

// Adds the cost of each span with sampling, as a share of the server's work.
void Measure(const Way& way, pid_t pid, int cpu, int pairs, const Load& load, const UniqueFd& clock,
             std::vector<double>* costs) {
  Events events(way, pid, cpu);
  std::vector<double> rates;
  for (int i = 0; i < 2 * pairs + 1; ++i) {
    events.Turn(i % 2 == 1);
    const uint64_t responses = load.responses();
    const uint64_t began = Count(clock);
    const timespec span = {.tv_nsec = kSpanNs};
    nanosleep(&span, nullptr);
    const auto answered = static_cast<double>(load.responses() - responses);
    rates.push_back(answered / static_cast<double>(std::max<uint64_t>(Count(clock) - began, 1)));
  }
  for (size_t i = 1; i + 1 < rates.size(); i += 2)
    costs->push_back(1 - 2 * rates[i] / (rates[i - 1] + rates[i + 1]));
}

int Run(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: sampling_floor PORT PID [SECONDS [SERVER_CPU [LOAD_CPU]]]\n");
    return 2;
  }
  const pid_t pid = std::atoi(argv[2]);
  const double seconds = argc > 3 ? std::atof(argv[3]) : 36;
  const int server_cpu = argc > 4 ? std::atoi(argv[4]) : 0;
  const int load_cpu = argc > 5 ? std::atoi(argv[5]) : 1;
  const int pairs = std::max(1, static_cast<int>(seconds * 1e9 / (2.0 * kSpanNs * kRounds)));
  perf_event_attr task_clock = {};
  task_clock.size = sizeof(task_clock);
  task_clock.type = PERF_TYPE_SOFTWARE;
  task_clock.config = PERF_COUNT_SW_TASK_CLOCK;
  const UniqueFd clock = Open(task_clock, pid, -1);
  Pin(load_cpu);
  const Load load(std::atoi(argv[1]), load_cpu);
  std::vector<double> costs[std::size(kWays)];
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < std::size(kWays); ++i)
      Measure(kWays[i], pid, server_cpu, pairs, load, clock, &costs[i]);
  }
  std::printf("| each sample holds | cost, of the server's work | spans |\n| --- | --- | --- |\n");
  for (size_t i = 0; i < std::size(kWays); ++i) {
    const Estimate cost = HodgesLehmann(costs[i]);
    std::printf("| %s | %.2f %% [%.2f, %.2f] | %zu |\n", kWays[i].name, 100 * cost.estimate,
                100 * cost.low.value_or(NAN), 100 * cost.high.value_or(NAN), costs[i].size());
  }
  return 0;
}

}  // namespace
}  // namespace assay::bench

int main(int argc, char** argv) {
  assay::OpenStandardStreams();
  return assay::EndOutput("sampling_floor", assay::bench::Run(argc, argv));
}
