#include "controller/export/profile_export.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "analysis/profile/folded_text.h"
#include "analysis/profile/perf_script.h"
#include "common/status_macros.h"
#include "controller/export/pprof_file.h"
#include "controller/export/speedscope_text.h"
#include "controller/plan/cells.h"
#include "controller/report/profile_section.h"
#include "controller/results/profile_pairs.h"
#include "proto/convert/profile_spans.h"

namespace assay::controller {
namespace {

constexpr std::string_view kFormats[] = {"folded", "flamegraph", "pprof", "speedscope",
                                         "perf-script"};

absl::StatusOr<std::string> RunAs(const ProfiledRun& run, const std::string& name,
                                  std::string_view format) {
  if (format == "speedscope") return SpeedscopeText(run.stacks, name);
  if (format == "perf-script") return PerfScriptText(run.stacks, run.info.event());
  PprofFacts facts;
  facts.frequency_hz = run.info.frequency_hz();
  facts.duration_ns = SampledNanos(run.info);
  facts.start_unix_ns = run.started_us * 1000;
  facts.comments = {absl::StrCat("event: ", run.info.event()),
                    absl::StrCat("requests: ", run.info.requests()),
                    absl::StrCat("execution: ", run.execution_id)};
  return PprofFile(run.stacks, facts);
}

const char* Suffix(std::string_view format) {
  if (format == "pprof") return ".pb.gz";
  if (format == "speedscope") return ".speedscope.json";
  return ".perf-script.txt";
}

absl::Status NothingThere(const std::vector<CellProfiles>& cells) {
  for (const CellProfiles& cell : cells) {
    if (!cell.refused.empty()) {
      return absl::NotFoundError(absl::StrCat("no profile was taken: ", cell.Refusal()));
    }
    if (!cell.unreadable.empty()) return absl::DataLossError(cell.unreadable.front());
  }
  return absl::NotFoundError(
      "the campaign has no profile; a plan takes one with `profile { frequency_hz: 199 "
      "separate_execution { seconds: 10 } }`");
}

absl::Status AddDifferences(const std::vector<CellProfiles>& cells, const CategoryRules& rules,
                            ExportedFiles& files, std::vector<std::string>* left_out) {
  ProfilePairs found = PairsOf(cells);
  *left_out = std::move(found.left_out);
  for (const ProfilePair& pair : found.pairs) {
    absl::StatusOr<std::string> page = DifferencePage(pair, rules);
    if (absl::IsInvalidArgument(page.status())) {
      left_out->push_back(absl::StrCat(TitleOf(pair), ": ", page.status().message()));
      continue;
    }
    ASSAY_RETURN_IF_ERROR(page.status());
    const Cell& baseline = pair.baseline->cell;
    const Cell& other = pair.other->cell;
    files.Add(absl::StrCat(FileNameOf(baseline), "-against-", FileNameOf(other)), ".html",
              absl::StrCat(CellText(baseline), "\n", CellText(other)), *std::move(page));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsProfileFormat(std::string_view format) {
  return std::find(std::begin(kFormats), std::end(kFormats), format) != std::end(kFormats);
}

absl::StatusOr<Export> ExportProfiles(const std::vector<CellProfiles>& cells,
                                      std::string_view format, const CategoryRules& rules) {
  Export made;
  ExportedFiles files;
  for (const CellProfiles& cell : cells) {
    if (cell.runs.empty()) continue;
    const std::string name = FileNameOf(cell.cell);
    if (format == "folded") {
      files.Add(name, ".folded", CellText(cell.cell), FoldedText(cell.Tree()));
    } else if (format == "flamegraph") {
      files.Add(name, ".html", CellText(cell.cell), ProfilePage(cell));
    } else {
      for (const ProfiledRun& run : cell.runs) {
        const std::string title = absl::StrCat(name, "-block-", run.block + 1);
        ASSAY_ASSIGN_OR_RETURN(std::string content, RunAs(run, title, format));
        files.Add(title, Suffix(format), run.execution_id, std::move(content));
      }
    }
  }
  if (files.empty()) return NothingThere(cells);
  if (format == "flamegraph")
    ASSAY_RETURN_IF_ERROR(AddDifferences(cells, rules, files, &made.left_out));
  made.files = files.Take();
  return made;
}

}  // namespace assay::controller
