#include "agent/catalogue/catalogue_rules.h"

#include <csignal>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/catalogue/placeholders.h"
#include "agent/verify/endpoint_contract.h"
#include "common/message_text.h"
#include "re2/re2.h"

namespace assay::agent {
namespace {

constexpr size_t kMaxMistakes = 10;
// Longest value of an option. The value becomes part of an argument list or a configuration file.
constexpr size_t kMaxOptionValue = 4096;
constexpr double kMaxTimeoutSeconds = 3600;

constexpr std::string_view kNamePattern = "[A-Za-z0-9][A-Za-z0-9._-]*";
constexpr std::string_view kOptionNamePattern = "[a-z][a-z0-9_]*";

const std::set<std::string>& SitePlaceholders() {
  static const auto* const names =
      new std::set<std::string>{"host", "port", "address", "cpus", "cpu_count", "dir", "catalogue"};
  return *names;
}

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

bool Matches(std::string_view text, std::string_view pattern) {
  return RE2::FullMatch(Piece(text), RE2(Piece(pattern), RE2::Quiet));
}

std::string_view PatternOf(const CatalogueTarget::Option& option) {
  return option.pattern().empty() ? std::string_view("[0-9]+") : std::string_view(option.pattern());
}

// Checks the entries of one catalogue and collects the mistakes.
class Checker {
 public:
  Checker(const CatalogueFile& file, const TextLocations& locations)
      : file_(file), locations_(locations) {}

  absl::Status Check() {
    for (target_ = 0; target_ < file_.targets_size(); ++target_) {
      const CatalogueTarget& target = file_.targets(target_);
      CheckName(target);
      CheckTexts(target);
      CheckOptions(target);
      CheckTimes(target);
      CheckNotServed(target);
      CheckFiles(target);
    }
    if (mistakes_.empty()) return absl::OkStatus();
    if (mistakes_.size() > kMaxMistakes) mistakes_.resize(kMaxMistakes);
    return StatusOfLines(absl::StatusCode::kInvalidArgument, mistakes_);
  }

 private:
  using Step = TextLocations::Step;

  // Adds a mistake at a field of the current target; `inner` is a field of that field.
  void Add(Step field, std::string_view what, std::string_view inner = {}) {
    const Step target{"targets", target_};
    const std::string place = inner.empty() ? locations_.Of(file_, {target, field})
                                            : locations_.Of(file_, {target, field, {inner}});
    const std::string& name = file_.targets(target_).name();
    mistakes_.push_back(absl::StrCat(place, ": ", name.empty() ? "a target" : "target \"", name,
                                     name.empty() ? ": " : "\": ", std::string(what)));
  }

  void CheckName(const CatalogueTarget& target) {
    if (!Matches(target.name(), kNamePattern)) {
      Add({"name"}, target.name().empty()
                        ? "name is missing"
                        : "a name consists of letters, digits, '.', '_' and '-', and begins with a "
                          "letter or digit");
    } else if (!names_.insert(target.name()).second) {
      Add({"name"}, "the catalogue already has an entry of this name");
    }
    if (target.argv_size() == 0 || target.argv(0).empty()) {
      Add({"argv"}, "argv is missing; set it to the program and its arguments");
    }
    if (!target.ready_path().empty() && !absl::StartsWith(target.ready_path(), "/")) {
      Add({"ready_path"}, "ready_path must begin with \"/\"");
    }
  }

  // Checks every text in which placeholders are replaced.
  void CheckTexts(const CatalogueTarget& target) {
    std::set<std::string> options;
    for (const auto& option : target.options()) options.insert(option.name());
    for (int i = 0; i < target.argv_size(); ++i) {
      CheckPlaceholders({"argv", i}, target.argv(i), options);
      if (i == 0 && !Placeholders(target.argv(0)).empty() &&
          Placeholders(target.argv(0)) != std::vector<std::string>{"catalogue"}) {
        Add({"argv", 0}, "the program's name may contain only the placeholder {catalogue}");
      }
    }
    for (const auto& [name, value] : target.environment()) {
      CheckPlaceholders({"environment"}, value, options);
      if (name.empty() || absl::StrContains(name, "=")) {
        Add({"environment"}, absl::StrCat("\"", name, "\" is not a valid name of a variable"));
      }
    }
    for (int i = 0; i < target.files_size(); ++i) {
      CheckPlaceholders({"files", i}, target.files(i).content(), options);
    }
    for (int i = 0; i < target.version_argv_size(); ++i) {
      for (const std::string& name : Placeholders(target.version_argv(i))) {
        if (name == "catalogue") continue;
        Add({"version_argv", i},
            absl::StrCat("{", name,
                         "} is not known here: the version command"
                         " runs before any execution; only {catalogue} is known"));
      }
    }
  }

  void CheckPlaceholders(Step field, std::string_view text, const std::set<std::string>& options) {
    for (const std::string& name : Placeholders(text)) {
      if (SitePlaceholders().count(name) > 0) continue;
      if (absl::StartsWith(name, "option.") && options.count(name.substr(7)) > 0) {
        used_.insert({target_, name.substr(7)});
        continue;
      }
      std::vector<std::string> known(SitePlaceholders().begin(), SitePlaceholders().end());
      for (const std::string& option : options) known.push_back("option." + option);
      Add(field, absl::StrCat("{", name, "} is not known; known are {",
                              absl::StrJoin(known, "}, {"), "}"));
    }
  }

  void CheckOptions(const CatalogueTarget& target) {
    std::set<std::string> names, all;
    for (const auto& option : target.options()) all.insert(option.name());
    for (int i = 0; i < target.options_size(); ++i) {
      const CatalogueTarget::Option& option = target.options(i);
      // Whether the entry itself uses it; the option's own arguments are checked below.
      const bool used = used_.count({target_, option.name()}) > 0;
      if (!Matches(option.name(), kOptionNamePattern)) {
        Add({"options", i},
            "an option's name consists of lower-case letters, digits and '_', and begins with a "
            "letter",
            "name");
      } else if (!names.insert(option.name()).second) {
        Add({"options", i}, absl::StrCat("option \"", option.name(), "\" is defined twice"),
            "name");
      }
      const RE2 pattern(Piece(PatternOf(option)), RE2::Quiet);
      if (!pattern.ok()) {
        Add({"options", i}, absl::StrCat("not a regular expression: ", pattern.error()), "pattern");
      } else if (!option.default_value().empty()) {
        const absl::Status status = CheckOptionValue(option, option.default_value());
        if (!status.ok()) Add({"options", i}, std::string(status.message()), "default_value");
      }
      if (!used && option.argv_size() == 0) {
        Add({"options", i}, absl::StrCat("option \"", option.name(),
                                         "\" has no effect: give it argv,"
                                         " or use {option.",
                                         option.name(), "}"));
      }
      if (used && option.default_value().empty() && !Matches("", PatternOf(option))) {
        Add({"options", i}, absl::StrCat("option \"", option.name(),
                                         "\" is always used but has no"
                                         " default_value"));
      }
      for (const std::string& argument : option.argv()) {
        CheckPlaceholders({"options", i}, argument, all);
      }
    }
  }

  void CheckTimes(const CatalogueTarget& target) {
    for (const auto& [field, seconds] :
         {std::pair<std::string_view, double>{"ready_timeout_s", target.ready_timeout_s()},
          {"stop_timeout_s", target.stop_timeout_s()}}) {
      // Written so that NaN is rejected.
      if (!(seconds >= 0 && seconds <= kMaxTimeoutSeconds)) {
        Add({field}, absl::StrCat(std::string(field), " must be between 0 and ", kMaxTimeoutSeconds,
                                  " seconds"));
      }
    }
    if (!StopSignal(target.stop_signal()).has_value()) {
      Add({"stop_signal"}, absl::StrCat("\"", target.stop_signal(),
                                        "\" is not one of SIGTERM, SIGINT,"
                                        " SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGKILL"));
    }
  }

  void CheckNotServed(const CatalogueTarget& target) {
    for (int i = 0; i < target.not_served_size(); ++i) {
      const auto& entry = target.not_served(i);
      bool known = false;
      for (const std::string_view request : ContractRequests()) known |= entry.request() == request;
      if (!known) {
        std::vector<std::string> there(ContractRequests().begin(), ContractRequests().end());
        Add({"not_served", i},
            absl::StrCat("\"", entry.request(),
                         "\" is not a request of the endpoint"
                         " contract; its requests are ",
                         absl::StrJoin(there, ", ")),
            "request");
      }
      if (entry.reason().empty()) Add({"not_served", i}, "a reason is missing");
    }
  }

  void CheckFiles(const CatalogueTarget& target) {
    for (int i = 0; i < target.files_size(); ++i) {
      const std::string& path = target.files(i).path();
      const std::string rooted = absl::StrCat("/", path, "/");
      if (path.empty() || path[0] == '/' || absl::StrContains(rooted, "/../") ||
          absl::StrContains(rooted, "/./") || absl::StrContains(rooted, "//")) {
        Add({"files", i}, "a file's path must be relative to {dir} and stay inside it", "path");
      }
    }
  }

  const CatalogueFile& file_;
  const TextLocations& locations_;
  int target_ = 0;
  std::set<std::string> names_;
  // Options whose placeholder is used, by target.
  std::set<std::pair<int, std::string>> used_;
  std::vector<std::string> mistakes_;
};

}  // namespace

absl::Status CheckCatalogue(const CatalogueFile& file, const TextLocations& locations) {
  return Checker(file, locations).Check();
}

absl::Status CheckOptionValue(const CatalogueTarget::Option& option, std::string_view value) {
  if (value.size() <= kMaxOptionValue && value.find('\0') == value.npos &&
      Matches(value, PatternOf(option))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("option \"", option.name(), "\" does not accept \"",
                   std::string(value.substr(0, 100)), "\": a value must match ",
                   std::string(PatternOf(option)), option.description().empty() ? "" : " (",
                   option.description(), option.description().empty() ? "" : ")"));
}

std::optional<int> StopSignal(std::string_view name) {
  static const auto* const signals = new std::map<std::string_view, int>{
      {"", SIGTERM},        {"SIGTERM", SIGTERM},   {"SIGINT", SIGINT},
      {"SIGQUIT", SIGQUIT}, {"SIGHUP", SIGHUP},     {"SIGUSR1", SIGUSR1},
      {"SIGUSR2", SIGUSR2}, {"SIGWINCH", SIGWINCH}, {"SIGKILL", SIGKILL},
  };
  const auto found = signals->find(name);
  if (found == signals->end()) return std::nullopt;
  return found->second;
}

}  // namespace assay::agent
