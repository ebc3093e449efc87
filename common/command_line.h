#ifndef ASSAY_COMMON_COMMAND_LINE_H_
#define ASSAY_COMMON_COMMAND_LINE_H_

#include <ostream>

#include "CLI/CLI.hpp"

namespace assay {

// What ParseCommandLine() returns when the program is to go on.
inline constexpr int kGoOn = -1;

// Parses argv by `app` and keeps the rules that every program of Assay keeps:
//   --help       the usage to `out`, 0. An example belongs in it: give it by app.footer(), of each
//   subcommand too.
//   --version    "NAME VERSION" to `out`, 0; NAME is app's name.
//   bad usage    one line to `err` that says what is wrong, with the nearest flag or subcommand
//   where one is near, and
//                one that says where to read on; 2.
// Returns kGoOn (-1) when the program is to go on, else its exit status. `--flag=value` and `--flag
// value` are the same; each takes one word. An empty value is bad usage, in either form, but for --label and --body.
//
// REQUIRES: app has a name. It must not have a --version flag: this adds one.
int ParseCommandLine(CLI::App& app, int argc, char** argv, std::ostream& out, std::ostream& err);

}  // namespace assay

#endif  // ASSAY_COMMON_COMMAND_LINE_H_
