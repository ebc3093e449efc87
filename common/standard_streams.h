#ifndef ASSAY_COMMON_STANDARD_STREAMS_H_
#define ASSAY_COMMON_STANDARD_STREAMS_H_

#include <string_view>

#include "absl/status/status.h"

namespace assay {

// What a program prints arrives and does no harm, or the program fails and says so:
//
//   int main(int argc, char** argv) {
//     assay::OpenStandardStreams();
//     return assay::EndOutput("controller", Run(argc, argv));
//   }
//
// Threads: OpenStandardStreams() runs before there are any; the rest may be used as std::cout may.

// Call it first in main().
//   - A standard descriptor that is closed becomes /dev/null, so that no file or socket takes its number and receives what
//     was meant for the user. Writing to such a standard output fails, as for a closed one.
//   - std::cerr writes control characters as TerminalLines() of common/utf8.h does, whoever they come from.
//   - std::cout does so where it is a terminal; a file or a pipe receives every byte.
//   - std::cout keeps the first error of its writes.
void OpenStandardStreams();

// Writes out what std::cout and stdout hold. The error of their first write that failed, now or before: "cannot write to
// standard output: No space left on device".
absl::Status FlushOutput();

// The exit status of a program that has printed everything and would end with `status`: 1 where that is 0 and output was
// lost. Lost output is reported on standard error in the name of `program`, except where the reader of a pipe left early
// (`| head`): it has what it wanted.
int EndOutput(std::string_view program, int status);

// Replaces the line that the cursor is in by `line`, cut to the terminal's width; an empty one only clears it. REQUIRES:
// standard error is a terminal.
void DrawLine(std::string_view line);

}  // namespace assay

#endif  // ASSAY_COMMON_STANDARD_STREAMS_H_
