#ifndef ASSAY_COMMON_STANDARD_STREAMS_H_
#define ASSAY_COMMON_STANDARD_STREAMS_H_

#include <string_view>

#include "absl/status/status.h"

namespace assay {

// Makes sure that a program's output arrives and cannot control the terminal; if it is lost, the program fails with a
// message:
//
//   int main(int argc, char** argv) {
//     assay::OpenStandardStreams();
//     return assay::EndOutput("controller", Run(argc, argv));
//   }
//
// Threads: call OpenStandardStreams() before starting any. The other functions have the thread safety of std::cout.

// Call it first in main().
//   - A standard descriptor that is closed becomes /dev/null, so that no file or socket gets its number and receives
//     output meant for the user. Writing to it fails, as it does for a closed descriptor.
//   - std::cerr escapes control characters as TerminalLines() of common/utf8.h does, whatever their origin.
//   - std::cout does the same if it is a terminal; a file or a pipe receives every byte.
//   - std::cout keeps the first error of its writes.
void OpenStandardStreams();

// Flushes std::cout and stdout. Returns the error of the first write that failed, now or before: "cannot write to
// standard output: No space left on device".
absl::Status FlushOutput();

// The exit status of a program that has printed everything and would end with `status`. Returns 1 if `status` is 0 and
// output was lost. Reports lost output on standard error with the name of `program`. It is no error if the reader of a
// pipe stopped early (`| head`).
int EndOutput(std::string_view program, int status);

// Replaces the current line of the terminal by `line`, cut to the terminal's width; an empty `line` only clears it.
// REQUIRES: standard error is a terminal.
void DrawLine(std::string_view line);

}  // namespace assay

#endif  // ASSAY_COMMON_STANDARD_STREAMS_H_
