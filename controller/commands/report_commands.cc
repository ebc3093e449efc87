// report, export: what leaves the store as files.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/json_text.h"
#include "common/output_file.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "controller/campaign/gate_keeper.h"
#include "controller/commands/command.h"
#include "controller/commands/reporting.h"
#include "controller/export/hdr_export.h"
#include "controller/export/profile_export.h"
#include "controller/report/profile_section.h"
#include "controller/report/report_page.h"
#include "controller/results/campaign_results.h"
#include "controller/results/profile_results.h"
#include "controller/results/results_json.h"
#include "controller/results/results_text.h"

namespace assay::controller {
namespace {

struct FileFlags {
  CommonFlags flags;
  std::string id;
  std::string out;
  std::string format = "json";
};

absl::StatusOr<CampaignRecord> Named(const FileFlags& words, std::unique_ptr<Store>* store) {
  ASSAY_ASSIGN_OR_RETURN(*store, OpenStore(words.flags, Store::Mode::kRead));
  return (*store)->Find(words.id);
}

absl::Status WriteWithFolder(const std::string& path, const std::string& content) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error)
    return absl::PermissionDeniedError(
        absl::StrCat(TerminalText(folder.string()), ": ", error.message()));
  return WriteFileAtomically(path, content);
}

std::string JsonFile(const CampaignResults& results) {
  // A string that grows takes up to three times its length.
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

// `damaged` gets what of the campaign could not be read.
absl::StatusOr<Export> FilesOf(Store& store, const CampaignRecord& campaign,
                               const std::string& format, std::vector<absl::Status>& damaged) {
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
  ASSAY_ASSIGN_OR_RETURN(const CampaignResults results, ReadResults(store, rules, campaign));
  damaged = results.damaged;
  const std::string name = absl::StrCat("campaign-", campaign.id(), ".", format);
  return Export{.files = {{name, format == "csv" ? ToCsv(results) : JsonFile(results)}}};
}

// Names a file that was written. A descriptor of the shell's, such as /dev/stdout, holds the content and nothing else.
void SayWhere(const std::string& path) {
  if (!OwnDescriptor(path).has_value()) std::cout << TerminalText(path) << "\n";
}

// Whether `out` is there and no folder: a pipe, a device, or what the shell opened as /dev/stdout or /dev/fd/3.
bool IsStream(const std::string& out) {
  std::error_code error;
  return OwnDescriptor(out).has_value() || std::filesystem::is_character_file(out, error) ||
         std::filesystem::is_fifo(out, error);
}

// In the folder `out`; a single file may go into a stream.
absl::Status WriteExport(const std::vector<ExportedFile>& files, const std::string& out) {
  if (IsStream(out)) {
    if (files.size() != 1) {
      return absl::InvalidArgumentError(absl::StrCat("the export has ", files.size(),
                                                     " files, and ", TerminalText(out),
                                                     " takes one: give a folder to -o"));
    }
    ASSAY_RETURN_IF_ERROR(WriteFileAtomically(out, files.front().content));
    SayWhere(out);
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
  // Behind the last file: a reader that leaves early (`| head`) ends this program.
  for (const std::string& path : paths) SayWhere(path);
  return written;
}

ExitStatus ExportCampaign(const FileFlags& words) {
  std::unique_ptr<Store> store;
  const absl::StatusOr<CampaignRecord> campaign = Named(words, &store);
  if (!campaign.ok()) return Fail(campaign.status());
  std::vector<absl::Status> damaged;
  const absl::StatusOr<Export> made = FilesOf(*store, *campaign, words.format, damaged);
  if (!made.ok()) {
    FailEach(damaged);
    return FailToRead(*campaign, made.status());
  }
  for (const std::string& what : made->left_out) {
    std::cerr << "left out: " << TerminalText(what) << "\n";
  }
  const absl::Status written = WriteExport(made->files, UserPath(words.out));
  return written.ok() ? FailEach(damaged) : Fail(written);
}

ExitStatus Report(const FileFlags& words) {
  std::unique_ptr<Store> store;
  const absl::StatusOr<CampaignRecord> campaign = Named(words, &store);
  if (!campaign.ok()) return Fail(campaign.status());
  const std::string path =
      words.out.empty() ? absl::StrCat("assay-", campaign->id(), ".html") : words.out;
  std::vector<absl::Status> damaged;
  const absl::Status written = WriteReport(*store, *campaign, UserPath(path), damaged);
  if (!written.ok()) return Fail(written);
  SayWhere(UserPath(path));
  return FailEach(damaged);
}

void AddId(CLI::App& command, FileFlags& words) {
  command.add_option("ID", words.id, "An id, a prefix of one, a label, or latest")->required();
  AddStoreFlag(command, words.flags);
}

}  // namespace

absl::Status WriteReport(Store& store, const CampaignRecord& campaign, const std::string& path,
                         std::vector<absl::Status>& damaged) {
  ASSAY_ASSIGN_OR_RETURN(const GateRules rules, LoadGateRules());
  ASSAY_ASSIGN_OR_RETURN(CampaignResults results, ReadResults(store, rules, campaign));
  ASSAY_ASSIGN_OR_RETURN(const std::vector<CellProfiles> profiles, ReadProfilesOf(store, results));
  damaged = results.damaged;
  ASSAY_ASSIGN_OR_RETURN(const CategoryRules categories, LoadCategoryRules());
  return WriteWithFolder(path, ReportPage(results, profiles, categories));
}

absl::StatusOr<std::vector<CellProfiles>> ReadProfilesOf(Store& store, CampaignResults& results) {
  std::vector<absl::Status> damaged;
  ASSAY_ASSIGN_OR_RETURN(std::vector<CellProfiles> profiles,
                         ReadProfiles(store, results.campaign, &damaged));
  // Damaged executions are known by now; damaged profiles are not.
  for (absl::Status& one : damaged) {
    if (std::find(results.damaged.begin(), results.damaged.end(), one) == results.damaged.end())
      results.damaged.push_back(std::move(one));
  }
  return profiles;
}

void AddReportCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "report",
      "A campaign as one self-contained HTML file: table, figures, gates, hosts, flame graphs");
  command->footer("Example: controller report latest -o report.html");
  auto words = std::make_shared<FileFlags>();
  AddId(*command, *words);
  command->add_option("-o,--output", words->out, "The file [assay-ID.html]");
  command->callback(
      [words, &chosen] { chosen = [words](Interruption&) { return Report(*words); }; });
}

void AddExportCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("export", "A campaign as files for other tools");
  command->footer("Example: controller export latest --format=pprof -o profiles");
  auto words = std::make_shared<FileFlags>();
  AddId(*command, *words);
  command
      ->add_option("--format", words->format,
                   "json, csv, hdr, folded, pprof, speedscope, flamegraph or perf-script [json]")
      ->check(CLI::IsMember({"json", "csv", "hdr", "folded", "pprof", "speedscope", "flamegraph",
                             "perf-script"})
                  .description(""));
  command->add_option("-o,--output", words->out, "The folder, made where there is none")
      ->required();
  command->callback(
      [words, &chosen] { chosen = [words](Interruption&) { return ExportCampaign(*words); }; });
}

}  // namespace assay::controller
