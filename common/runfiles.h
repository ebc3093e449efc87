#ifndef ASSAY_COMMON_RUNFILES_H_
#define ASSAY_COMMON_RUNFILES_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay {

// The absolute path of a file that comes with the project, named from the root of the source tree:
// "agent/agent", "targets/catalogue.textproto".
//
// Looked for in $RUNFILES_DIR/assay, $TEST_SRCDIR/assay, the running program's own
// <program>.runfiles/assay, a runfiles tree that the program stands in, and the tree that an
// installed program stands in (where its package folder is: /opt/assay for /opt/assay/agent/agent).
// kNotFound names every place that was tried.
//
// It may be called from any thread, as long as none changes the environment.
absl::StatusOr<std::string> AssayFile(std::string_view path);

// Sets $RUNFILES_DIR, so that the programs that this one starts find the same files. Call once, at
// the start of main(), before there are threads. Harmless where there is no runfiles tree.
void ExportRunfiles();

// A path that the user wrote, made absolute: relative ones begin where the user stands, also under
// `bazel run`
// ($BUILD_WORKING_DIRECTORY), else in the current directory. The file need not exist.
std::string UserPath(std::string_view path);

}  // namespace assay

#endif  // ASSAY_COMMON_RUNFILES_H_
