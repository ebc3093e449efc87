#ifndef ASSAY_AGENT_PROFILER_TARGET_PROCESS_H_
#define ASSAY_AGENT_PROFILER_TARGET_PROCESS_H_

#include <elfutils/libdwfl.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/profiler/address_space.h"
#include "agent/profiler/elf_files.h"
#include "agent/profiler/jit_symbols.h"
#include "agent/profiler/perf_records.h"

namespace assay::profiler {

struct UserFrame {
  // nullptr: no file is mapped at the address.
  ElfFile* file = nullptr;
  // Address in the file if there is one, else in memory. Of callers: the address of the call, not the return address.
  uint64_t address = 0;
};

struct UserStack {
  // Innermost first.
  std::vector<UserFrame> frames;
  // According to the unwinding tables, the last frame has no caller.
  bool finished = false;
  // Unwinding needed memory beyond the kernel's copy of the stack.
  bool beyond_copy = false;
  // Largest offset from the stack pointer that was read.
  size_t depth_bytes = 0;
};

// A profiled process: the mappings of its code, and the unwinding of stacks from registers and a copy of the stack.
//
// Threads: one. Cost: about 15 us per stack, and 50 us for each new library.
class TargetProcess {
 public:
  // `files` must outlive this.
  TargetProcess(pid_t pid, ElfFiles& files);
  ~TargetProcess();
  TargetProcess(const TargetProcess&) = delete;
  TargetProcess& operator=(const TargetProcess&) = delete;

  // Reads the current mappings of a process from /proc. An error, such as kNotFound, if the process has ended.
  static absl::StatusOr<AddressSpace> ReadMaps(pid_t pid);
  // Replaces all mappings.
  void Remap(AddressSpace space);
  // Apply the kernel's records of this process.
  void Map(const MapRecord& record);
  void Exec();
  // Copies the mappings of the process that forked this one.
  void CopyMaps(const TargetProcess& parent);

  // REQUIRES: sample.has_user.
  UserStack Unwind(const SampleRecord& sample);

  JitSymbols& jit() { return jit_; }

 private:
  // Callbacks of libdwfl; the argument is the process.
  static pid_t NextThread(Dwfl* dwfl, void* process, void** thread);
  static bool GetThread(Dwfl* dwfl, pid_t tid, void* process, void** thread);
  static bool ReadMemory(Dwfl* dwfl, Dwarf_Addr address, Dwarf_Word* result, void* process);
  static bool SetRegisters(Dwfl_Thread* thread, void* process);
  static int TakeFrame(Dwfl_Frame* frame, void* process);
  static const Dwfl_Thread_Callbacks kCallbacks;

  void Report();
  UserFrame Locate(uint64_t address) const;

  const pid_t pid_;
  ElfFiles& files_;
  AddressSpace space_;
  JitSymbols jit_;

  // The mappings have changed since they were reported to dwfl_.
  bool stale_ = true;
  Dwfl* dwfl_ = nullptr;

  // State of the stack that is being unwound.
  const SampleRecord* sample_ = nullptr;
  UserStack stack_;
  bool read_failed_ = false;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_TARGET_PROCESS_H_
