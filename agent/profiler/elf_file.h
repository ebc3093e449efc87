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

// A program or library: where its segments lie, and what its addresses are called. Addresses are the file's own, as the
// linker gave them; those of a process are beyond them by Bias().
//
// Debug information is looked for in the file and, by its build id, below /usr/lib/debug; never over the network.
// Threads: one at a time. Cost: opening some 100 us; the first name reads the symbol table, some milliseconds.
class ElfFile {
 public:
  // `path` is what it is called; `file` is what is read.
  static absl::StatusOr<std::unique_ptr<ElfFile>> Open(std::string path, UniqueFd file);
  // The one that the kernel maps into each process, from this process's memory.
  static absl::StatusOr<std::unique_ptr<ElfFile>> OpenVdso();

  ~ElfFile();
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  const std::string& path() const { return path_; }
  // Empty: it has none.
  const std::string& build_id() const { return build_id_; }
  ProfileFrame::Kind kind() const { return kind_; }

  // What the kernel added to the addresses of a process that mapped it at `start` from `file_offset` on; nothing when
  // no segment lies there.
  std::optional<uint64_t> Bias(uint64_t start, uint64_t file_offset) const;
  // Adds it to what `dwfl` unwinds; whether that worked.
  bool ReportTo(Dwfl* dwfl, uint64_t bias) const;

  struct Function {
    // Demangled; "" where nothing names it.
    std::string name;
    std::string file;
    uint32_t line = 0;
    // Where it begins; 0 for an inlined one.
    uint64_t address = 0;
    bool inlined = false;
  };
  // The compiled function at the address, then what was inlined into it there, the innermost last. Never empty.
  std::vector<Function> FunctionsAt(uint64_t address);

  // Whether it has no symbols but those it exports, and no debug information either. Known after the first name.
  bool stripped() const { return stripped_; }

 private:
  struct Segment {
    uint64_t address;
    uint64_t file_offset;
    uint64_t file_size;
  };
  struct Symbol {
    uint64_t start;
    // 0: not told.
    uint64_t size;
    // In the file's string table.
    const char* name;
    // The larger, the better it names: a function before a label, what others may call before what they may not, "send"
    // before "__send".
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
  // Of the function there, by its unwinding table; `address` itself where that does not tell.
  uint64_t StartByUnwinding(uint64_t address) const;

  const std::string path_;
  const UniqueFd file_;
  std::string build_id_;
  ProfileFrame::Kind kind_ = ProfileFrame::LIBRARY;
  std::vector<Segment> segments_;
  // Stubs that jump into other libraries.
  std::vector<Section> stubs_;

  // Holds this file alone, with a bias of 0. What it hands out is valid as long as it is.
  Dwfl* dwfl_ = nullptr;
  Dwfl_Module* module_ = nullptr;
  bool named_ = false;
  bool stripped_ = false;
  // By start; the best last of those with the same.
  std::vector<Symbol> symbols_;
  std::unique_ptr<DwarfFunctions> dwarf_;
  Dwarf_Addr dwarf_bias_ = 0;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_ELF_FILE_H_
