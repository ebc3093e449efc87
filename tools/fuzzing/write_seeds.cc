// Adds --write-seeds=DIR to a libFuzzer binary: writes the target's own seeds as files and exits.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/fuzz_driver.h"

// libFuzzer calls this before it parses the command line, and has no flags with two dashes.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view kFlag = "--write-seeds=";
  if (*argc < 2 || !std::string_view((*argv)[1]).starts_with(kFlag)) return 0;
  const std::string folder((*argv)[1] + kFlag.size());
  const std::vector<std::string> seeds = assay::FuzzSeeds();
  for (size_t i = 0; i < seeds.size(); ++i) {
    const std::string path = folder + "/seed_" + std::to_string(i);
    if (!(std::ofstream(path, std::ios::binary) << seeds[i]).flush()) {
      std::cerr << "cannot write " << path << "\n";
      std::exit(EXIT_FAILURE);
    }
  }
  std::exit(EXIT_SUCCESS);
}
