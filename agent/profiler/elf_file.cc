#include "agent/profiler/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/profiler/demangle.h"
#include "agent/telemetry/build_id.h"
#include "common/file.h"
#include "common/status_macros.h"

namespace assay::profiler {
namespace {

// A label without a size names at most this many bytes after it.
constexpr uint64_t kMaxUnsized = 4096;
// Number of symbols before an address that are checked for containing it.
constexpr int kMaxBack = 16;

const Dwfl_Callbacks kCallbacks = {
    .find_elf = dwfl_build_id_find_elf,
    // Looks up by build id only: the standard function downloads files if DEBUGINFOD_URLS is set.
    .find_debuginfo = dwfl_build_id_find_debuginfo,
    .section_address = nullptr,
    .debuginfo_path = nullptr,
};

bool IsLibc(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (const std::string_view start :
       {"libc.so", "libc-", "libc.musl", "ld-linux", "ld-musl", "ld-2", "ld.so", "libpthread",
        "libm.so", "libm-", "librt.so", "librt-", "libdl.so", "libdl-"}) {
    if (name.starts_with(start)) return true;
  }
  return false;
}

}  // namespace

ElfFile::ElfFile(std::string path, UniqueFd file)
    : path_(std::move(path)), file_(std::move(file)) {}

ElfFile::~ElfFile() {
  dwarf_.reset();
  if (dwfl_ != nullptr) dwfl_end(dwfl_);
}

absl::StatusOr<std::unique_ptr<ElfFile>> ElfFile::Open(std::string path, UniqueFd file) {
  std::unique_ptr<ElfFile> elf(new ElfFile(std::move(path), std::move(file)));
  ASSAY_RETURN_IF_ERROR(elf->ReadHeaders());
  const std::string by_number = absl::StrCat("/proc/self/fd/", elf->file_.get());
  elf->build_id_ = agent::ReadBuildId(by_number).value_or("");
  return elf;
}

absl::StatusOr<std::unique_ptr<ElfFile>> ElfFile::OpenVdso() {
  const auto* const image = reinterpret_cast<const char*>(getauxval(AT_SYSINFO_EHDR));
  if (image == nullptr) return absl::NotFoundError("the kernel does not map a vdso");
  ElfW(Ehdr) header;
  memcpy(&header, image, sizeof(header));
  // The section headers are at the end of the vdso.
  const size_t size = header.e_shoff + size_t{header.e_shnum} * header.e_shentsize;
  UniqueFd file(memfd_create("vdso", MFD_CLOEXEC));
  if (!file.ok() || write(file.get(), image, size) != static_cast<ssize_t>(size)) {
    return ErrnoStatus(errno, "cannot copy the vdso");
  }
  ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<ElfFile> vdso, Open("[vdso]", std::move(file)));
  vdso->kind_ = ProfileFrame::VDSO;
  return vdso;
}

absl::Status ElfFile::ReadHeaders() {
  elf_version(EV_CURRENT);
  Elf* const elf = elf_begin(file_.get(), ELF_C_READ_MMAP, nullptr);
  const absl::Cleanup end = [elf] { elf_end(elf); };
  GElf_Ehdr header;
  size_t count = 0;
  if (elf == nullptr || elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, &header) == nullptr ||
      elf_getphdrnum(elf, &count) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(path_, " is not an ELF file"));
  }
  bool interpreted = false;
  for (size_t i = 0; i < count; ++i) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf, static_cast<int>(i), &segment) == nullptr) continue;
    interpreted |= segment.p_type == PT_INTERP;
    if (segment.p_type != PT_LOAD) continue;
    segments_.push_back({.address = segment.p_vaddr,
                         .file_offset = segment.p_offset,
                         .file_size = segment.p_filesz});
  }
  bool position_independent_program = false;
  size_t names = 0;
  elf_getshdrstrndx(elf, &names);
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr head;
    if (gelf_getshdr(section, &head) == nullptr) continue;
    const char* const name = elf_strptr(elf, names, head.sh_name);
    if (name != nullptr && absl::StartsWith(name, ".plt") && (head.sh_flags & SHF_EXECINSTR) != 0) {
      stubs_.push_back({.start = head.sh_addr, .end = head.sh_addr + head.sh_size});
    }
    if (head.sh_type != SHT_DYNAMIC || head.sh_entsize == 0) continue;
    Elf_Data* const data = elf_getdata(section, nullptr);
    for (size_t i = 0; data != nullptr && i < head.sh_size / head.sh_entsize; ++i) {
      GElf_Dyn entry;
      if (gelf_getdyn(data, static_cast<int>(i), &entry) == nullptr) break;
      if (entry.d_tag == DT_FLAGS_1)
        position_independent_program = (entry.d_un.d_val & DF_1_PIE) != 0;
    }
  }
  const bool program = header.e_type == ET_EXEC || position_independent_program ||
                       (interpreted && !absl::StrContains(path_, ".so"));
  kind_ = IsLibc(path_) ? ProfileFrame::LIBC
          : program     ? ProfileFrame::PROGRAM
                        : ProfileFrame::LIBRARY;
  return absl::OkStatus();
}

std::optional<uint64_t> ElfFile::Bias(uint64_t start, uint64_t file_offset) const {
  const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  // A mapping begins at a page boundary, which may be before its segment.
  for (const Segment& segment : segments_) {
    if (file_offset + page > segment.file_offset &&
        file_offset < segment.file_offset + segment.file_size &&
        file_offset >= segment.file_offset / page * page) {
      return start - file_offset + segment.file_offset - segment.address;
    }
  }
  return std::nullopt;
}

bool ElfFile::ReportTo(Dwfl* dwfl, uint64_t bias) const {
  UniqueFd copy(fcntl(file_.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy.ok()) return false;
  if (dwfl_report_elf(dwfl, path_.c_str(), path_.c_str(), copy.get(), bias, /*add_p_vaddr=*/true) ==
      nullptr) {
    return false;
  }
  // libdwfl owns the descriptor now.
  (void)copy.release();
  return true;
}

void ElfFile::ReadSymbols() {
  named_ = true;
  dwfl_ = dwfl_begin(&kCallbacks);
  if (dwfl_ == nullptr) return;
  dwfl_report_begin(dwfl_);
  UniqueFd copy(fcntl(file_.get(), F_DUPFD_CLOEXEC, 3));
  module_ = dwfl_report_elf(dwfl_, path_.c_str(), path_.c_str(), copy.get(), 0, true);
  if (module_ != nullptr) (void)copy.release();
  dwfl_report_end(dwfl_, nullptr, nullptr);
  if (module_ == nullptr) return;
  bool unexported = false;
  const int count = dwfl_module_getsymtab(module_);
  for (int i = 1; i < count; ++i) {
    GElf_Sym symbol;
    GElf_Addr address = 0;
    GElf_Word section = 0;
    const char* const name =
        dwfl_module_getsym_info(module_, i, &symbol, &address, &section, nullptr, nullptr);
    const int type = GELF_ST_TYPE(symbol.st_info);
    if (name == nullptr || *name == '\0' || *name == '$' || section == SHN_UNDEF) continue;
    const bool function = type == STT_FUNC || type == STT_GNU_IFUNC;
    if (!function && type != STT_NOTYPE) continue;
    const int binding = GELF_ST_BIND(symbol.st_info);
    unexported |= function && binding == STB_LOCAL;
    symbols_.push_back({.start = address,
                        .size = symbol.st_size,
                        .name = name,
                        .rank = (function ? 8 : 0) + (symbol.st_size > 0 ? 4 : 0) +
                                (binding != STB_LOCAL ? 2 : 0) + (*name != '_' ? 1 : 0)});
  }
  std::stable_sort(symbols_.begin(), symbols_.end(), [](const Symbol& a, const Symbol& b) {
    return a.start != b.start ? a.start < b.start : a.rank < b.rank;
  });
  Dwarf* const dwarf = dwfl_module_getdwarf(module_, &dwarf_bias_);
  dwarf_ = std::make_unique<DwarfFunctions>(dwarf);
  stripped_ = !unexported && dwarf == nullptr && kind_ != ProfileFrame::VDSO;
}

const ElfFile::Symbol* ElfFile::FindSymbol(uint64_t address) const {
  auto at = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                             [](uint64_t a, const Symbol& symbol) { return a < symbol.start; });
  const Symbol* label = nullptr;
  for (int back = 0; back < kMaxBack && at != symbols_.begin(); ++back) {
    --at;
    if (at->size > 0 && address - at->start < at->size) return &*at;
    if (at->size == 0 && label == nullptr && back == 0 && address - at->start < kMaxUnsized)
      label = &*at;
  }
  return label;
}

uint64_t ElfFile::StartByUnwinding(uint64_t address) const {
  Dwarf_Addr bias = 0;
  Dwarf_CFI* const table = dwfl_module_eh_cfi(module_, &bias);
  Dwarf_Frame* frame = nullptr;
  if (table == nullptr || dwarf_cfi_addrframe(table, address - bias, &frame) != 0) return address;
  Dwarf_Addr start = 0;
  Dwarf_Addr end = 0;
  const bool known = dwarf_frame_info(frame, &start, &end, nullptr) >= 0;
  free(frame);
  return known && start + bias <= address ? start + bias : address;
}

std::vector<ElfFile::Function> ElfFile::FunctionsAt(uint64_t address) {
  if (!named_) ReadSymbols();
  if (module_ == nullptr) return {{.address = address}};
  std::vector<Function> functions;
  for (DwarfFunction& function : dwarf_->Find(address - dwarf_bias_)) {
    functions.push_back({.name = DemangledName(function.name),
                         .file = std::move(function.file),
                         .line = function.line,
                         .inlined = !functions.empty()});
  }
  if (functions.empty()) functions.emplace_back();
  Function& compiled = functions.front();
  // The linkage name is complete, while debug information of -g1 has only the bare name.
  if (const Symbol* const symbol = FindSymbol(address); symbol != nullptr) {
    compiled.name = DemangledName(symbol->name);
    compiled.address = symbol->start;
    return functions;
  }
  compiled.address = StartByUnwinding(address);
  const bool stub = std::any_of(stubs_.begin(), stubs_.end(), [address](const Section& section) {
    return address >= section.start && address < section.end;
  });
  if (stub && compiled.name.empty()) compiled.name = "[plt]";
  return functions;
}

}  // namespace assay::profiler
