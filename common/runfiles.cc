#include "common/runfiles.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr char kWorkspace[] = "assay";
// The deepest program of the project lies three folders below the root; one more for the root itself.
constexpr int kLevelsAboveProgram = 4;

fs::path ThisProgram() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error);
}

std::vector<fs::path> RunfilesTrees() {
  std::vector<fs::path> trees;
  for (const char* variable : {"RUNFILES_DIR", "TEST_SRCDIR"}) {
    const char* value = getenv(variable);
    if (value != nullptr && value[0] != '\0') trees.push_back(fs::absolute(value));
  }
  const fs::path program = ThisProgram();
  if (!program.empty()) trees.push_back(program.string() + ".runfiles");
  return trees;
}

std::vector<fs::path> Roots() {
  std::vector<fs::path> roots;
  for (const fs::path& tree : RunfilesTrees()) roots.push_back(tree / kWorkspace);
  fs::path folder = ThisProgram().parent_path();
  for (int level = 1; level < kLevelsAboveProgram && folder.has_relative_path(); ++level) {
    folder = folder.parent_path();
    roots.push_back(folder);
  }
  return roots;
}

}  // namespace

absl::StatusOr<std::string> AssayFile(std::string_view path) {
  std::vector<std::string> tried;
  for (const fs::path& root : Roots()) {
    const fs::path candidate = root / path;
    std::error_code error;
    if (fs::exists(candidate, error)) return candidate.string();
    tried.push_back(candidate.string());
  }
  return absl::NotFoundError(
      absl::StrCat("a file of Assay is missing: ", absl::string_view(path.data(), path.size()),
                   "; run the program by `bazel run` or from a complete installation. Searched: ",
                   absl::StrJoin(tried, ", ")));
}

void ExportRunfiles() {
  for (const fs::path& tree : RunfilesTrees()) {
    std::error_code error;
    if (!fs::is_directory(tree / kWorkspace, error)) continue;
    setenv("RUNFILES_DIR", tree.c_str(), /*overwrite=*/1);
    return;
  }
}

std::string UserPath(std::string_view path) {
  const fs::path given(path);
  if (given.is_absolute()) return given.lexically_normal().string();
  const char* stands_in = getenv("BUILD_WORKING_DIRECTORY");
  std::error_code error;
  const fs::path base =
      stands_in != nullptr && stands_in[0] != '\0' ? fs::path(stands_in) : fs::current_path(error);
  return (base / given).lexically_normal().string();
}

}  // namespace assay
