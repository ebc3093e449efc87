#ifndef ASSAY_ANALYSIS_PROFILE_PERF_SCRIPT_LINE_H_
#define ASSAY_ANALYSIS_PROFILE_PERF_SCRIPT_LINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analysis/profile/stack_profile.h"

namespace assay {

// Parsers for the lines of `perf script`, as perf's builtin-script.c prints them. Any bytes are safe.

// "command name  123/456 [000]  12.345678:  10000 cpu-clock:pppH: ". A command may contain blanks, digits, colons and
// anything else that prctl() accepts; it has at most 15 bytes.
struct PerfHeader {
  uint32_t thread = 0;
  int64_t at_ns = 0;
  std::optional<uint64_t> period;
  // From EventOf().
  std::string event;
  // The text after the event: the single frame in a recording without stacks, the text of a tracepoint.
  std::string_view rest;
  // Not a sample but a record such as PERF_RECORD_MMAP, whose text is `rest`.
  bool is_record = false;
};
std::optional<PerfHeader> ParsePerfHeader(std::string_view line);

// "    7f0000001234 operator new(unsigned long)+0x1c (/lib/libc.so.6)"
struct PerfFrame {
  uint64_t address = 0;
  // kUnknownFunction if perf did not know it.
  std::string function;
  // Empty if perf did not know or print it.
  std::string path;
  bool inlined = false;
  // Printed with -F +srcline.
  std::string file = {};
  uint32_t line = 0;
};
std::optional<PerfFrame> ParsePerfFrame(std::string_view text);
// The frame after the event's name, in a recording without stacks; nullopt for the text of a tracepoint.
std::optional<PerfFrame> ParseOnlyFrame(std::string_view rest);

// "  epoll.c:30" or "  epoll.c:30 (inlined)", on the line below its frame.
struct PerfSourceLine {
  std::string file;
  uint32_t line = 0;
  bool inlined = false;
};
std::optional<PerfSourceLine> ParseSourceLine(std::string_view text);

// The event without its modifiers: "cpu-clock:pppH" gives "cpu-clock", "cpu_core/cycles/P" gives "cpu_core/cycles/".
// The result ends in "u" if only user space was sampled ("cycles:u", "cycles/u").
std::string EventOf(std::string_view name);

// The kind of code in a file, from the path that perf prints.
FrameKind KindOfPerfPath(const std::string& path);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_PERF_SCRIPT_LINE_H_
