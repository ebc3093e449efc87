#ifndef ASSAY_COMMON_RUNFILES_H_
#define ASSAY_COMMON_RUNFILES_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay {

// The absolute path of a file of the project, given by its path from the root of the source tree: "agent/agent",
// "targets/catalogue.textproto".
//
// Searches $RUNFILES_DIR/assay, $TEST_SRCDIR/assay, the running program's own <program>.runfiles/assay, a runfiles tree
// that contains the program, and the tree of an installed program (/opt/assay for /opt/assay/agent/agent). kNotFound
// names every place that was searched.
//
// May be called from any thread, as long as no thread changes the environment.
absl::StatusOr<std::string> AssayFile(std::string_view path);

// Sets $RUNFILES_DIR, so that the programs that this one starts find the same files. Call once, at the start of main(),
// before other threads start. Does nothing if there is no runfiles tree.
void ExportRunfiles();

// Makes a path from the user absolute. A relative path begins in the user's current directory, also under `bazel run`
// ($BUILD_WORKING_DIRECTORY). The file need not exist.
std::string UserPath(std::string_view path);

}  // namespace assay

#endif  // ASSAY_COMMON_RUNFILES_H_
