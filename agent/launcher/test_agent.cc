// Replaces an agent in tests that kill it: launches agent/launcher/test_program with the given arguments, prints that
// it did, and waits forever. The optional flags `--no-pid-namespace` and `--hold` come first.

#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <string>

#include "agent/launcher/launched_process.h"
#include "agent/launcher/strays.h"
#include "common/runfiles.h"

int main(int argc, char** argv) {
  assay::agent::AdoptStrays();
  assay::agent::LaunchOptions options;
  options.argv.push_back(assay::AssayFile("agent/launcher/test_program").value());
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--no-pid-namespace") {
      options.pid_namespace = false;
    } else if (argument == "--hold") {
      options.hold = true;
    } else {
      options.argv.push_back(argument);
    }
  }
  const bool hold = options.hold;
  auto process = assay::agent::LaunchedProcess::Start(std::move(options));
  if (!process.ok()) {
    std::cerr << process.status().message() << "\n";
    return 1;
  }
  if (!hold) (*process)->WaitForOutput("ready", absl::InfiniteFuture());
  std::cout << "started" << std::endl;
  while (true) pause();
}
