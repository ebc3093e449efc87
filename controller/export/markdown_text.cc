#include "controller/export/markdown_text.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/utf8.h"
#include "controller/report/html_text.h"
#include "controller/results/cell_table.h"
#include "controller/results/gate_findings.h"
#include "controller/results/imported_results.h"
#include "controller/results/result_notes.h"
#include "controller/results/results_json.h"
#include "controller/results/threshold_text.h"
#include "controller/verdict/verdict_words.h"

namespace assay::controller {
namespace {

// The facts of a host that a reader wants first.
constexpr const char* kFirstFacts[] = {"cpu.model", "kernel.release", "cpu.governor",
                                       "assay.version"};

bool IsWordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool EndsWord(std::string_view text, size_t i) {
  return i + 1 == text.size() || text[i + 1] == ' ';
}

// Whether the character at `i` begins or ends something in Markdown.
bool IsActive(std::string_view text, size_t i) {
  switch (text[i]) {
    case '\\':
    case '`':
    case '*':
    case '|':
    case '~':
    case '!':
    case '$':
      return true;
    case '_':
      // Within a word it is an ordinary character.
      return i == 0 || i + 1 == text.size() || !IsWordByte(text[i - 1]) || !IsWordByte(text[i + 1]);
    case ']':
      // Without what follows, brackets are no link. Intervals stay readable.
      return i + 1 < text.size() &&
             (text[i + 1] == '(' || text[i + 1] == '[' || text[i + 1] == ':');
    case '#':
    case '=':
      return i == 0;
    case '+':
    case '-':
      // "- " begins a list, "---" is a line.
      return i == 0 && (EndsWord(text, i) || text[i + 1] == text[i]);
    case '.':
    case ')':
      // "1. " begins a list.
      return i > 0 && EndsWord(text, i) &&
             std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(i),
                         [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
    default:
      return false;
  }
}

std::string Paragraph(std::string_view text) { return absl::StrCat(MarkdownEscaped(text), "\n\n"); }

std::string Item(std::string_view text) { return absl::StrCat("- ", MarkdownEscaped(text), "\n"); }

// A table; columns of names are aligned to the left. Leaves out columns that are empty in every row.
std::string TableText(const std::vector<std::string>& titles, const std::vector<bool>& is_name,
                      const std::vector<std::vector<std::string>>& rows) {
  std::string head = "|";
  std::string rule = "|";
  std::vector<std::string> lines(rows.size(), "|");
  for (size_t column = 0; column < titles.size(); ++column) {
    const bool used = std::any_of(rows.begin(), rows.end(),
                                  [&](const auto& row) { return !row[column].empty(); });
    if (!used) continue;
    absl::StrAppend(&head, " ", MarkdownEscaped(titles[column]), " |");
    absl::StrAppend(&rule, is_name[column] ? " --- |" : " ---: |");
    for (size_t i = 0; i < rows.size(); ++i)
      absl::StrAppend(&lines[i], " ", MarkdownEscaped(rows[i][column]), " |");
  }
  return absl::StrCat(head, "\n", rule, "\n", absl::StrJoin(lines, "\n"), "\n\n");
}

// Markdown does not read the title, which is HTML.
std::string Folded(const std::string& title, const std::string& content) {
  if (content.empty()) return "";
  return absl::StrCat("<details><summary>", HtmlText(title), "</summary>\n\n", content,
                      "</details>\n\n");
}

std::string Cells(const CampaignResults& results) {
  const CellTable cells = CellTableOf(results);
  if (cells.rows.empty()) return "";
  std::vector<std::string> titles;
  std::vector<bool> is_name;
  for (const CellTable::Column& column : cells.columns) {
    titles.push_back(column.title);
    is_name.push_back(column.is_name);
  }
  std::vector<std::vector<std::string>> rows;
  for (const std::vector<CellTable::Entry>& entries : cells.rows) {
    std::vector<std::string> row;
    for (const CellTable::Entry& entry : entries)
      row.push_back(absl::StrCat(entry.text, entry.interval.empty() ? "" : " ", entry.interval));
    rows.push_back(std::move(row));
  }
  return TableText(titles, is_name, rows);
}

std::string Gates(const CampaignResults& results) {
  if (IsImported(results.campaign)) return "";
  const GateFindings found = FindingsOf(results);
  std::string text =
      absl::StrCat(found.passed, found.passed == 1 ? " gate" : " gates", " passed",
                   results.invalid() ? "; at least one makes this result invalid" : "", ".\n\n");
  for (const GateFinding& finding : found.findings) text += Item(FindingText(finding));
  if (!found.findings.empty()) text += "\n";
  return text;
}

std::string Items(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += Item(line);
  return text.empty() ? text : absl::StrCat(text, "\n");
}

std::string Thresholds(const CampaignResults& results) {
  std::vector<std::string> lines;
  for (const ThresholdResult& one : JudgeThresholds(results)) lines.push_back(ThresholdText(one));
  return Items(lines);
}

std::string Comparisons(const CampaignVerdict& verdict) {
  std::vector<std::vector<std::string>> rows;
  for (const ComparisonWords& one : ComparisonsOf(verdict)) {
    rows.push_back(
        {one.sides, one.place, one.metric, one.change, one.verdict, one.blocks, one.needed});
  }
  if (rows.empty()) return "";
  return absl::StrCat(
      TableText({"comparison", "level", "metric", "change", "verdict", "blocks", "needed"},
                {true, true, true, false, false, false, false}, rows),
      Paragraph(FamilyText(verdict)));
}

std::string Environment(const CampaignRecord& campaign) {
  std::string text;
  for (const AgentRecord& agent : campaign.agents()) {
    const std::map<std::string, std::string> facts(agent.description().environment().begin(),
                                                   agent.description().environment().end());
    std::string title = absl::StrCat("Host ", agent.description().host());
    for (const char* const key : kFirstFacts) {
      const auto found = facts.find(key);
      if (found != facts.end()) absl::StrAppend(&title, ", ", found->second);
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& [key, value] : facts) rows.push_back({key, value});
    text += rows.empty() ? Paragraph(title)
                         : Folded(title, TableText({"fact", "value"}, {true, true}, rows));
  }
  return text;
}

std::string Head(const CampaignResults& results) {
  const CampaignRecord& campaign = results.campaign;
  std::string text = absl::StrCat("Campaign ", campaign.id());
  if (!campaign.label().empty()) absl::StrAppend(&text, " (", campaign.label(), ")");
  absl::StrAppend(&text, ", ", TimeText(campaign.started_us()), ", ", ProgressText(results));
  return Paragraph(
      absl::StrCat(text, campaign.status_reason().empty() ? "" : ": ", campaign.status_reason()));
}

std::string Section(std::string_view title, const std::string& content) {
  return content.empty() ? "" : absl::StrCat("#### ", MarkdownEscaped(title), "\n\n", content);
}

}  // namespace

std::string MarkdownEscaped(std::string_view text) {
  const std::string line = TerminalText(text);
  std::string escaped;
  for (size_t i = 0; i < line.size(); ++i) {
    switch (line[i]) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        if (IsActive(line, i)) escaped += '\\';
        escaped += line[i];
    }
  }
  return escaped;
}

std::string MarkdownText(const CampaignResults& results, const CampaignVerdict* verdict,
                         std::string_view rerun) {
  std::string text = absl::StrCat("### ", MarkdownEscaped(results.campaign.plan().name()), "\n\n");
  if (verdict != nullptr) {
    // The first sentences are the answer: one for each primary comparison, or that there is none.
    const size_t answers = std::max<size_t>(1, verdict->Primary().size());
    const std::vector<std::string> sentences = SentencesOf(*verdict);
    for (size_t i = 0; i < sentences.size(); ++i) {
      text += i < answers ? absl::StrCat("**", MarkdownEscaped(sentences[i]), "**\n\n")
                          : Paragraph(sentences[i]);
    }
  }
  absl::StrAppend(&text, Head(results), Cells(results), Items(NotesOf(results)),
                  Items(MissingOf(results)), Section("Gates", Gates(results)),
                  Section("Thresholds", Thresholds(results)));
  if (verdict != nullptr) text += Folded("Comparisons in all metrics", Comparisons(*verdict));
  text += Section("Environment", Environment(results.campaign));
  if (rerun.empty()) return text;
  return absl::StrCat(text, "Run it again:\n\n```\n", TerminalText(rerun), "\n```\n");
}

}  // namespace assay::controller
