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
  // What could not be made of the campaign though the rest was, and why; a sentence each.
  std::vector<std::string> left_out;
};

// A cell's name as that of a file, without an extension: "hyper-plaintext-500-connections-profiled". It has letters, digits,
// '.', '_' and '-' only and begins with none of '.' and '-'. Where that changes the name of the target or workload, eight
// digits of a hash of CellText() follow: "a-b-json-64-connections-0f3ac2d1". It depends on the cell alone.
std::string FileNameOf(const Cell& cell);

// The files of one export, each with a name of its own, also for file systems that take upper and lower case for one.
class ExportedFiles {
 public:
  // `name` and `extension` as the file should be called, and what it holds, which no other file with that extension does.
  // Where several files would have one name, a hash of what each holds follows its name. So it does for a name that is too
  // long for a file system.
  void Add(std::string_view name, std::string_view extension, std::string_view holds,
           std::string content);
  bool empty() const { return files_.empty(); }
  // In the order in which they were added. Nothing is left.
  std::vector<ExportedFile> Take();

 private:
  struct File {
    std::string name;
    std::string extension;
    std::string holds;
    std::string content;
  };
  std::vector<File> files_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_EXPORT_EXPORTED_FILE_H_
