#ifndef ASSAY_COMMON_COMMAND_LINE_H_
#define ASSAY_COMMON_COMMAND_LINE_H_

#include <ostream>

namespace CLI {
class App;
}

namespace assay {

// The result of ParseCommandLine() if the program should continue.
inline constexpr int kGoOn = -1;

// Parses argv with `app` by the rules that all programs of Assay share:
//   --help       prints the usage to `out`; status 0. Set app.footer() to an example, also for each subcommand.
//   --version    prints "NAME VERSION" to `out`, where NAME is app's name; status 0.
//   bad usage    prints two lines to `err`: the error, with the nearest flag or subcommand if one is similar, and the
//   command for help; status 2.
// Returns kGoOn (-1) if the program should continue, else its exit status.
//
// `--flag=value` and `--flag value` are equivalent; each flag takes one argument. An empty value is an error in either
// form, except for --label and --body.
//
// REQUIRES: app has a name, and no --version flag: this function adds one.
int ParseCommandLine(CLI::App& app, int argc, char** argv, std::ostream& out, std::ostream& err);

}  // namespace assay

#endif  // ASSAY_COMMON_COMMAND_LINE_H_
