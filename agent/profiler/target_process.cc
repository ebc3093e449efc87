#include "agent/profiler/target_process.h"

#include <string.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/file.h"
#include "common/status_macros.h"

namespace assay::profiler {
namespace {

// Deeper stacks rarely fit into the kernel's copy.
constexpr size_t kMaxFrames = 1024;
// An address up to this far above the stack pointer may belong to the stack.
constexpr uint64_t kMaxStack = uint64_t{64} << 20;

const Dwfl_Callbacks kNoSearch = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_build_id_find_debuginfo,
    .section_address = nullptr,
    .debuginfo_path = nullptr,
};

// Index in UserRegisters of DWARF's registers 0 to 16 of x86-64 (ax dx cx bx si di bp sp, 8 to 15, ip).
constexpr int kDwarfOrder[] = {0, 3, 2, 1, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, kRegisterIp};
static_assert(std::size(kDwarfOrder) == kUserRegisterCount);

// The path of the map in the process's own PID namespace and root folder.
std::string JitMapPath(pid_t pid) {
  pid_t inner = pid;
  const absl::StatusOr<std::string> status = ReadFile(absl::StrCat("/proc/", pid, "/status"));
  for (const absl::string_view line : absl::StrSplit(status.value_or(""), '\n')) {
    if (!absl::StartsWith(line, "NSpid:")) continue;
    const std::vector<absl::string_view> pids = absl::StrSplit(line, '\t');
    if (!absl::SimpleAtoi(pids.back(), &inner)) inner = pid;
  }
  return absl::StrCat("/proc/", pid, "/root", "/tmp/perf-", inner, ".map");
}

}  // namespace

const Dwfl_Thread_Callbacks TargetProcess::kCallbacks = {
    .next_thread = NextThread,
    .get_thread = GetThread,
    .memory_read = ReadMemory,
    .set_initial_registers = SetRegisters,
    .detach = nullptr,
    .thread_detach = nullptr,
};

TargetProcess::TargetProcess(pid_t pid, ElfFiles& files)
    : pid_(pid), files_(files), jit_(JitMapPath(pid), pid) {}

TargetProcess::~TargetProcess() {
  if (dwfl_ != nullptr) dwfl_end(dwfl_);
}

absl::StatusOr<AddressSpace> TargetProcess::ReadMaps(pid_t pid) {
  ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(absl::StrCat("/proc/", pid, "/maps")));
  AddressSpace space;
  for (CodeMapping& mapping : ParseMaps(text)) space.Add(std::move(mapping));
  return space;
}

void TargetProcess::Remap(AddressSpace space) {
  stale_ |= !space.HasFilesOf(space_);
  space_ = std::move(space);
}

void TargetProcess::Map(const MapRecord& record) {
  stale_ |= space_.Add({.start = record.start,
                        .end = record.start + record.length,
                        .file_offset = record.file_offset,
                        .inode = record.inode,
                        .path = record.path});
}

void TargetProcess::Exec() {
  space_.Clear();
  stale_ = true;
}

void TargetProcess::CopyMaps(const TargetProcess& parent) {
  space_ = parent.space_;
  stale_ = true;
}

void TargetProcess::Report() {
  stale_ = false;
  if (dwfl_ != nullptr) dwfl_end(dwfl_);
  dwfl_ = dwfl_begin(&kNoSearch);
  if (dwfl_ == nullptr) return;
  dwfl_report_begin(dwfl_);
  // A file may have several executable mappings.
  std::set<std::pair<ElfFile*, uint64_t>> reported;
  for (const CodeMapping* const mapping : space_.All()) {
    ElfFile* const file = files_.Find(pid_, *mapping);
    if (file == nullptr) continue;
    const std::optional<uint64_t> bias = file->Bias(mapping->start, mapping->file_offset);
    if (bias.has_value() && reported.emplace(file, *bias).second) file->ReportTo(dwfl_, *bias);
  }
  dwfl_report_end(dwfl_, nullptr, nullptr);
  if (!dwfl_attach_state(dwfl_, nullptr, pid_, &kCallbacks, this)) {
    dwfl_end(dwfl_);
    dwfl_ = nullptr;
  }
}

UserFrame TargetProcess::Locate(uint64_t address) const {
  const CodeMapping* const mapping = space_.Find(address);
  ElfFile* const file = mapping == nullptr ? nullptr : files_.Find(pid_, *mapping);
  if (file == nullptr) return {.address = address};
  const std::optional<uint64_t> bias = file->Bias(mapping->start, mapping->file_offset);
  if (!bias.has_value()) return {.address = address};
  return {.file = file, .address = address - *bias};
}

UserStack TargetProcess::Unwind(const SampleRecord& sample) {
  if (stale_) Report();
  stack_ = {};
  read_failed_ = false;
  sample_ = &sample;
  if (dwfl_ != nullptr) {
    const bool ended = dwfl_getthread_frames(dwfl_, sample.tid, TakeFrame, this) == 0;
    // libdwfl treats a return address that it could not read as the end of the stack.
    stack_.finished = ended && !read_failed_;
  }
  sample_ = nullptr;
  if (stack_.frames.empty()) stack_.frames.push_back(Locate(sample.registers[kRegisterIp]));
  return std::move(stack_);
}

pid_t TargetProcess::NextThread(Dwfl* /*dwfl*/, void* process, void** thread) {
  // The only thread is that of the sample.
  if (*thread != nullptr) return 0;
  *thread = process;
  return static_cast<TargetProcess*>(process)->sample_->tid;
}

bool TargetProcess::GetThread(Dwfl* /*dwfl*/, pid_t /*tid*/, void* process, void** thread) {
  *thread = process;
  return true;
}

bool TargetProcess::ReadMemory(Dwfl* /*dwfl*/, Dwarf_Addr address, Dwarf_Word* result,
                               void* process) {
  auto& self = *static_cast<TargetProcess*>(process);
  const std::string_view stack = self.sample_->stack;
  const uint64_t sp = self.sample_->registers[kRegisterSp];
  // For an address below the stack pointer, this wraps around to a value beyond all stacks.
  const uint64_t at = address - sp;
  if (at > stack.size() || sizeof(*result) > stack.size() - at) {
    self.read_failed_ = true;
    // The copy is also shorter than requested if a page was not in memory.
    if (at < kMaxStack) self.stack_.beyond_copy = true;
    return false;
  }
  memcpy(result, stack.data() + at, sizeof(*result));
  self.stack_.depth_bytes = std::max(self.stack_.depth_bytes, at + sizeof(*result));
  return true;
}

bool TargetProcess::SetRegisters(Dwfl_Thread* thread, void* process) {
  const UserRegisters& registers = static_cast<TargetProcess*>(process)->sample_->registers;
  Dwarf_Word ordered[kUserRegisterCount];
  for (int i = 0; i < kUserRegisterCount; ++i) ordered[i] = registers[kDwarfOrder[i]];
  return dwfl_thread_state_registers(thread, 0, kUserRegisterCount, ordered);
}

int TargetProcess::TakeFrame(Dwfl_Frame* frame, void* process) {
  auto& self = *static_cast<TargetProcess*>(process);
  Dwarf_Addr address = 0;
  bool interrupted = false;
  if (!dwfl_frame_pc(frame, &address, &interrupted)) return DWARF_CB_ABORT;
  // A call may be the last instruction of its function; the return address is then in another function.
  if (!interrupted && address > 0) --address;
  self.stack_.frames.push_back(self.Locate(address));
  return self.stack_.frames.size() < kMaxFrames ? DWARF_CB_OK : DWARF_CB_ABORT;
}

}  // namespace assay::profiler
