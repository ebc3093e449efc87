// Prints the path that AssayFile() returns for the first argument. runfiles_test installs this program elsewhere.

#include <iostream>

#include "common/runfiles.h"

int main(int argc, char** argv) {
  const absl::StatusOr<std::string> path = assay::AssayFile(argc > 1 ? argv[1] : "");
  if (!path.ok()) {
    std::cerr << path.status().message() << "\n";
    return 1;
  }
  std::cout << *path << "\n";
  return 0;
}
