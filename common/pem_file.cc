#include "common/pem_file.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/file.h"

namespace assay {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

bool HasBlock(const std::string& text, std::string_view kind) {
  const std::string end = absl::StrCat(" ", View(kind), "-----");
  for (absl::string_view line : absl::StrSplit(text, absl::ByAnyChar("\r\n"))) {
    if (absl::StartsWith(line, "-----BEGIN ") && absl::EndsWith(line, end)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::string> ReadPemFile(std::string_view flag, const std::string& path,
                                        std::string_view kind) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) {
    return absl::Status(text.status().code(),
                        absl::StrCat(View(flag), ": ", text.status().message()));
  }
  if (HasBlock(*text, kind)) return text;
  return absl::InvalidArgumentError(absl::StrCat(View(flag), ": ", path,
                                                 " is not a PEM file that contains a ", View(kind),
                                                 " (-----BEGIN ", View(kind), "-----)"));
}

}  // namespace assay
