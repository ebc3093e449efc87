#include "controller/plan/plan_loader.h"

#include <cstddef>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/load_limits.h"
#include "common/message_text.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "controller/plan/json_reader.h"
#include "controller/plan/override.h"
#include "controller/plan/text_reader.h"

namespace assay::controller {
namespace {

// People write plans by hand, so plans are small. The limit keeps a wrong file name from filling the memory.
constexpr size_t kMaxPlanBytes = size_t{4} << 20;

// The "FILE:LINE:COLUMN" of a field, or the file if the origin of the field is unknown.
std::string OriginOf(const LoadedPlan& loaded, const std::string& field) {
  const auto found = loaded.origins.find(field);
  return found == loaded.origins.end() ? loaded.name : found->second;
}

bool IsAtOrBelow(const std::string& field, const std::string& path) {
  if (!absl::StartsWith(field, path)) return false;
  const char next = field.size() > path.size() ? field[path.size()] : '.';
  return next == '.' || next == '[';
}

absl::StatusOr<std::string> ReadBody(const std::filesystem::path& file) {
  std::error_code error;
  // Reading a pipe or a device could block forever.
  if (std::filesystem::exists(file, error) && !std::filesystem::is_regular_file(file, error)) {
    return absl::InvalidArgumentError(absl::StrCat(file.string(), ": is not a regular file"));
  }
  return ReadFile(file.string(), kMostBodyBytes);
}

absl::Status ReadBodies(std::string_view folder, LoadedPlan* loaded) {
  std::vector<std::string> errors;
  for (int i = 0; i < loaded->plan.workloads_size(); ++i) {
    Workload* workload = loaded->plan.mutable_workloads(i);
    if (!workload->has_body_file()) continue;
    const std::string field = absl::StrCat("workloads[", i, "].body_file");
    // An absolute path replaces the folder.
    absl::StatusOr<std::string> body =
        ReadBody(std::filesystem::path(folder) / workload->body_file());
    if (!body.ok()) {
      errors.push_back(absl::StrCat(OriginOf(*loaded, field),
                                    ": body_file: ", body.status().message(),
                                    " (a relative path starts in the folder of the plan)"));
      continue;
    }
    workload->set_body(*std::move(body));
  }
  if (errors.empty()) return absl::OkStatus();
  return StatusOfLines(absl::StatusCode::kInvalidArgument, errors);
}

}  // namespace

absl::Status ApplyOverrides(const std::vector<std::string>& overrides, LoadedPlan* loaded) {
  std::vector<std::string> errors;
  for (const std::string& assignment : overrides) {
    const absl::StatusOr<std::string> path = ApplyOverride(assignment, &loaded->plan);
    const std::string origin = absl::StrCat("--set ", assignment);
    if (!path.ok()) {
      errors.push_back(absl::StrCat(origin, ": ", path.status().message()));
      continue;
    }
    // The text is no longer the origin of this field and the fields below it.
    std::erase_if(loaded->origins,
                  [&](const auto& entry) { return IsAtOrBelow(entry.first, *path); });
    loaded->origins[*path] = origin;
  }
  if (errors.empty()) return absl::OkStatus();
  return StatusOfLines(absl::StatusCode::kInvalidArgument, errors);
}

absl::StatusOr<LoadedPlan> ParsePlan(std::string_view text, PlanFormat format,
                                     std::string_view name, std::string_view folder,
                                     const std::vector<std::string>& overrides) {
  LoadedPlan loaded;
  loaded.name = std::string(name);
  if (!IsUtf8(text)) {
    return absl::InvalidArgumentError(
        absl::StrCat(loaded.name, ": is not UTF-8 text; a plan is a text file"));
  }
  loaded.plan_text = std::string(text);
  ASSAY_RETURN_IF_ERROR(format == PlanFormat::kJson
                            ? ReadJson(text, name, &loaded.plan, &loaded.origins)
                            : ReadText(text, name, &loaded.plan, &loaded.origins));
  ASSAY_RETURN_IF_ERROR(ApplyOverrides(overrides, &loaded));
  ASSAY_RETURN_IF_ERROR(ReadBodies(folder, &loaded));
  return loaded;
}

absl::StatusOr<LoadedPlan> LoadPlan(std::string_view path,
                                    const std::vector<std::string>& overrides) {
  const std::string file = UserPath(path);
  const absl::StatusOr<std::string> text = ReadFile(file, kMaxPlanBytes);
  if (!text.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read the plan: ", text.status().message()));
  }
  const PlanFormat format = absl::EndsWith(file, ".json") ? PlanFormat::kJson : PlanFormat::kText;
  return ParsePlan(*text, format, path, std::filesystem::path(file).parent_path().string(),
                   overrides);
}

}  // namespace assay::controller
