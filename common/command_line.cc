#include "common/command_line.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "common/utf8.h"
#include "common/version.h"

namespace assay {
namespace {

constexpr int kBadUsage = 2;

// The Levenshtein distance, in characters.
size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

// The candidate that `word` most likely misspells; empty if none is similar.
std::string Nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string nearest;
  // If more than half of its letters differ, a suggestion would only confuse.
  size_t least = std::max<size_t>(2, word.size() / 2) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

// The innermost subcommand that the arguments name.
const CLI::App* Innermost(const CLI::App& app) {
  const CLI::App* innermost = &app;
  while (!innermost->get_subcommands().empty()) innermost = innermost->get_subcommands().back();
  return innermost;
}

// "controller run" for the subcommand run.
std::string FullName(const CLI::App* app) {
  const CLI::App* parent = app->get_parent();
  return parent == nullptr ? app->get_name() : FullName(parent) + " " + app->get_name();
}

void AppendFlags(const CLI::App* app, std::vector<std::string>* flags) {
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) flags->push_back("--" + name);
    for (const std::string& name : option->get_snames()) flags->push_back("-" + name);
  }
}

std::string DidYouMean(const std::string& nearest) {
  return nearest.empty() ? "" : "; did you mean " + nearest + "?";
}

std::string UnknownFlag(const std::string& word, const CLI::App* app) {
  const std::string flag = word.substr(0, word.find('='));
  std::vector<std::string> flags;
  for (const CLI::App* level = app; level != nullptr; level = level->get_parent()) {
    AppendFlags(level, &flags);
  }
  return "unknown flag " + flag + DidYouMean(Nearest(flag, flags));
}

std::string UnknownArgument(const std::string& word, const CLI::App* app) {
  std::vector<std::string> commands;
  for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(command->get_name());
  }
  if (commands.empty()) return "unexpected argument \"" + word + "\"";
  std::string message = "unknown command \"" + word + "\"" + DidYouMean(Nearest(word, commands));
  if (Nearest(word, commands).empty()) {
    message += "; there are:";
    for (const std::string& command : commands) message += " " + command;
  }
  return message;
}

// Every option with this name, such as --label or -c, in `app` and its subcommands.
void FindOptions(const CLI::App& app, const std::string& name,
                 std::vector<const CLI::Option*>* found) {
  if (const CLI::Option* option = app.get_option_no_throw(name)) found->push_back(option);
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    FindOptions(*command, name, found);
  }
}

bool TakesValue(const CLI::Option* option) { return option->get_items_expected_max() > 0; }

bool MayBeEmpty(const std::string& name) { return name == "--label" || name == "--body"; }

std::string NeedsValue(const std::string& name) {
  return name + " needs a value, but the given value is empty";
}

// The arguments in reverse order, as CLI11 expects them. CLI11 would read `--label=` as `--label` and take the next
// argument as its value, so the empty value becomes an argument here.
std::vector<std::string> ArgumentsOf(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> words;
  bool is_value = false;
  bool only_positionals = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (is_value || only_positionals || word.size() < 2 || word[0] != '-') {
      words.push_back(word);
      is_value = false;
      continue;
    }
    only_positionals = word == "--";
    const bool empty = word.size() > 3 && word[1] == '-' && word.find('=') == word.size() - 1;
    const std::string name = empty ? word.substr(0, word.size() - 1) : word;
    std::vector<const CLI::Option*> options;
    FindOptions(app, name, &options);
    is_value = std::any_of(options.begin(), options.end(), TakesValue);
    if (!empty || options.empty()) {
      words.push_back(word);
      continue;
    }
    if (!is_value) throw CLI::ArgumentMismatch(name + " takes no value; remove the =");
    if (!MayBeEmpty(name)) throw CLI::ArgumentMismatch(NeedsValue(name));
    words.push_back(name);
    words.emplace_back();
    is_value = false;
  }
  std::reverse(words.begin(), words.end());
  return words;
}

// Makes each occurrence of an option take one argument: a URL after `-H 'A: b'` is not a second header.
void TakeOneArgumentEach(CLI::App* app) {
  for (CLI::Option* option : app->get_options()) {
    if (!option->get_positional()) option->allow_extra_args(false);
  }
  for (CLI::App* command : app->get_subcommands([](CLI::App*) { return true; })) {
    TakeOneArgumentEach(command);
  }
}

// Refuses `--flag ''`, which CLI11 reads as 0 if the flag takes a number.
void RefuseEmptyValues(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() || !TakesValue(option)) continue;
    const std::vector<std::string>& values = option->results();
    const std::string name = option->get_lnames().empty() ? "-" + option->get_snames().front()
                                                          : "--" + option->get_lnames().front();
    if (MayBeEmpty(name)) continue;
    if (std::find(values.begin(), values.end(), "") != values.end()) {
      throw CLI::ArgumentMismatch(NeedsValue(name));
    }
  }
  for (const CLI::App* command : app.get_subcommands()) RefuseEmptyValues(*command);
}

// The error message. Unknown arguments come first: they often cause the other error, such as a missing subcommand.
std::string Explain(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* innermost = Innermost(app);
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  // Report a flag first: the argument after it is most likely its value.
  for (const std::string& word : unknown) {
    if (word.size() > 1 && word[0] == '-') return UnknownFlag(word, innermost);
  }
  if (!unknown.empty()) return UnknownArgument(unknown.front(), innermost);
  return error.what();
}

}  // namespace

int ParseCommandLine(CLI::App& app, int argc, char** argv, std::ostream& out, std::ostream& err) {
  app.set_version_flag("--version", app.get_name() + " " + kAssayVersion,
                       "Print the version and exit");
  try {
    TakeOneArgumentEach(&app);
    app.parse(ArgumentsOf(app, argc, argv));
    RefuseEmptyValues(app);
    return kGoOn;
  } catch (const CLI::Success& asked) {
    app.exit(asked, out, err);
    return 0;
  } catch (const CLI::ParseError& error) {
    err << app.get_name() << ": " << TerminalText(Explain(app, error)) << "\nRun `"
        << FullName(Innermost(app)) << " --help` for usage.\n";
    return kBadUsage;
  }
}

}  // namespace assay
