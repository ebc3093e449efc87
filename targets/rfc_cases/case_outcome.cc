#include "targets/rfc_cases/case_outcome.h"

#include <algorithm>
#include <cstddef>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/status_macros.h"
#include "proto/text/text_proto.h"

namespace assay::targets {
namespace {

constexpr int kMaxRepetitions = 1 << 20;

std::string_view EndName(CaseOutcome::End end) {
  switch (end) {
    case CaseOutcome::End::kOpen:
      return "open";
    case CaseOutcome::End::kClose:
      return "close";
    case CaseOutcome::End::kWaits:
      return "waits";
    case CaseOutcome::End::kGarbage:
      return "garbage";
  }
  return "";
}

bool IsEnd(std::string_view word) { return word == "open" || word == "close"; }

// "200", or "4xx" for a class.
bool IsStatus(std::string_view word) {
  if (word.size() != 3 || word[0] < '1' || word[0] > '5') return false;
  if (word.substr(1) == "xx") return true;
  return absl::ascii_isdigit(word[1]) && absl::ascii_isdigit(word[2]);
}

bool StatusMatches(std::string_view word, int status) {
  const std::string digits = absl::StrCat(status);
  return word == digits || (word.substr(1) == "xx" && word[0] == digits[0]);
}

std::vector<std::string> Words(std::string_view allowed) {
  return absl::StrSplit(std::string(allowed), ' ', absl::SkipEmpty());
}

bool IsReadable(std::string_view allowed) {
  const std::vector<std::string> words = Words(allowed);
  for (size_t i = 0; i < words.size(); ++i) {
    if (!IsStatus(words[i]) && !(IsEnd(words[i]) && i + 1 == words.size())) return false;
  }
  return !words.empty();
}

bool IsName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
  });
}

}  // namespace

std::string CaseOutcome::ToString() const {
  return absl::StrCat(absl::StrJoin(statuses, " "), statuses.empty() ? "" : " ",
                      std::string(EndName(end)));
}

bool Covers(std::string_view allowed, const CaseOutcome& outcome) {
  std::vector<std::string> words = Words(allowed);
  const bool sound =
      outcome.end == CaseOutcome::End::kOpen || outcome.end == CaseOutcome::End::kClose;
  if (IsEnd(words.back())) {
    if (words.back() != EndName(outcome.end)) return false;
    words.pop_back();
  }
  return sound && std::equal(words.begin(), words.end(), outcome.statuses.begin(),
                             outcome.statuses.end(), StatusMatches);
}

bool Allows(const RfcCase& rfc_case, const CaseOutcome& outcome) {
  return std::any_of(rfc_case.allow().begin(), rfc_case.allow().end(),
                     [&](const std::string& allowed) { return Covers(allowed, outcome); });
}

std::string Expanded(std::string_view send) {
  std::string bytes;
  while (true) {
    const size_t close = send.find('>');
    if (close == send.npos) return bytes.append(send);
    const size_t star = send.rfind('*', close);
    const size_t open = star == send.npos ? send.npos : send.rfind('<', star);
    int times = 0;
    if (open != send.npos &&
        absl::SimpleAtoi(std::string(send.substr(star + 1, close - star - 1)), &times) &&
        times >= 0 && times <= kMaxRepetitions) {
      bytes.append(send.substr(0, open));
      for (int i = 0; i < times; ++i) bytes.append(send.substr(open + 1, star - open - 1));
    } else {
      bytes.append(send.substr(0, close + 1));
    }
    send.remove_prefix(close + 1);
  }
}

absl::StatusOr<RfcCases> ParseCases(std::string_view text, std::string_view file_name) {
  RfcCases cases;
  TextLocations locations;
  ASSAY_RETURN_IF_ERROR(ParseTextProto(text, file_name, &cases, &locations));
  std::vector<std::string> mistakes;
  std::set<std::string> names;
  for (int i = 0; i < cases.cases_size(); ++i) {
    const RfcCase& one = cases.cases(i);
    const auto add = [&](std::string_view field, std::string_view what) {
      mistakes.push_back(absl::StrCat(locations.Of(cases, {{"cases", i}, {field}}), ": case \"",
                                      one.name(), "\": ", std::string(what)));
    };
    if (!IsName(one.name())) add("name", "a name may only have a-z, 0-9 and _");
    if (!names.insert(one.name()).second) add("name", "an earlier case has the same name");
    if (one.rfc().empty() || one.rule().empty()) add("rfc", "rfc or rule is missing");
    if (one.level() == RfcCase::LEVEL_UNSPECIFIED) add("level", "level is missing");
    if (one.send().empty()) add("send", "send is empty");
    if (one.allow_size() == 0) add("allow", "no outcome is allowed");
    for (const std::string& allowed : one.allow()) {
      if (!IsReadable(allowed)) {
        add("allow",
            absl::StrCat("\"", allowed,
                         "\" is not a list of statuses, optionally followed by open or close"));
      }
    }
  }
  if (mistakes.empty()) return cases;
  return absl::InvalidArgumentError(absl::StrJoin(mistakes, "\n"));
}

}  // namespace assay::targets
