#include "agent/profiler/stack_namer.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/utf8.h"

namespace assay::profiler {
namespace {

constexpr std::string_view kUnknown = "[unknown]";

// The functions in which threads start, in glibc, musl and Go. The tables of Go and musl do not mark them as outermost.
bool StartsThreads(std::string_view function) {
  static constexpr std::string_view kStarts[] = {
      "_start", "__clone",        "clone",          "__clone3",
      "clone3", "runtime.goexit", "runtime.mstart", "runtime.rt0_go"};
  return std::find(std::begin(kStarts), std::end(kStarts), function) != std::end(kStarts);
}

}  // namespace

const StackNamer::Frames& StackNamer::OfFile(ElfFile& file, uint64_t address) {
  const auto [entry, added] = of_files_.try_emplace(std::make_pair(&file, address));
  Frames& frames = entry->second;
  if (!added) return frames;
  const std::vector<ElfFile::Function> functions = file.FunctionsAt(address);
  frames.starts_threads = StartsThreads(functions.front().name);
  const uint32_t mapping = writer_.Mapping(ToValidUtf8(file.path()), file.build_id());
  for (const ElfFile::Function& function : functions) {
    if (function.name.empty()) ++unnamed_[&file];
    ProfileFrame frame;
    frame.set_function(writer_.String(function.name.empty() ? kUnknown : function.name));
    frame.set_file(writer_.String(ToValidUtf8(function.file)));
    frame.set_line(function.line);
    frame.set_mapping(mapping + 1);
    frame.set_address(function.address);
    frame.set_kind(file.kind());
    frame.set_inlined(function.inlined);
    frames.numbers.push_back(writer_.Frame(frame));
  }
  return frames;
}

const StackNamer::Frames& StackNamer::OfJit(uint64_t address, JitSymbols* jit, int64_t now_ns) {
  const JitSymbols::Function* const function =
      jit == nullptr ? nullptr : jit->Find(address, now_ns);
  ProfileFrame frame;
  frame.set_function(
      writer_.String(function == nullptr ? std::string(kUnknown) : ToValidUtf8(function->name)));
  // Without a name, not even the start address is known, so all these addresses share one frame.
  if (function != nullptr) {
    frame.set_kind(ProfileFrame::JIT);
    frame.set_mapping(writer_.Mapping("[jit]", "") + 1);
    frame.set_address(function->start);
  }
  of_jit_.numbers = {writer_.Frame(frame)};
  return of_jit_;
}

uint32_t StackNamer::OfKernel(uint64_t address) {
  const auto [entry, added] = of_kernel_.try_emplace(address, 0);
  if (!added) return entry->second;
  const KernelSymbols::Function function = kernel_.Find(address);
  ProfileFrame frame;
  frame.set_function(writer_.String(function.name.empty() ? kUnknown : function.name));
  frame.set_mapping(writer_.Mapping("[kernel]", "") + 1);
  frame.set_address(function.offset);
  frame.set_kind(ProfileFrame::KERNEL);
  entry->second = writer_.Frame(frame);
  return entry->second;
}

StackNamer::Named StackNamer::Name(const std::vector<UserFrame>& user,
                                   absl::Span<const uint64_t> kernel, JitSymbols* jit,
                                   int64_t now_ns, ProfileStack::Kind kind) {
  std::vector<uint32_t> frames;
  Named named;
  for (auto at = user.rbegin(); at != user.rend(); ++at) {
    const Frames& there =
        at->file != nullptr ? OfFile(*at->file, at->address) : OfJit(at->address, jit, now_ns);
    if (at == user.rbegin()) named.from_start = there.starts_threads;
    frames.insert(frames.end(), there.numbers.begin(), there.numbers.end());
  }
  for (size_t i = kernel.size(); i > 0; --i) {
    // All addresses except the innermost are return addresses.
    frames.push_back(OfKernel(i == 1 ? kernel[0] : kernel[i - 1] - 1));
  }
  if (frames.empty()) {
    ProfileFrame frame;
    frame.set_function(writer_.String(kUnknown));
    frames.push_back(writer_.Frame(frame));
  }
  // Only the last node of a stack has the kind of its samples; the callers' nodes are shared.
  uint32_t callers = 0;
  for (size_t i = 0; i + 1 < frames.size(); ++i) {
    callers = writer_.Stack(callers, frames[i], ProfileStack::ON_CPU) + 1;
  }
  named.stack = writer_.Stack(callers, frames.back(), kind);
  return named;
}

std::vector<std::string> StackNamer::Notes() const {
  std::vector<std::string> notes;
  for (const auto& [file, count] : unnamed_) {
    if (!file->stripped()) continue;
    notes.push_back(ToValidUtf8(
        absl::StrCat("stripped: ", file->path(), " has no symbols of its own, and ", count,
                     " of its addresses have no name (install its debug symbols, -dbgsym or -dbg "
                     "in Debian, or build it without "
                     "stripping)")));
  }
  std::sort(notes.begin(), notes.end());
  return notes;
}

}  // namespace assay::profiler
