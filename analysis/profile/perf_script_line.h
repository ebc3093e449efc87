#ifndef ASSAY_ANALYSIS_PROFILE_PERF_SCRIPT_LINE_H_
#define ASSAY_ANALYSIS_PROFILE_PERF_SCRIPT_LINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analysis/profile/stack_profile.h"

namespace assay {

// The lines of `perf script`, as perf's builtin-script.c prints them. All of these take any bytes.

// "command words  123/456 [000]  12.345678:  10000 cpu-clock:pppH: ". A command may hold blanks, digits, colons and
// whatever else prctl() takes; it has at most 15 bytes.
struct PerfHeader {
  uint32_t thread = 0;
  int64_t at_ns = 0;
  std::optional<uint64_t> period;
  // As EventOf() has it.
  std::string event;
  // What follows the event: of a recording without stacks its one frame, of a tracepoint its text.
  std::string_view rest;
  // No sample but a record such as PERF_RECORD_MMAP, whose text is `rest`.
  bool is_record = false;
};
std::optional<PerfHeader> ParsePerfHeader(std::string_view line);

// "    7f0000001234 operator new(unsigned long)+0x1c (/lib/libc.so.6)"
struct PerfFrame {
  uint64_t address = 0;
  // kUnknownFunction where perf knew none.
  std::string function;
  // Empty where perf knew none, or did not print it.
  std::string path;
  bool inlined = false;
  // With -F +srcline.
  std::string file = {};
  uint32_t line = 0;
};
std::optional<PerfFrame> ParsePerfFrame(std::string_view text);
// The frame behind the event's name, where a recording has no stacks; nullopt for the text of a tracepoint.
std::optional<PerfFrame> ParseOnlyFrame(std::string_view rest);

// "  epoll.c:30" or "  epoll.c:30 (inlined)", a line below its frame.
struct PerfSourceLine {
  std::string file;
  uint32_t line = 0;
  bool inlined = false;
};
std::optional<PerfSourceLine> ParseSourceLine(std::string_view text);

// "cpu-clock:pppH" as "cpu-clock" and "cpu_core/cycles/P" as "cpu_core/cycles/"; with ":u" at the end where only user
// space was sampled ("cycles:u", "cycles/u").
std::string EventOf(std::string_view name);

// What kind of code lies in a file as perf names it.
FrameKind KindOfPerfPath(const std::string& path);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_PERF_SCRIPT_LINE_H_
