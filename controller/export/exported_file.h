#ifndef ASSAY_CONTROLLER_EXPORT_EXPORTED_FILE_H_
#define ASSAY_CONTROLLER_EXPORT_EXPORTED_FILE_H_

#include <string>
#include <vector>

#include "proto/results.pb.h"

namespace assay {

// A file of an export: its name, without a folder, and its bytes.
struct ExportedFile {
  std::string name;
  std::string content;
};

struct Export {
  std::vector<ExportedFile> files;
  // What could not be made of the campaign though the rest was, and why; a sentence each.
  std::vector<std::string> left_out;
};

// A cell's name as that of a file: "hyper-plaintext-500-connections-profiled".
std::string FileNameOf(const Cell& cell);

}  // namespace assay

#endif  // ASSAY_CONTROLLER_EXPORT_EXPORTED_FILE_H_
