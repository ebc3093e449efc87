#ifndef ASSAY_CONTROLLER_EXPORT_EXPORTED_FILE_H_
#define ASSAY_CONTROLLER_EXPORT_EXPORTED_FILE_H_

#include <string>
#include <string_view>
#include <vector>

#include "proto/results.pb.h"

namespace assay::controller {

// A file of an export: its name, without a folder, and its bytes.
struct ExportedFile {
  std::string name;
  std::string content;
};

struct Export {
  std::vector<ExportedFile> files;
  // What could not be exported from the campaign although the rest was, and why; one sentence each.
  std::vector<std::string> left_out;
};

// A cell's name as a file name without an extension: "hyper-plaintext-500-connections-profiled". It consists of
// letters, digits, '.', '_' and '-' and does not begin with '.' or '-'. If the name of the target or workload had to
// be changed for this, eight digits of a hash of CellText() follow: "a-b-json-64-connections-0f3ac2d1". The result
// depends on the cell alone.
std::string FileNameOf(const Cell& cell);

// The files of one export. Names are unique, also on file systems that ignore case.
class ExportedFiles {
 public:
  // Adds a file. `identity` must be unique among the files with this extension. If several files would have the same
  // name, or the name is too long for a file system, a hash of the identity is appended to the name.
  void Add(std::string_view name, std::string_view extension, std::string_view identity,
           std::string content);
  bool empty() const { return files_.empty(); }
  // Returns the files in the order in which they were added, and leaves none.
  std::vector<ExportedFile> Take();

 private:
  struct File {
    std::string name;
    std::string extension;
    std::string identity;
    std::string content;
  };
  std::vector<File> files_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_EXPORT_EXPORTED_FILE_H_
