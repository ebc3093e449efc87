#ifndef ASSAY_AGENT_PROFILER_ADDRESS_SPACE_H_
#define ASSAY_AGENT_PROFILER_ADDRESS_SPACE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace assay::profiler {

// Executable memory of a process, [start, end), and what is mapped there.
struct CodeMapping {
  uint64_t start = 0;
  uint64_t end = 0;
  uint64_t file_offset = 0;
  // 0: no file.
  uint64_t inode = 0;
  // A path as the process sees it, "[vdso]", or what the kernel calls memory without a file.
  std::string path;

  bool operator==(const CodeMapping& other) const = default;
  bool IsFile() const { return inode != 0 && path.starts_with('/'); }
  bool IsVdso() const { return path == "[vdso]"; }
};

// Where a process has code. Unmapping is not told by the kernel: what is mapped later replaces what it overlaps.
class AddressSpace {
 public:
  // Returns whether that changes where files (or the vdso) are.
  bool Add(CodeMapping mapping);
  void Clear() { by_start_.clear(); }
  // Whether files (and the vdso) are at the same places in both.
  bool HasFilesOf(const AddressSpace& other) const;
  // nullptr: no code is there. Valid until the next change.
  const CodeMapping* Find(uint64_t address) const;
  // By address.
  std::vector<const CodeMapping*> All() const;

 private:
  std::map<uint64_t, CodeMapping> by_start_;
};

// The executable mappings in the text of /proc/PID/maps; lines that are none are skipped.
std::vector<CodeMapping> ParseMaps(std::string_view text);

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_ADDRESS_SPACE_H_
