// profile: shows where a running process and its children spend their time, for people and tests. The agent contains
// the same profiler.

#include <google/protobuf/util/delimited_message_util.h>
#include <signal.h>
#include <time.h>

#include <cmath>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "agent/profiler/profile_folder.h"
#include "agent/profiler/profiler.h"
#include "common/command_line.h"
#include "common/cpu_set.h"
#include "common/file.h"
#include "common/load_limits.h"
#include "common/runfiles.h"
#include "common/standard_streams.h"
#include "common/utf8.h"
#include "proto/profile.pb.h"

namespace {

constexpr char kFooter[] =
    "Example:\n"
    "  profile --pid=4711 --seconds=10 --frequency=199 -o stacks.folded\n"
    "\n"
    "Ctrl-C ends the profile early. --format=proto writes the ProfileInfo and the ProfileChunks "
    "of\n"
    "proto/profile.proto, each after its length as a varint.";

struct Options {
  assay::agent::ProfilerConfig profiler;
  double seconds = 10;
  std::string format = "folded";
  std::string output = "-";
};

int Parse(int argc, char** argv, Options* options) {
  CLI::App app("Samples the stacks of a process tree", "profile");
  app.footer(kFooter);
  app.option_defaults()->always_capture_default();
  std::string cpus;
  app.add_option("--pid", options->profiler.root, "the process to profile, with its descendants")
      ->required();
  app.add_option("--seconds", options->seconds, "length of the profile")
      ->check(CLI::Range(0.01, 86400.0));
  app.add_option("--frequency", options->profiler.frequency_hz, "samples per second of CPU time")
      ->check(CLI::Range(1, static_cast<int>(assay::kMostProfileHz)));
  app.add_option("--stack-bytes", options->profiler.stack_bytes,
                 "bytes of stack to copy with each sample")
      ->check(CLI::Range(assay::agent::kMinStackBytes, assay::agent::kMaxStackBytes));
  app.add_option("--format", options->format, "folded or proto")
      ->check(CLI::IsMember({"folded", "proto"}));
  app.add_option("-o,--output", options->output, "output file; -: standard output")
      ->type_name("FILE");
  app.add_option_function<std::string>(
         "--cpus",
         [options](const std::string& text) {
           const absl::StatusOr<assay::CpuSet> parsed = assay::CpuSet::Parse(text);
           if (!parsed.ok())
             throw CLI::ValidationError("--cpus", std::string(parsed.status().message()));
           options->profiler.collector_cpus = *parsed;
         },
         "CPUs for unwinding; not those under measurement")
      ->type_name("LIST");
  app.add_flag("--off-cpu", options->profiler.off_cpu, "also sample off-CPU time");
  app.add_flag("--syscalls", options->profiler.count_syscalls, "count system calls by name");
  app.add_flag("--afterwards", options->profiler.unwind_afterwards,
               "unwind after the profile, not during it");
  return assay::ParseCommandLine(app, argc, argv, std::cout, std::cerr);
}

// Waits until the time has passed or a signal arrives.
void Wait(double seconds, const sigset_t& signals) {
  double whole = 0;
  const double fraction = std::modf(seconds, &whole);
  const timespec limit = {.tv_sec = static_cast<time_t>(whole),
                          .tv_nsec = static_cast<long>(fraction * 1e9)};
  sigtimedwait(&signals, nullptr, &limit);
}

int Fail(absl::string_view message) {
  std::cerr << "profile: " << assay::TerminalText(std::string(message)) << "\n";
  return EXIT_FAILURE;
}

void Summarise(const assay::ProfileInfo& info, size_t bytes) {
  std::cerr << info.samples() << " samples of " << info.event() << ", " << info.whole()
            << " whole, " << info.truncated() << " truncated, " << info.lost() << " lost, "
            << info.throttled() << " throttled; " << static_cast<double>(info.unwind_cpu_ns()) / 1e6
            << " ms of CPU to unwind and symbolize";
  if (info.samples() > 0)
    std::cerr << ", " << static_cast<double>(bytes) / static_cast<double>(info.samples())
              << " bytes per sample";
  std::cerr << "\n";
  for (const auto& [name, count] : info.counters()) std::cerr << name << ": " << count << "\n";
  for (const auto& [name, count] : info.syscalls()) std::cerr << name << "(): " << count << "\n";
  if (!info.syscalls_refused().empty())
    std::cerr << "system calls: " << assay::TerminalText(info.syscalls_refused()) << "\n";
  for (const std::string& note : info.notes()) std::cerr << assay::TerminalText(note) << "\n";
}

int Run(int argc, char** argv) {
  Options options;
  const int status = Parse(argc, argv, &options);
  if (status != assay::kGoOn) return status;
  // Before any thread is started, so that none of them receives the signal.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);

  std::vector<assay::ProfileChunk> chunks;
  auto profiler = assay::agent::Profiler::Start(
      options.profiler, [&](assay::ProfileChunk chunk) { chunks.push_back(std::move(chunk)); });
  if (!profiler.ok()) {
    return Fail(profiler.status().message());
  }
  Wait(options.seconds, signals);
  const assay::ProfileInfo info = (*profiler)->Stop();
  if (!info.refused().empty()) {
    return Fail(absl::StrCat(info.refused(), info.remedy().empty() ? "" : "; ", info.remedy()));
  }
  std::ostringstream text;
  size_t bytes = 0;
  assay::profiler::ProfileFolder folder;
  google::protobuf::util::SerializeDelimitedToOstream(info, &text);
  for (const assay::ProfileChunk& chunk : chunks) {
    bytes += chunk.ByteSizeLong();
    folder.Add(chunk);
    google::protobuf::util::SerializeDelimitedToOstream(chunk, &text);
  }
  // The profiled program controls the names of its threads and functions.
  const std::string contents =
      options.format == "proto" ? text.str() : assay::TerminalLines(folder.Folded());
  if (options.output == "-") {
    std::cout << contents << std::flush;
  } else if (const absl::Status written =
                 assay::WriteFileAtomically(assay::UserPath(options.output), contents);
             !written.ok()) {
    return Fail(written.message());
  }
  Summarise(info, bytes);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  assay::OpenStandardStreams();
  return assay::EndOutput("profile", Run(argc, argv));
}
