#include "controller/export/exported_file.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "controller/plan/cells.h"

namespace assay {

std::string FileNameOf(const Cell& cell) {
  std::string name = absl::StrCat(cell.target(), "-", cell.workload(), "-", LevelText(cell),
                                  cell.profiled() ? "-profiled" : "");
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_') c = '-';
  }
  return name;
}

}  // namespace assay
