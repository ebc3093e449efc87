#ifndef ASSAY_AGENT_PROFILER_ELF_FILE_H_
#define ASSAY_AGENT_PROFILER_ELF_FILE_H_

#include <elfutils/libdwfl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/profiler/dwarf_functions.h"
#include "common/unique_fd.h"
#include "proto/profile.pb.h"

namespace assay::profiler {

// A program or library: its segments and the names of its addresses. Addresses are those that the linker assigned in
// the file. An address in a process is the address in the file plus Bias().
//
// Debug information is looked for in the file and, by build id, below /usr/lib/debug; never over the network. Threads:
// one at a time. Cost: about 100 us to open; the first name reads the symbol table, which takes a few milliseconds.
class ElfFile {
 public:
  // Reads `file`; `path` is its name.
  static absl::StatusOr<std::unique_ptr<ElfFile>> Open(std::string path, UniqueFd file);
  // Reads the vdso, which the kernel maps into each process, from this process's memory.
  static absl::StatusOr<std::unique_ptr<ElfFile>> OpenVdso();

  ~ElfFile();
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  const std::string& path() const { return path_; }
  // Empty: the file has none.
  const std::string& build_id() const { return build_id_; }
  ProfileFrame::Kind kind() const { return kind_; }

  // The offset between addresses in memory and in the file, for a mapping at `start` from `file_offset` on; nullopt if
  // no segment is there.
  std::optional<uint64_t> Bias(uint64_t start, uint64_t file_offset) const;
  // Adds the file to the modules of `dwfl`. Returns whether that succeeded.
  bool ReportTo(Dwfl* dwfl, uint64_t bias) const;

  struct Function {
    // Demangled; "" if not known.
    std::string name;
    std::string file;
    uint32_t line = 0;
    // Start address; 0 for an inlined function.
    uint64_t address = 0;
    bool inlined = false;
  };
  // The compiled function at the address, then the functions inlined into it there, innermost last. Never empty.
  std::vector<Function> FunctionsAt(uint64_t address);

  // Whether the file has only exported symbols and no debug information. Known after the first FunctionsAt().
  bool stripped() const { return stripped_; }

 private:
  struct Segment {
    uint64_t address;
    uint64_t file_offset;
    uint64_t file_size;
  };
  struct Symbol {
    uint64_t start;
    // 0: not known.
    uint64_t size;
    // In the file's string table.
    const char* name;
    // A symbol of higher rank is preferred: functions over labels, global over local symbols, "send" over "__send".
    int rank;
  };
  struct Section {
    uint64_t start;
    uint64_t end;
  };

  ElfFile(std::string path, UniqueFd file);
  absl::Status ReadHeaders();
  void ReadSymbols();
  const Symbol* FindSymbol(uint64_t address) const;
  // Start of the function at `address`, from its unwinding table; `address` itself if the table does not contain it.
  uint64_t StartByUnwinding(uint64_t address) const;

  const std::string path_;
  const UniqueFd file_;
  std::string build_id_;
  ProfileFrame::Kind kind_ = ProfileFrame::LIBRARY;
  std::vector<Segment> segments_;
  // Sections of stubs that jump into other libraries.
  std::vector<Section> stubs_;

  // Contains only this file, with a bias of 0. Owns the objects that it returns.
  Dwfl* dwfl_ = nullptr;
  Dwfl_Module* module_ = nullptr;
  bool named_ = false;
  bool stripped_ = false;
  // By start address; of equal ones, the symbol of the highest rank is last.
  std::vector<Symbol> symbols_;
  std::unique_ptr<DwarfFunctions> dwarf_;
  Dwarf_Addr dwarf_bias_ = 0;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_ELF_FILE_H_
