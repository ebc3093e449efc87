// The commands `report` and `export`, which write campaigns to files.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/json_text.h"
#include "common/output_file.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "common/unique_fd.h"
#include "common/utf8.h"
#include "controller/commands/command.h"
#include "controller/commands/reporting.h"
#include "controller/export/hdr_export.h"
#include "controller/export/junit_text.h"
#include "controller/export/markdown_text.h"
#include "controller/export/open_metrics_text.h"
#include "controller/export/profile_export.h"
#include "controller/export/samples_export.h"
#include "controller/gates/gate_keeper.h"
#include "controller/report/profile_section.h"
#include "controller/report/report_page.h"
#include "controller/results/campaign_results.h"
#include "controller/results/imported_results.h"
#include "controller/results/profile_results.h"
#include "controller/results/results_json.h"
#include "controller/results/results_text.h"
#include "controller/verdict/campaign_verdict.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

constexpr double kNanosInSecond = 1e9;
constexpr char kOnlyFigures[] = "it has only figures, no samples, histograms or profiles";
// A year: far beyond every window, and in range as nanoseconds.
constexpr double kLongestWindowSeconds = 366.0 * 24 * 3600;

struct FileFlags {
  CommonFlags common;
  std::string id;
  std::string out;
  std::string format = "json";
  // Only for --format=samples: seconds of the window.
  std::optional<double> from_s;
  std::optional<double> to_s;
};

absl::StatusOr<CampaignRecord> Named(const FileFlags& flags, std::unique_ptr<Store>* store) {
  ASSAY_ASSIGN_OR_RETURN(*store, OpenStore(flags.common, Store::Mode::kRead));
  return (*store)->Find(flags.id);
}

absl::Status CreateFolderOf(const std::string& path) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error)
    return absl::PermissionDeniedError(
        absl::StrCat("cannot create folder ", TerminalText(folder.string()), ": ", error.message(),
                     "; write to another folder with -o"));
  return absl::OkStatus();
}

absl::Status WriteWithFolder(const std::string& path, const std::string& content) {
  ASSAY_RETURN_IF_ERROR(CreateFolderOf(path));
  return WriteFileAtomically(path, content);
}

std::string JsonFile(const CampaignResults& results) {
  // Reserve the exact size: a string that grows takes up to three times its size in memory.
  size_t size = 1;
  WriteJson(results, nlohmann::ordered_json::object(),
            [&](const std::string& piece) { size += piece.size(); });
  std::string text;
  text.reserve(size);
  WriteJson(results, nlohmann::ordered_json::object(),
            [&](const std::string& piece) { text += piece; });
  text += "\n";
  return text;
}

// The results of a campaign as one file.
ExportedFile ResultsFile(const CampaignResults& results, const CampaignVerdict* verdict,
                         const std::string& format) {
  const std::string name = absl::StrCat("campaign-", results.campaign.id());
  if (format == "csv") return {absl::StrCat(name, ".csv"), ToCsv(results)};
  if (format == "junit") return {absl::StrCat(name, ".junit.xml"), JunitText(results, verdict)};
  if (format == "markdown") {
    return {absl::StrCat(name, ".md"),
            MarkdownText(results, verdict,
                         IsImported(results.campaign)
                             ? ""
                             : CommandText(absl::StrCat("rerun ", results.campaign.id())))};
  }
  if (format == "openmetrics") {
    return {absl::StrCat(name, ".openmetrics.txt"),
            OpenMetricsText(results, verdict, SampleTimes::kOfCampaign)};
  }
  return {absl::StrCat(name, ".json"), JsonFile(results)};
}

// Appends to `damaged` each record of the campaign that could not be read.
absl::StatusOr<Export> FilesOf(Store& store, const CampaignRecord& campaign,
                               const std::string& format, std::vector<absl::Status>& damaged) {
  if (format == "hdr" || IsProfileFormat(format))
    ASSAY_RETURN_IF_ERROR(CheckNotImported(campaign, kOnlyFigures));
  if (IsProfileFormat(format)) {
    ASSAY_ASSIGN_OR_RETURN(const std::vector<CellProfiles> profiles,
                           ReadProfiles(store, campaign, &damaged));
    ASSAY_ASSIGN_OR_RETURN(const CategoryRules categories, LoadCategoryRules());
    return ExportProfiles(profiles, format, categories);
  }
  if (format == "hdr") {
    ASSAY_ASSIGN_OR_RETURN(std::vector<ExportedFile> files, ExportHdr(store, campaign, &damaged));
    return Export{.files = std::move(files)};
  }
  ASSAY_ASSIGN_OR_RETURN(const GateRules rules, LoadGateRules());
  ASSAY_ASSIGN_OR_RETURN(CampaignResults results, ReadResults(store, rules, campaign));
  // Adds the gates of the comparison, as `show` has them.
  ASSAY_ASSIGN_OR_RETURN(const std::optional<CampaignVerdict> verdict,
                         TakeVerdict(store, rules, results));
  damaged = results.damaged;
  return Export{.files = {ResultsFile(results, verdict.has_value() ? &*verdict : nullptr, format)}};
}

// Prints the path of a file that was written. Prints nothing for a descriptor of the shell, such as /dev/stdout, which
// must receive the content alone.
void PrintPath(const std::string& path) {
  if (!OwnDescriptor(path).has_value()) std::cout << TerminalText(path) << "\n";
}

// Whether `out` is a pipe, a character device, or a descriptor that the shell opened, such as /dev/stdout or /dev/fd/3.
bool IsStream(const std::string& out) {
  std::error_code error;
  return OwnDescriptor(out).has_value() || std::filesystem::is_character_file(out, error) ||
         std::filesystem::is_fifo(out, error);
}

// Writes the files into the folder `out`. If `out` is a stream, it takes a single file.
absl::Status WriteExport(const std::vector<ExportedFile>& files, const std::string& out) {
  if (IsStream(out)) {
    if (files.size() != 1) {
      return absl::InvalidArgumentError(absl::StrCat("the export has ", files.size(),
                                                     " files, and ", TerminalText(out),
                                                     " takes only one: pass a folder to -o"));
    }
    ASSAY_RETURN_IF_ERROR(WriteFileAtomically(out, files.front().content));
    PrintPath(out);
    return absl::OkStatus();
  }
  std::vector<std::string> paths;
  absl::Status written;
  for (const ExportedFile& file : files) {
    const std::string path = absl::StrCat(out, "/", file.name);
    written = WriteWithFolder(path, file.content);
    if (!written.ok()) break;
    paths.push_back(path);
  }
  // Print the paths after the last file is written: a reader that exits early (`| head`) ends this program.
  for (const std::string& path : paths) PrintPath(path);
  return written;
}

// Prints what an export lacks.
void PrintLeftOut(const std::vector<std::string>& left_out) {
  for (const std::string& what : left_out) {
    std::cerr << "left out: " << TerminalText(what) << "\n";
  }
}

absl::StatusOr<SampleRange> RangeOf(const FileFlags& flags) {
  SampleRange range;
  if (flags.from_s.has_value()) range.from_ns = std::llround(*flags.from_s * kNanosInSecond);
  if (flags.to_s.has_value()) range.to_ns = std::llround(*flags.to_s * kNanosInSecond);
  if (range.from_ns < range.to_ns) return range;
  return absl::InvalidArgumentError("--from must be less than --to");
}

// Streams the samples into the stream, or into a file in the folder, that -o names. The file appears when it is complete.
absl::Status WriteSamplesTo(Store& store, const CampaignRecord& campaign, const SampleRange& range,
                            const std::string& out, std::vector<absl::Status>* damaged) {
  const bool stream = IsStream(out);
  const std::string path =
      stream ? out : absl::StrCat(out, "/campaign-", campaign.id(), "-samples.csv");
  const std::string writing = stream ? path : absl::StrCat(path, ".partial");
  if (!stream) ASSAY_RETURN_IF_ERROR(CreateFolderOf(path));
  ASSAY_ASSIGN_OR_RETURN(const UniqueFd file, OpenOutput(writing));
  const absl::StatusOr<SamplesWritten> written = WriteSamples(
      store, campaign, range,
      [&](std::string_view text) { return WriteAll(file.get(), text, writing); }, damaged);
  std::error_code error;
  if (!written.ok()) {
    if (!stream) std::filesystem::remove(writing, error);
    return written.status();
  }
  if (!stream) std::filesystem::rename(writing, path, error);
  if (error) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot rename ", TerminalText(writing), ": ", error.message()));
  }
  PrintLeftOut(written->left_out);
  PrintPath(path);
  return absl::OkStatus();
}

ExitStatus ExportSamples(const FileFlags& flags) {
  const absl::StatusOr<SampleRange> range = RangeOf(flags);
  if (!range.ok()) return Fail(range.status());
  std::unique_ptr<Store> store;
  const absl::StatusOr<CampaignRecord> campaign = Named(flags, &store);
  if (!campaign.ok()) return Fail(campaign.status());
  const absl::Status measured = CheckNotImported(*campaign, kOnlyFigures);
  if (!measured.ok()) return Fail(measured);
  std::vector<absl::Status> damaged;
  const absl::Status written =
      WriteSamplesTo(*store, *campaign, *range, UserPath(flags.out), &damaged);
  const ExitStatus of_damage = FailEach(damaged);
  return written.ok() ? of_damage : Fail(written);
}

ExitStatus ExportCampaign(const FileFlags& flags) {
  if (flags.format == "samples") return ExportSamples(flags);
  if (flags.from_s.has_value() || flags.to_s.has_value()) {
    return Fail(absl::InvalidArgumentError(
        "--from and --to select raw samples: pass --format=samples too"));
  }
  std::unique_ptr<Store> store;
  const absl::StatusOr<CampaignRecord> campaign = Named(flags, &store);
  if (!campaign.ok()) return Fail(campaign.status());
  std::vector<absl::Status> damaged;
  const absl::StatusOr<Export> made = FilesOf(*store, *campaign, flags.format, damaged);
  if (!made.ok()) {
    FailEach(damaged);
    return FailToRead(*campaign, made.status());
  }
  PrintLeftOut(made->left_out);
  const absl::Status written = WriteExport(made->files, UserPath(flags.out));
  return written.ok() ? FailEach(damaged) : Fail(written);
}

ExitStatus Report(const FileFlags& flags) {
  std::unique_ptr<Store> store;
  const absl::StatusOr<CampaignRecord> campaign = Named(flags, &store);
  if (!campaign.ok()) return Fail(campaign.status());
  const std::string path =
      flags.out.empty() ? absl::StrCat("assay-", campaign->id(), ".html") : flags.out;
  const absl::StatusOr<GateRules> rules = LoadGateRules();
  if (!rules.ok()) return Fail(rules.status());
  absl::StatusOr<CampaignResults> results = ReadResults(*store, *rules, *campaign);
  if (!results.ok()) return Fail(results.status());
  const absl::StatusOr<std::optional<CampaignVerdict>> verdict =
      TakeVerdict(*store, *rules, *results);
  if (!verdict.ok()) return Fail(verdict.status());
  const absl::StatusOr<std::vector<CellProfiles>> profiles = ReadProfilesOf(*store, *results);
  if (!profiles.ok()) return Fail(profiles.status());
  const absl::Status written =
      WriteReport(*results, *profiles, verdict->has_value() ? &**verdict : nullptr, UserPath(path));
  if (!written.ok()) return Fail(written);
  PrintPath(UserPath(path));
  return FailEach(results->damaged);
}

void AddId(CLI::App& command, FileFlags& flags) {
  command.add_option("ID", flags.id, "Campaign: its ID, a prefix of the ID, its label, or latest")
      ->required();
  AddStoreFlag(command, flags.common);
}

}  // namespace

absl::Status WriteReport(const CampaignResults& results, const std::vector<CellProfiles>& profiles,
                         const CampaignVerdict* verdict, const std::string& path) {
  ASSAY_ASSIGN_OR_RETURN(const CategoryRules categories, LoadCategoryRules());
  return WriteWithFolder(path, ReportPage(results, profiles, categories, verdict));
}

absl::StatusOr<std::vector<CellProfiles>> ReadProfilesOf(Store& store, CampaignResults& results) {
  std::vector<absl::Status> damaged;
  ASSAY_ASSIGN_OR_RETURN(std::vector<CellProfiles> profiles,
                         ReadProfiles(store, results.campaign, &damaged));
  // The results already list the damaged executions, but not the damaged profiles.
  for (absl::Status& one : damaged) {
    if (std::find(results.damaged.begin(), results.damaged.end(), one) == results.damaged.end())
      results.damaged.push_back(std::move(one));
  }
  return profiles;
}

void AddReportCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "report",
      "Write a campaign as one self-contained HTML file: table, figures, gates, hosts, flame "
      "graphs");
  command->footer("Example: controller report latest -o report.html");
  auto flags = std::make_shared<FileFlags>();
  AddId(*command, *flags);
  command->add_option("-o,--output", flags->out, "File to write (default: assay-ID.html)");
  command->callback(
      [flags, &chosen] { chosen = [flags](Interruption&) { return Report(*flags); }; });
}

void AddExportCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("export", "Write a campaign as files for other tools");
  command->footer(
      "Example: controller export latest --format=pprof -o profiles\n"
      "         controller export latest --format=csv -o /dev/stdout\n"
      "         controller export latest --format=samples --from=2 --to=3 -o samples");
  auto flags = std::make_shared<FileFlags>();
  AddId(*command, *flags);
  command
      ->add_option("--format", flags->format,
                   "Format of the files: json, csv, hdr, samples, markdown, junit, openmetrics, "
                   "folded, pprof, speedscope, flamegraph or perf-script (default: json)")
      ->check(CLI::IsMember({"json", "csv", "hdr", "samples", "markdown", "junit", "openmetrics",
                             "folded", "pprof", "speedscope", "flamegraph", "perf-script"})
                  .description(""));
  const auto add_bound = [&](const char* name, std::optional<double>& bound, const char* what) {
    command->add_option(name, bound, what)
        ->check(CLI::Range(-kLongestWindowSeconds, kLongestWindowSeconds).description(""))
        ->type_name("SECONDS");
  };
  add_bound("--from", flags->from_s,
            "With --format=samples: leave out requests sent before this time of the window");
  add_bound("--to", flags->to_s,
            "With --format=samples: leave out requests sent at this time of the window or later");
  command->add_option("-o,--output", flags->out, "Folder to write to; created if it does not exist")
      ->required();
  command->callback(
      [flags, &chosen] { chosen = [flags](Interruption&) { return ExportCampaign(*flags); }; });
}

}  // namespace assay::controller
