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
  // nullptr: no file is mapped there.
  ElfFile* file = nullptr;
  // In the file where there is one, else in memory; of the call, not of what it returns to.
  uint64_t address = 0;
};

struct UserStack {
  // The innermost first.
  std::vector<UserFrame> frames;
  // The unwinding tables say that nothing called the last one.
  bool finished = false;
  // It was to go on beyond what the kernel copied.
  bool beyond_copy = false;
  // How far above the stack pointer it was read.
  size_t depth_bytes = 0;
};

// A process as its samples see it: where code is mapped, and how to get from registers and a piece of stack to callers.
//
// Threads: one. Cost: some 15 us a stack, 50 us a library when one appears.
class TargetProcess {
 public:
  // `files` outlives this.
  TargetProcess(pid_t pid, ElfFiles& files);
  ~TargetProcess();
  TargetProcess(const TargetProcess&) = delete;
  TargetProcess& operator=(const TargetProcess&) = delete;

  // What /proc says is mapped now in a process; kNotFound and the like where it is gone.
  static absl::StatusOr<AddressSpace> ReadMaps(pid_t pid);
  // This is what is mapped, and nothing else.
  void Remap(AddressSpace space);
  // The kernel's records of it.
  void Map(const MapRecord& record);
  void Exec();
  // It was forked from that one.
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

  // What is mapped has changed since dwfl_ was told.
  bool stale_ = true;
  Dwfl* dwfl_ = nullptr;

  // While one stack is unwound.
  const SampleRecord* sample_ = nullptr;
  UserStack stack_;
  bool read_failed_ = false;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_TARGET_PROCESS_H_
