#include "controller/export/exported_file.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/sha256.h"
#include "controller/plan/cells.h"

namespace assay::controller {
namespace {

// Most file systems limit a name to 255 bytes.
constexpr size_t kMostBytes = 200;
constexpr size_t kShortHash = 8;

bool IsPlain(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
}

// Hexadecimal digits.
std::string HashOf(std::string_view text, size_t digits) {
  return absl::BytesToHexString(Sha256(text)).substr(0, digits);
}

std::string WithHash(std::string_view name, std::string_view identity, size_t digits = kShortHash) {
  return absl::StrCat(std::string(name.substr(0, kMostBytes - digits - 1)), "-",
                      HashOf(identity, digits));
}

}  // namespace

std::string FileNameOf(const Cell& cell) {
  const std::string names = absl::StrCat(cell.target(), "-", cell.workload());
  const std::string whole =
      absl::StrCat(names, "-", LevelText(cell), cell.profiled() ? "-profiled" : "");
  std::string name;
  for (const char c : whole) {
    const char kept = IsPlain(c) ? c : '-';
    // A character of another script is several bytes.
    if (kept != '-' || IsPlain(c) || name.empty() || name.back() != '-') name += kept;
  }
  name.erase(0, std::min(name.find_first_not_of(".-"), name.size()));
  const bool changed = names.front() == '.' || names.front() == '-' ||
                       !std::all_of(names.begin(), names.end(), IsPlain);
  return changed ? WithHash(name, CellText(cell)) : name;
}

void ExportedFiles::Add(std::string_view name, std::string_view extension,
                        std::string_view identity, std::string content) {
  const bool too_long = name.size() > kMostBytes;
  files_.push_back({.name = too_long ? WithHash(name, identity) : std::string(name),
                    .extension = std::string(extension),
                    .identity = std::string(identity),
                    .content = std::move(content)});
}

std::vector<ExportedFile> ExportedFiles::Take() {
  const auto key = [](const File& file, const std::string& name) {
    return absl::AsciiStrToLower(absl::StrCat(name, file.extension));
  };
  std::map<std::string, int> wanted;
  for (const File& file : files_) ++wanted[key(file, file.name)];
  std::set<std::string> taken;
  for (const auto& [name, count] : wanted) {
    if (count == 1) taken.insert(name);
  }
  std::vector<ExportedFile> named;
  for (File& file : files_) {
    std::string name = file.name;
    if (wanted[key(file, name)] > 1) {
      size_t digits = kShortHash;
      do {
        name = WithHash(file.name, file.identity, digits);
      } while (!taken.insert(key(file, name)).second && ++digits < 2 * kSha256Bytes);
    }
    named.push_back({absl::StrCat(name, file.extension), std::move(file.content)});
  }
  files_.clear();
  return named;
}

}  // namespace assay::controller
