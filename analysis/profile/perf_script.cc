#include "analysis/profile/perf_script.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "analysis/profile/function_tree.h"
#include "common/utf8.h"

namespace assay {
namespace {

constexpr std::string_view kOffCpu = "off-cpu";
constexpr std::string_view kInlined = "inlined";
constexpr std::string_view kUnknown = kUnknownFunction;
constexpr uint64_t kNanosPerSecond = 1'000'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// The next word, which is taken off.
std::string_view TakeWord(std::string_view* text) {
  *text = Trimmed(*text);
  size_t end = 0;
  while (end < text->size() && !IsBlank((*text)[end])) ++end;
  const std::string_view word = text->substr(0, end);
  text->remove_prefix(end);
  return word;
}

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

// "cpu-clock:pppH" as "cpu-clock"; ":u" stays where the kernel was left out.
std::string EventName(std::string_view word) {
  while (word.ends_with(':')) word.remove_suffix(1);
  const size_t colon = word.rfind(':');
  if (colon == std::string_view::npos) return ToValidUtf8(word);
  const std::string_view modifiers = word.substr(colon + 1);
  if (modifiers.find_first_not_of("ukhHGpPSDWeb") != std::string_view::npos) {
    return ToValidUtf8(word);
  }
  const bool user_only = modifiers.find('u') != std::string_view::npos &&
                         modifiers.find('k') == std::string_view::npos;
  return ToValidUtf8(word.substr(0, colon)) + (user_only ? ":u" : "");
}

bool CountsTime(std::string_view event) {
  return event.starts_with("cpu-clock") || event.starts_with("task-clock") || event == kOffCpu;
}

bool HasPrefix(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  for (const std::string_view prefix : prefixes) {
    if (text.starts_with(prefix)) return true;
  }
  return false;
}

FrameKind KindOf(const std::string& path) {
  if (path.empty() || path == kUnknown) return FrameKind::kUnknown;
  if (path.starts_with("[vdso")) return FrameKind::kVdso;
  const std::string file = FileName(path);
  if (path == "[jit]" || HasPrefix(path, {"//anon", "[anon", "anon", "/memfd:"}) ||
      (file.starts_with("perf-") && file.ends_with(".map"))) {
    return FrameKind::kJit;
  }
  if (path.starts_with('[') || file.starts_with("vmlinux") || file.ends_with(".ko")) {
    return FrameKind::kKernel;
  }
  if (HasPrefix(file, {"libc.so", "libc-", "ld-linux", "ld-musl", "ld-2", "ld.so", "libpthread"})) {
    return FrameKind::kLibc;
  }
  return file.find(".so") == std::string::npos ? FrameKind::kProgram : FrameKind::kLibrary;
}

struct Header {
  uint32_t thread = 0;
  int64_t at_ns = 0;
  std::optional<uint64_t> period;
  std::string event;
};

// "command words  123/456 [000]  12.345678:  10000 cpu-clock:pppH: "
std::optional<Header> ParseHeader(std::string_view line) {
  Header header;
  std::string_view thread;
  for (;;) {
    const std::string_view word = TakeWord(&line);
    if (word.empty()) return std::nullopt;
    if (const std::optional<int64_t> time = TimeOf(word)) {
      header.at_ns = *time;
      break;
    }
    // A CPU's number stands in brackets, and a thread's comes before it.
    if (!word.starts_with('[')) thread = word;
  }
  if (const size_t slash = thread.find('/'); slash != std::string_view::npos) {
    thread.remove_prefix(slash + 1);
  }
  const std::optional<uint64_t> number = Number(thread, 10);
  if (!number || *number > std::numeric_limits<uint32_t>::max()) return std::nullopt;
  header.thread = static_cast<uint32_t>(*number);
  std::string_view word = TakeWord(&line);
  header.period = Number(word, 10);
  if (header.period) word = TakeWord(&line);
  if (!word.ends_with(':')) return std::nullopt;
  header.event = EventName(word);
  return header;
}

struct Line {
  uint64_t address = 0;
  std::string function;
  std::string path;
  bool inlined = false;
};

// "    7f0000001234 operator new(unsigned long)+0x1c (/lib/libc.so.6)"
std::optional<Line> ParseFrame(std::string_view text) {
  Line line;
  const std::optional<uint64_t> address = Number(TakeWord(&text), 16);
  if (!address) return std::nullopt;
  line.address = *address;
  text = Trimmed(text);
  // The file stands in the last brackets; its name may have some of its own: "(x (deleted))".
  if (text.ends_with(')')) {
    size_t open = text.rfind(" (");
    if (text.ends_with(" (deleted))")) open = text.rfind(" (", open - 1);
    if (open == std::string_view::npos && text.starts_with('(')) open = 0;
    if (open != std::string_view::npos) {
      std::string_view path = Trimmed(text.substr(open));
      path = path.substr(1, path.size() - 2);
      line.inlined = path == kInlined;
      if (!line.inlined && path != kUnknown) line.path = ToValidUtf8(path);
      text = Trimmed(text.substr(0, open));
    }
  }
  if (const size_t plus = text.rfind("+0x");
      plus != std::string_view::npos && Number(text.substr(plus + 3), 16)) {
    text = text.substr(0, plus);
  }
  line.function = text.empty() ? std::string(kUnknown) : ToValidUtf8(text);
  return line;
}

class Parser {
 public:
  explicit Parser(uint32_t frequency_hz) : frequency_hz_(frequency_hz) {}

  absl::Status Take(std::string_view line) {
    ++line_number_;
    // Comments of `perf script --header`.
    if (line.starts_with('#')) return absl::OkStatus();
    if (Trimmed(line).empty()) return Finish();
    if (header_.has_value() && IsBlank(line.front())) {
      std::optional<Line> frame = ParseFrame(line);
      if (!frame) return Wrong("is no frame of a stack: an address, a function and (its file)");
      if (frames_.size() >= StackProfile::kMaxDepth) return Wrong("is one frame too many");
      frames_.push_back(*std::move(frame));
      return absl::OkStatus();
    }
    if (absl::Status status = Finish(); !status.ok()) return status;
    header_ = ParseHeader(line);
    if (!header_) {
      return Wrong(
          "does not begin a sample of `perf script`: a command, thread, time, period and event");
    }
    return absl::OkStatus();
  }

  // Ends the sample at hand.
  absl::Status Finish() {
    if (!header_) return absl::OkStatus();
    const Header header = *std::exchange(header_, std::nullopt);
    const std::vector<Line> frames = std::exchange(frames_, {});
    const bool off_cpu = header.event == kOffCpu;
    if (!off_cpu && script_.event.empty()) script_.event = header.event;
    if (!off_cpu && header.event != script_.event) {
      ++script_.skipped;
      return absl::OkStatus();
    }
    uint64_t weight = 0;
    if (CountsTime(header.event) && header.period) {
      weight = *header.period;
    } else if (frequency_hz_ > 0) {
      weight = kNanosPerSecond / frequency_hz_;
    } else {
      return Wrong(absl::StrCat("ends a sample of ", header.event,
                                ", whose period is no time: say how often it was sampled"));
    }
    if (!script_.profile.HasRoomFor(weight)) return Wrong("ends a sample that no run lasts for");
    if (!begin_ns_) begin_ns_ = header.at_ns;
    script_.profile.AddSample({.node = Stack(frames),
                               .thread = header.thread,
                               .time = off_cpu ? StackTime::kOffCpu : StackTime::kOnCpu,
                               .at_ns = header.at_ns - *begin_ns_,
                               .weight_ns = weight});
    return absl::OkStatus();
  }

  PerfScript Take() && { return std::move(script_); }

 private:
  absl::Status Wrong(const std::string& what) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_number_, " ", what));
  }

  // The innermost frame comes first. An inlined one lies in the file of the first that is not.
  uint32_t Stack(const std::vector<Line>& frames) {
    StackProfile& profile = script_.profile;
    uint32_t parent = 0;
    uint32_t mapping = 0;
    FrameKind kind = FrameKind::kUnknown;
    for (size_t i = frames.size(); i-- > 0;) {
      const Line& line = frames[i];
      if (!line.inlined) {
        kind = KindOf(line.path);
        mapping = line.path.empty()
                      ? 0
                      : 1 + profile.InternMapping({.file = profile.InternString(line.path)});
      }
      const StackFrame frame{.function = profile.InternString(line.function),
                             .mapping = mapping,
                             .address = line.inlined ? 0 : line.address,
                             .kind = kind,
                             .inlined = line.inlined};
      parent = 1 + profile.InternNode(parent, profile.InternFrame(frame));
    }
    if (parent == 0) {
      const StackFrame frame{
          .function = profile.InternString(absl::string_view(kUnknown.data(), kUnknown.size()))};
      parent = 1 + profile.InternNode(0, profile.InternFrame(frame));
    }
    return parent - 1;
  }

  const uint32_t frequency_hz_;
  PerfScript script_;
  uint64_t line_number_ = 0;
  std::optional<Header> header_;
  std::vector<Line> frames_;
  std::optional<int64_t> begin_ns_;
};

// One word, as perf prints a command's name.
std::string CommandOf(const StackProfile& profile, uint32_t node) {
  std::string command = "program";
  for (uint32_t at = node + 1; at > 0; at = profile.nodes()[at - 1].parent) {
    const StackFrame& frame = profile.frames()[profile.nodes()[at - 1].frame];
    if (frame.kind == FrameKind::kProgram) command = FileName(profile.PathOf(frame));
  }
  for (char& c : command) {
    // "1.5:" would be taken for the time.
    if (IsBlank(c) || c == '\n' || c == ':') c = '_';
  }
  return command.empty() || command.front() == '#' ? "program" : command;
}

// Without what would end the line.
std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

std::string PerfScriptText(const StackProfile& profile, std::string_view event) {
  std::string text;
  const std::string on_cpu(event);
  for (const StackSample& sample : profile.samples()) {
    // perf's clock has no time before its start.
    const int64_t at_ns = sample.at_ns < 0 ? 0 : sample.at_ns;
    absl::StrAppendFormat(&text, "%s %7d %d.%09d: %10d %s: \n", CommandOf(profile, sample.node),
                          sample.thread, at_ns / static_cast<int64_t>(kNanosPerSecond),
                          at_ns % static_cast<int64_t>(kNanosPerSecond), sample.weight_ns,
                          sample.time == StackTime::kOffCpu ? std::string(kOffCpu) : on_cpu);
    for (uint32_t at = sample.node + 1; at > 0; at = profile.nodes()[at - 1].parent) {
      const StackFrame& frame = profile.frames()[profile.nodes()[at - 1].frame];
      const std::string& path = profile.PathOf(frame);
      absl::StrAppendFormat(&text, "\t%16x %s (%s)\n", frame.address,
                            OneLine(profile.FunctionOf(frame)),
                            frame.inlined  ? std::string(kInlined)
                            : path.empty() ? std::string(kUnknown)
                                           : OneLine(path));
    }
    text += '\n';
  }
  return text;
}

absl::StatusOr<PerfScript> ParsePerfScript(std::string_view text, uint32_t frequency_hz) {
  Parser parser(frequency_hz);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (absl::Status status = parser.Take(text.substr(0, end)); !status.ok()) return status;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (absl::Status status = parser.Finish(); !status.ok()) return status;
  return std::move(parser).Take();
}

}  // namespace assay
