#include "analysis/profile/perf_script_line.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analysis/profile/function_tree.h"
#include "common/utf8.h"

namespace assay {
namespace {

constexpr uint64_t kNanosPerSecond = 1'000'000'000;
// Longer names of functions and files are cut.
constexpr size_t kLongestName = size_t{64} << 10;
// The largest column where the thread's number begins: after a command of 15 bytes, and numbers aligned to 7.
constexpr size_t kLastThreadColumn = 23;
// The fields of a header: those of a command, and those after it.
constexpr size_t kHeaderWords = 24;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

std::string NameOf(std::string_view text) { return ToValidUtf8(text.substr(0, kLongestName)); }

std::optional<uint64_t> Number(std::string_view digits, uint64_t base) {
  if (digits.empty()) return std::nullopt;
  uint64_t value = 0;
  for (const char c : digits) {
    uint64_t digit = 0;
    if (IsDigit(c)) {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else {
      return std::nullopt;
    }
    if (digit >= base) return std::nullopt;
    if (__builtin_mul_overflow(value, base, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, digit, &value)) return std::nullopt;
  }
  return value;
}

// "12.345678:" in nanoseconds.
std::optional<int64_t> TimeOf(std::string_view word) {
  if (!word.ends_with(':')) return std::nullopt;
  word.remove_suffix(1);
  const size_t point = word.find('.');
  if (point == std::string_view::npos) return std::nullopt;
  std::string fraction(word.substr(point + 1));
  if (fraction.empty() || fraction.size() > 9) return std::nullopt;
  fraction.resize(9, '0');
  const std::optional<uint64_t> seconds = Number(word.substr(0, point), 10);
  const std::optional<uint64_t> nanos = Number(fraction, 10);
  if (!seconds || !nanos || *seconds > 9'000'000'000) return std::nullopt;
  return static_cast<int64_t>(*seconds * kNanosPerSecond + *nanos);
}

// "456", "123/456" or, of a thread that perf does not know, "-1/-1", which is 0.
std::optional<uint32_t> ThreadOf(std::string_view word) {
  const size_t slash = word.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view process = word.substr(0, slash);
    if (process != "-1" && !Number(process, 10)) return std::nullopt;
    word.remove_prefix(slash + 1);
  }
  if (word == "-1") return 0;
  const std::optional<uint64_t> number = Number(word, 10);
  if (!number || *number > std::numeric_limits<uint32_t>::max()) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

bool IsCpu(std::string_view word) {
  return word.size() > 2 && word.front() == '[' && word.back() == ']' &&
         Number(word.substr(1, word.size() - 2), 10).has_value();
}

struct Word {
  size_t column = 0;
  std::string_view text;
};

std::vector<Word> WordsOf(std::string_view line) {
  std::vector<Word> words;
  for (size_t at = 0; words.size() < kHeaderWords;) {
    while (at < line.size() && IsBlank(line[at])) ++at;
    if (at == line.size()) break;
    const size_t begin = at;
    while (at < line.size() && !IsBlank(line[at])) ++at;
    words.push_back({begin, line.substr(begin, at - begin)});
  }
  return words;
}

// Parses a header whose thread number is words[at].
std::optional<PerfHeader> HeaderAt(std::string_view line, const std::vector<Word>& words,
                                   size_t at) {
  const auto word = [&words](size_t i) {
    return i < words.size() ? words[i].text : std::string_view();
  };
  const auto rest = [&](size_t i) {
    return i < words.size() ? line.substr(words[i].column) : std::string_view();
  };
  const std::optional<uint32_t> thread = ThreadOf(word(at++));
  if (!thread) return std::nullopt;
  PerfHeader header{.thread = *thread};
  if (IsCpu(word(at))) ++at;
  // With -F +misc, letters stand before the time.
  if (!TimeOf(word(at)) && TimeOf(word(at + 1)) && !word(at).ends_with(':')) ++at;
  const std::optional<int64_t> time = TimeOf(word(at++));
  if (!time) return std::nullopt;
  header.at_ns = *time;
  if (word(at).starts_with("PERF_RECORD_")) {
    header.is_record = true;
    header.rest = rest(at);
    return header;
  }
  header.period = Number(word(at), 10);
  if (header.period) ++at;
  const std::string_view event = word(at++);
  if (event.size() < 2 || !event.ends_with(':') || IsDigit(event.front())) return std::nullopt;
  header.event = EventOf(event);
  header.rest = rest(at);
  return header;
}

// The begin of the brackets around the file; npos if there are none. The names of the file and of the function may
// contain blanks and brackets.
size_t PathBegin(std::string_view text) {
  constexpr size_t kNone = std::string_view::npos;
  if (!text.ends_with(')')) return kNone;
  // After the function's offset, or at the start if there is no function.
  for (size_t plus = text.find("+0x"); plus != kNone; plus = text.find("+0x", plus + 1)) {
    const size_t end = std::min(text.find(' ', plus), text.size());
    if (!Number(text.substr(plus + 3, end - plus - 3), 16)) continue;
    if (text.substr(end).starts_with(" (")) return end + 1;
  }
  if (text.starts_with("[unknown] (")) return text.find('(');
  if (text.starts_with('(') && !text.starts_with("(anonymous namespace)")) return 0;
  const size_t first = std::min(text.find(" (/"), text.find(" (["));
  if (first != kNone) return first + 1;
  // The last brackets, including nested ones.
  size_t depth = 0;
  for (size_t at = text.size(); at-- > 0;) {
    if (text[at] == ')') ++depth;
    if (text[at] != '(' || --depth > 0) continue;
    return at > 0 && text[at - 1] == ' ' ? at : kNone;
  }
  return kNone;
}

bool HasPrefix(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [text](std::string_view prefix) { return text.starts_with(prefix); });
}

// "libz.so", "libz.so.1", "libz-1.so (deleted)", but not "a.sock".
bool IsLibrary(std::string_view file) {
  for (size_t at = file.find(".so"); at != std::string_view::npos; at = file.find(".so", at + 1)) {
    const std::string_view after = file.substr(at + 3);
    if (after.empty() || after.front() == '.' || after.front() == ' ') return true;
  }
  return false;
}

}  // namespace

std::optional<PerfHeader> ParsePerfHeader(std::string_view line) {
  const std::vector<Word> words = WordsOf(line);
  std::optional<PerfHeader> found;
  for (size_t at = 0; at < words.size(); ++at) {
    // A command can look like the start of a header, so the rightmost match is the thread's number.
    if (found && words[at].column > kLastThreadColumn) break;
    if (std::optional<PerfHeader> one = HeaderAt(line, words, at)) found = std::move(one);
  }
  return found;
}

std::optional<PerfFrame> ParsePerfFrame(std::string_view text) {
  text = Trimmed(text);
  const size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::optional<uint64_t> address = Number(text.substr(0, end), 16);
  if (!address) return std::nullopt;
  PerfFrame frame{.address = *address};
  text = Trimmed(text.substr(end));
  if (const size_t begin = PathBegin(text); begin != std::string_view::npos) {
    const std::string_view path = text.substr(begin + 1, text.size() - begin - 2);
    frame.inlined = path == "inlined";
    if (!frame.inlined && path != kUnknownFunction) frame.path = NameOf(path);
    text = Trimmed(text.substr(0, begin));
  }
  if (const size_t plus = text.rfind("+0x");
      plus != std::string_view::npos && Number(text.substr(plus + 3), 16)) {
    text = text.substr(0, plus);
  }
  frame.function = text.empty() ? std::string(kUnknownFunction) : NameOf(text);
  return frame;
}

std::optional<PerfFrame> ParseOnlyFrame(std::string_view rest) {
  rest = Trimmed(rest);
  // An address, then nothing, or a function with an offset or a file.
  const bool alone = rest.find(' ') == std::string_view::npos;
  if (!alone && !rest.ends_with(')') && rest.find("+0x") == std::string_view::npos)
    return std::nullopt;
  return ParsePerfFrame(rest);
}

std::optional<PerfSourceLine> ParseSourceLine(std::string_view text) {
  text = Trimmed(text);
  PerfSourceLine source;
  constexpr std::string_view kInlined = " (inlined)";
  if (text.ends_with(kInlined)) {
    source.inlined = true;
    text.remove_suffix(kInlined.size());
  }
  if (const size_t more = text.rfind(" (discriminator"); more != std::string_view::npos)
    text = text.substr(0, more);
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  const std::optional<uint64_t> line = digits == "?" ? 0 : Number(digits, 10);
  if (!line || *line > std::numeric_limits<uint32_t>::max()) return std::nullopt;
  source.file = NameOf(text.substr(0, colon));
  source.line = static_cast<uint32_t>(*line);
  return source;
}

std::string EventOf(std::string_view name) {
  while (name.ends_with(':')) name.remove_suffix(1);
  const size_t cut = name.find_last_of(":/");
  if (cut == std::string_view::npos || cut + 1 == name.size()) return NameOf(name);
  const std::string_view modifiers = name.substr(cut + 1);
  if (modifiers.find_first_not_of("ukhHGpPSDWeb") != std::string_view::npos) return NameOf(name);
  const bool user_only = modifiers.find('u') != std::string_view::npos &&
                         modifiers.find('k') == std::string_view::npos;
  // The second slash ends the name of a PMU's event, "cpu/cycles/u".
  std::string_view base = name.substr(0, cut);
  if (name[cut] == '/' && base.find('/') != std::string_view::npos) base = name.substr(0, cut + 1);
  return NameOf(base) + (user_only ? ":u" : "");
}

FrameKind KindOfPerfPath(const std::string& path) {
  if (path.empty() || path == kUnknownFunction) return FrameKind::kUnknown;
  if (HasPrefix(path, {"[vdso", "[vsyscall", "[vvar"})) return FrameKind::kVdso;
  const std::string file = FileName(path);
  // Memory without a program or library contains code that was generated at run time.
  if (HasPrefix(path, {"[jit", "[anon", "[heap", "[stack", "[uprobes", "[shmem", "//anon", "anon",
                       "/memfd:", "memfd:", "/dev/zero", "/dev/shm/", "/SYSV", "/anon_hugepage"}) ||
      (file.starts_with("perf-") && file.ends_with(".map")) ||
      (file.starts_with("jitted-") && IsLibrary(file)) || file.ends_with(".dump")) {
    return FrameKind::kJit;
  }
  // "[kernel.kallsyms]", "[guest.kernel.kallsyms]", or a module, "[nf_conntrack]".
  const size_t module = file.find(".ko");
  const bool is_module =
      module != std::string::npos &&
      (module + 3 == file.size() || file[module + 3] == '.' || file[module + 3] == ' ');
  if (path.starts_with('[') || HasPrefix(file, {"vmlinux", "bpf_prog_", "bpf_trampoline_"}) ||
      path == "/proc/kcore" || is_module) {
    return FrameKind::kKernel;
  }
  if (HasPrefix(file, {"libc.so", "libc-", "ld-linux", "ld-musl", "ld-2", "ld.so", "libpthread"})) {
    return FrameKind::kLibc;
  }
  return IsLibrary(file) ? FrameKind::kLibrary : FrameKind::kProgram;
}

}  // namespace assay
