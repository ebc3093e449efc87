#ifndef ASSAY_AGENT_PROFILER_ADDRESS_SPACE_H_
#define ASSAY_AGENT_PROFILER_ADDRESS_SPACE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace assay::profiler {

// An executable mapping of a process, [start, end).
struct CodeMapping {
  uint64_t start = 0;
  uint64_t end = 0;
  uint64_t file_offset = 0;
  // 0: no file.
  uint64_t inode = 0;
  // The path as the process sees it, "[vdso]", or the kernel's name of memory without a file.
  std::string path;

  bool operator==(const CodeMapping& other) const = default;
  bool IsFile() const { return inode != 0 && path.starts_with('/'); }
  bool IsVdso() const { return path == "[vdso]"; }
};

// The executable mappings of a process. The kernel does not report unmapping: a new mapping replaces those that it
// overlaps.
class AddressSpace {
 public:
  // Returns whether this changes the mappings of files or of the vdso.
  bool Add(CodeMapping mapping);
  void Clear() { by_start_.clear(); }
  // Whether both have files and the vdso at the same addresses.
  bool HasFilesOf(const AddressSpace& other) const;
  // The mapping that contains `address`; nullptr if there is none. Valid until the next change.
  const CodeMapping* Find(uint64_t address) const;
  // In the order of addresses.
  std::vector<const CodeMapping*> All() const;

 private:
  std::map<uint64_t, CodeMapping> by_start_;
};

// Parses the executable mappings in the text of /proc/PID/maps. Skips all other lines.
std::vector<CodeMapping> ParseMaps(std::string_view text);

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_ADDRESS_SPACE_H_
