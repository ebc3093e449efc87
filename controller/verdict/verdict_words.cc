#include "controller/verdict/verdict_words.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/number_text.h"
#include "controller/plan/cells.h"
#include "controller/results/text_table.h"

namespace assay::controller {
namespace {

constexpr double kZonePercent = 100 * ComparisonRules().zone;

double Percent(double ratio) { return 100 * (ratio - 1); }

// One decimal if the figure or its interval is so small that a whole percent would hide it.
int DecimalsOf(const Estimate& ratio) {
  const double width = ratio.low.has_value() ? Percent(*ratio.high) - Percent(*ratio.low) : 0;
  return std::abs(Percent(ratio.estimate)) >= 10 && (!ratio.low.has_value() || width >= 1.9) ? 0
                                                                                             : 1;
}

std::string Number(double value, int decimals) {
  // No "-0.0".
  if (std::abs(value) < 0.5 * std::pow(10, -decimals)) value = 0;
  return absl::StrFormat("%.*f", decimals, value);
}

// A change without its sign, for "31 % [29, 33] more": the interval is that of the size.
std::string SizeText(const Estimate& ratio) {
  const int decimals = DecimalsOf(ratio);
  const bool less = ratio.estimate < 1;
  const auto number = [&](double value) {
    return Number(less ? -Percent(value) : Percent(value), decimals);
  };
  std::string text = absl::StrCat(number(ratio.estimate), " %");
  if (!ratio.low.has_value()) return text;
  absl::StrAppend(&text, " [", number(less ? *ratio.high : *ratio.low), ", ",
                  number(less ? *ratio.low : *ratio.high), "]");
  return text;
}

std::string Baseline(const Comparison& one) {
  return one.target.empty() ? one.baseline : absl::StrCat("in ", one.baseline);
}

std::string Candidate(const Comparison& one) {
  return one.target.empty() ? one.candidate : absl::StrCat(one.target, " in ", one.candidate);
}

std::string Word(std::string_view word) { return std::string(word); }

std::string At(const Comparison& one, bool with_workload) {
  return absl::StrCat(one.below_saturation() ? " at this load, " : " at ",
                      PlaceText(one, with_workload));
}

std::string Decided(const Comparison& one, bool with_workload) {
  const MetricWords& words = one.metric->words;
  const RatioComparison& ratio = *one.ratio;
  if (ratio.verdict == Verdict::kEquivalent) {
    return absl::StrCat(Candidate(one), " ", Word(words.verb), " ", Word(words.same), " as ",
                        Baseline(one), At(one, with_workload), ", within ", kZonePercent, " % (",
                        ChangeText(ratio.ratio), "): equivalent.");
  }
  const bool less = ratio.ratio.estimate < 1;
  return absl::StrCat(Candidate(one), " ", Word(words.verb), " ", SizeText(ratio.ratio), " ",
                      Word(less ? words.less : words.more), " ", Word(words.noun), " than ",
                      Baseline(one), At(one, with_workload), " (", one.verdict_word(),
                      ratio.within_zone ? absl::StrCat(", by less than ", kZonePercent, " %") : "",
                      ").");
}

// Why there is no verdict, and what would give one.
std::string WhyInconclusive(const Comparison& one) {
  if (!one.ratio.has_value()) return absl::StrCat("inconclusive, because ", one.missing);
  const RatioComparison& ratio = *one.ratio;
  const std::string blocks = one.target.empty() ? CountText(ratio.blocks, "block")
                                                : CountText(ratio.blocks, "execution on each side",
                                                            "executions on each side");
  if (ratio.blocks < one.blocks_at_least) {
    return absl::StrCat("inconclusive: ", blocks, "; at least ", one.blocks_at_least, " needed");
  }
  const std::string so_far = absl::StrCat(ChangeText(ratio.ratio), ", inconclusive after ", blocks);
  if (ratio.blocks_needed.has_value())
    return absl::StrCat(so_far, "; about ", *ratio.blocks_needed, " would decide");
  return absl::StrCat(so_far,
                      "; more would hardly decide, because the difference is too close to a limit "
                      "or varies too much");
}

std::string Undecided(const Comparison& one, bool with_workload) {
  const MetricWords& words = one.metric->words;
  return absl::StrCat("Whether ", Candidate(one), " ", Word(words.verb), " ", Word(words.more),
                      " or ", Word(words.less), " ", Word(words.noun), " than ", Baseline(one),
                      At(one, with_workload), one.below_saturation() ? "," : "",
                      " is not decided: ", WhyInconclusive(one), ".");
}

// The first gate with its advice, the others by name.
std::string VoidText(const std::vector<GateResult>& gates) {
  const GateResult& gate = gates.front();
  std::set<std::string> others;
  for (const GateResult& one : gates) {
    if (one.name() != gate.name()) others.insert(one.name());
  }
  return absl::StrCat(
      "gate ", gate.name(), " is ", gate.has_value() ? FourDigits(gate.value()) : "not readable",
      " ", gate.unit(), " (limit ", NumberText(gate.limit()), ") in ", gate.subject(),
      others.empty() ? ""
                     : absl::StrCat(", and ", absl::StrJoin(others, ", "),
                                    others.size() == 1 ? " is" : " are", " invalid too"),
      ": ", gate.advice());
}

std::string ControlSentence(const std::vector<const Comparison*>& controls, bool with_workload) {
  if (controls.empty()) return "There was no A/A control.";
  std::vector<std::string> parts;
  for (const Comparison* const one : controls) {
    const std::string where =
        controls.size() == 1 ? "" : absl::StrCat(" at ", PlaceText(*one, with_workload));
    std::string what = absl::StrCat("inconclusive, because ", one->missing);
    if (!one->voided_by.empty()) {
      what = absl::StrCat("invalid (", one->voided_by.front().name(), ")");
    } else if (one->ratio.has_value()) {
      what = absl::StrCat(ChangeText(one->ratio->ratio), ", ", one->verdict_word());
    }
    parts.push_back(absl::StrCat(where, where.empty() ? "" : ": ", what));
  }
  return controls.size() == 1 ? absl::StrCat("A/A control: ", parts.front(), ".")
                              : absl::StrCat("A/A control", absl::StrJoin(parts, ";"), ".");
}

std::string ValiditySentence(const CampaignVerdict& verdict) {
  std::string text;
  if (verdict.invalid() || !verdict.invalid_campaign_gates.empty()) {
    std::set<std::string> names(verdict.invalid_campaign_gates.begin(),
                                verdict.invalid_campaign_gates.end());
    const auto add = [&](const std::vector<GateResult>& gates) {
      for (const GateResult& gate : gates) {
        if (gate.verdict() == GateResult::INVALID) names.insert(gate.name());
      }
    };
    add(verdict.gates);
    for (const auto* all : {&verdict.comparisons, &verdict.aa}) {
      for (const Comparison& one : *all) add(one.voided_by);
    }
    text = absl::StrCat("The measurement is not sound: ", absl::StrJoin(names, ", "),
                        names.size() == 1 ? " is invalid" : " are invalid");
  } else {
    text = verdict.campaigns.size() == 1 ? "Nothing invalidated the run"
                                         : "Nothing invalidated the two campaigns";
  }
  if (!verdict.invalid_elsewhere.empty()) {
    const std::set<std::string> names(verdict.invalid_elsewhere.begin(),
                                      verdict.invalid_elsewhere.end());
    absl::StrAppend(&text, "; executions that are not compared are not sound: ",
                    absl::StrJoin(names, ", "), names.size() == 1 ? " is invalid" : " are invalid");
  }
  if (!verdict.warnings.empty()) {
    absl::StrAppend(&text, "; ", CountText(verdict.warnings.size(), "gate warns", "gates warn"),
                    " or could not be read: ", absl::StrJoin(verdict.warnings, ", "));
  }
  return text + ".";
}

std::vector<const Comparison*> PrimaryOf(const std::vector<Comparison>& all) {
  std::vector<const Comparison*> primary;
  for (const Comparison& one : all) {
    if (one.primary) primary.push_back(&one);
  }
  return primary;
}

std::string Sentence(std::string text) {
  if (!text.empty()) text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
  return text + ".";
}

}  // namespace

std::string ChangeText(const Estimate& ratio) {
  const int decimals = DecimalsOf(ratio);
  const auto number = [decimals](double value) { return Number(Percent(value), decimals); };
  const std::string estimate = number(ratio.estimate);
  std::string text = absl::StrCat(estimate.front() == '-' ? "" : "+", estimate, " %");
  if (ratio.low.has_value())
    absl::StrAppend(&text, " [", number(*ratio.low), ", ", number(*ratio.high), "]");
  return text;
}

std::string SidesText(const Comparison& comparison) {
  return absl::StrCat(Candidate(comparison), " against ", comparison.baseline);
}

std::string PlaceText(const Comparison& comparison, bool with_workload) {
  const std::string level = LevelText(comparison.cell);
  return with_workload ? absl::StrCat(comparison.cell.workload(), ", ", level) : level;
}

std::string SentenceOf(const Comparison& comparison, bool with_workload) {
  if (!comparison.voided_by.empty()) {
    return absl::StrCat("There is no verdict on ", SidesText(comparison), " at ",
                        PlaceText(comparison, with_workload),
                        " (invalid): ", VoidText(comparison.voided_by), ".");
  }
  const bool decided =
      comparison.ratio.has_value() && comparison.ratio->verdict != Verdict::kInconclusive;
  return decided ? Decided(comparison, with_workload) : Undecided(comparison, with_workload);
}

std::vector<std::string> SentencesOf(const CampaignVerdict& verdict) {
  std::vector<std::string> sentences;
  const bool with_workload = HasWorkloads(verdict);
  for (const Comparison* const one : verdict.Primary())
    sentences.push_back(SentenceOf(*one, with_workload));
  if (sentences.empty()) sentences.emplace_back("There is nothing to compare.");
  if (verdict.campaigns.size() == 1) {
    sentences.push_back(ControlSentence(PrimaryOf(verdict.aa), with_workload));
  } else {
    sentences.emplace_back(
        "The two campaigns are not interleaved: the difference contains what changed on the hosts "
        "in between.");
  }
  sentences.push_back(ValiditySentence(verdict));
  for (const std::string& limit : verdict.limits) sentences.push_back(Sentence(limit));
  return sentences;
}

std::vector<ComparisonWords> ComparisonsOf(const CampaignVerdict& verdict) {
  std::vector<ComparisonWords> all;
  const bool with_workload = HasWorkloads(verdict);
  for (const auto* const part : {&verdict.comparisons, &verdict.aa}) {
    for (const Comparison& one : *part) {
      const bool known = one.ratio.has_value();
      all.push_back({.sides = absl::StrCat(part == &verdict.aa ? "A/A " : "", SidesText(one)),
                     .place = PlaceText(one, with_workload),
                     .metric = absl::StrCat(Word(one.metric->name), one.primary ? " *" : ""),
                     .change = known ? ChangeText(one.ratio->ratio) : "n/a",
                     .verdict = one.verdict_word(),
                     .blocks = known ? absl::StrCat(one.ratio->blocks) : "0",
                     .needed = known && one.ratio->blocks_needed.has_value()
                                   ? absl::StrCat(*one.ratio->blocks_needed)
                                   : ""});
    }
  }
  return all;
}

std::string FamilyText(const CampaignVerdict& verdict) {
  return absl::StrCat(
      "* the metric that decides: ", DesignText(verdict.design),
      verdict.campaigns.size() > 1 ? ", " : " design, ",
      CountText(verdict.family, "comparison", "comparisons that hold together"),
      " with 95 % confidence; the other metrics are descriptive, each with 95 % of its own");
}

std::string DesignText(CampaignVerdict::Design design) {
  switch (design) {
    case CampaignVerdict::Design::kSequential:
      return "sequential";
    case CampaignVerdict::Design::kInterleaved:
      return "interleaved";
    case CampaignVerdict::Design::kTwoCampaigns:
      return "two campaigns";
  }
  return "";
}

bool HasWorkloads(const CampaignVerdict& verdict) {
  return std::any_of(verdict.comparisons.begin(), verdict.comparisons.end(),
                     [&](const Comparison& one) {
                       return one.cell.workload() != verdict.comparisons.front().cell.workload();
                     });
}

}  // namespace assay::controller
