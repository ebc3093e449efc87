#include "analysis/profile/perf_script.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "analysis/profile/function_tree.h"
#include "analysis/profile/perf_script_line.h"
#include "common/utf8.h"

namespace assay {
namespace {

constexpr std::string_view kOffCpu = "off-cpu";
constexpr std::string_view kInlined = "inlined";
constexpr std::string_view kUnknown = kUnknownFunction;
constexpr uint64_t kNanosPerSecond = 1'000'000'000;
constexpr size_t kLongestCommand = 15;
// How many of the other events are named.
constexpr size_t kMostNamed = 8;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool IsEmpty(std::string_view line) { return std::all_of(line.begin(), line.end(), IsBlank); }

// The preferred events for a profile of a server, the best first.
enum class EventClass : uint8_t { kTime, kCycles, kOther, kTracepoint };

EventClass ClassOf(const std::string& event) {
  if (event.starts_with("cpu-clock") || event.starts_with("task-clock")) return EventClass::kTime;
  const std::string name = event.ends_with(":u") ? event.substr(0, event.size() - 2) : event;
  if (absl::StrContains(name, "cycles") && !absl::StrContains(name, "stalled"))
    return EventClass::kCycles;
  return name.find(':') == std::string::npos ? EventClass::kOther : EventClass::kTracepoint;
}

// The samples of one event, kept until the event of the profile is known.
struct EventSamples {
  std::string event;
  uint64_t first_line = 0;
  bool has_periods = true;
  long double periods = 0;
  struct One {
    uint32_t node = 0;
    uint32_t thread = 0;
    int64_t at_ns = 0;
    uint64_t period = 0;
    // Positions among all samples of the text.
    uint64_t place = 0;
  };
  std::vector<One> samples;
};

class Parser {
 public:
  explicit Parser(uint32_t frequency_hz) : frequency_hz_(frequency_hz) {}

  absl::Status TakeLine(std::string_view line) {
    ++line_number_;
    if (IsEmpty(line)) {
      Finish();
      return absl::OkStatus();
    }
    if (header_.has_value() && IsBlank(line.front())) {
      const bool tab = line.front() == '\t';
      if (!tab && TakeSourceLine(line)) return absl::OkStatus();
      // Without stacks the next sample follows at once, with its command aligned to the right.
      if (tab || !ParsePerfHeader(line)) return TakeFrame(line);
    }
    Finish();
    std::optional<PerfHeader> header = ParsePerfHeader(line);
    // Comments of `perf script --header`. A command can begin like one.
    if (!header && line.starts_with('#')) return absl::OkStatus();
    if (!header) {
      return Wrong(
          "is not the first line of a sample of `perf script`: it needs a command, thread, time, "
          "period and event");
    }
    if (header->is_record) {
      TakeRecord(header->rest);
      return absl::OkStatus();
    }
    if (std::optional<PerfFrame> only = ParseOnlyFrame(header->rest)) {
      frames_.push_back(*std::move(only));
      is_flat_ = true;
    }
    header->rest = {};
    header_ = std::move(header);
    return absl::OkStatus();
  }

  // The profile of one event: `wanted`, or the preferred one.
  absl::StatusOr<PerfScript> Profile(std::string_view wanted) && {
    Finish();
    const EventSamples* const chosen = Choose(wanted);
    if (chosen == nullptr && !wanted.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "has no sample of the event ", std::string(wanted), "; it has ", NamesOfOthers(nullptr)));
    }
    for (const EventSamples& one : events_) {
      if (&one == chosen) continue;
      script_.skipped += one.samples.size();
    }
    script_.others = NamesOfOthers(chosen);
    if (chosen != nullptr) script_.event = chosen->event;
    std::vector<StackSample> samples;
    std::vector<uint64_t> places;
    for (const EventSamples* one : {chosen, static_cast<const EventSamples*>(&off_cpu_)}) {
      if (one == nullptr || one->samples.empty()) continue;
      const std::optional<std::vector<uint64_t>> weights = WeightsOf(*one);
      if (!weights) {
        line_number_ = one->first_line;
        return Wrong(absl::StrCat("is a sample of ", one->event,
                                  ", whose period is not a time: pass the samples per second of "
                                  "`perf record -F` with --frequency"));
      }
      for (size_t i = 0; i < one->samples.size(); ++i) {
        const EventSamples::One& sample = one->samples[i];
        samples.push_back({.node = sample.node,
                           .thread = sample.thread,
                           .time = one == chosen ? StackTime::kOnCpu : StackTime::kOffCpu,
                           .at_ns = sample.at_ns,
                           .weight_ns = (*weights)[i]});
        places.push_back(sample.place);
      }
    }
    if (absl::Status status = AddInOrder(samples, places); !status.ok()) return status;
    return std::move(script_);
  }

 private:
  absl::Status Wrong(const std::string& what) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_number_, " ", what));
  }

  absl::Status TakeFrame(std::string_view line) {
    std::optional<PerfFrame> frame = ParsePerfFrame(line);
    if (!frame)
      return Wrong("is not a frame of a stack: it needs an address, a function and (its file)");
    if (frames_.size() >= StackProfile::kMaxDepth)
      return Wrong("exceeds the largest number of frames in a stack");
    frames_.push_back(*std::move(frame));
    return absl::OkStatus();
  }

  // Whether the line was a source line for the frame before it.
  bool TakeSourceLine(std::string_view line) {
    if (frames_.empty() || ParsePerfHeader(line)) return false;
    std::optional<PerfSourceLine> source = ParseSourceLine(line);
    if (!source) return false;
    PerfFrame& frame = frames_.back();
    frame.file = std::move(source->file);
    frame.line = source->line;
    frame.inlined = frame.inlined || source->inlined;
    return true;
  }

  // perf reports how many samples the kernel dropped.
  void TakeRecord(std::string_view record) {
    constexpr std::string_view kLost = "PERF_RECORD_LOST lost ";
    if (!record.starts_with(kLost)) return;
    uint64_t lost = 0;
    for (const char c : record.substr(kLost.size(), 9)) {
      if (c < '0' || c > '9') break;
      lost = lost * 10 + static_cast<uint64_t>(c - '0');
    }
    script_.lost += lost;
  }

  EventSamples& SamplesOf(const std::string& event) {
    if (event == kOffCpu) {
      off_cpu_.event = event;
      return off_cpu_;
    }
    for (EventSamples& one : events_) {
      if (one.event == event) return one;
    }
    events_.push_back({.event = event});
    return events_.back();
  }

  // Ends the current sample.
  void Finish() {
    if (!header_) return;
    const PerfHeader header = *std::exchange(header_, std::nullopt);
    const std::vector<PerfFrame> frames = std::exchange(frames_, {});
    EventSamples& event = SamplesOf(header.event);
    if (event.samples.empty()) event.first_line = line_number_;
    if (std::exchange(is_flat_, false)) ++script_.flat;
    event.has_periods = event.has_periods && header.period.has_value();
    event.periods += static_cast<long double>(header.period.value_or(0));
    event.samples.push_back({.node = Stack(frames),
                             .thread = header.thread,
                             .at_ns = header.at_ns,
                             .period = header.period.value_or(0),
                             .place = place_++});
  }

  const EventSamples* Choose(std::string_view wanted) const {
    const std::string name = EventOf(wanted);
    const EventSamples* best = nullptr;
    for (const EventSamples& one : events_) {
      if (!wanted.empty() && one.event != name) continue;
      if (best == nullptr || IsBetter(one, *best)) best = &one;
    }
    return best;
  }

  // Of two events with equal preference, the one with the higher count.
  static bool IsBetter(const EventSamples& a, const EventSamples& b) {
    const EventClass of_a = ClassOf(a.event);
    const EventClass of_b = ClassOf(b.event);
    if (of_a != of_b) return of_a < of_b;
    const bool alike = of_a == EventClass::kTime || of_a == EventClass::kCycles;
    if (alike && a.has_periods && b.has_periods && a.periods != b.periods)
      return a.periods > b.periods;
    return a.samples.size() > b.samples.size();
  }

  // "cpu_atom/cycles/ (12 samples), page-faults (3 samples)".
  std::string NamesOfOthers(const EventSamples* chosen) const {
    std::string names;
    size_t count = 0;
    for (const EventSamples& one : events_) {
      if (&one == chosen || count++ >= kMostNamed) continue;
      absl::StrAppend(&names, names.empty() ? "" : ", ", one.event, " (", one.samples.size(),
                      one.samples.size() == 1 ? " sample)" : " samples)");
    }
    if (count > kMostNamed) absl::StrAppend(&names, " and ", count - kMostNamed, " more");
    return names.empty() ? "no samples" : names;
  }

  // If periods are times, they are the weights. For other events, the total time of all samples is divided in
  // proportion to the periods. nullopt: a frequency is needed.
  std::optional<std::vector<uint64_t>> WeightsOf(const EventSamples& event) const {
    std::vector<uint64_t> weights;
    weights.reserve(event.samples.size());
    const bool of_time = event.event == kOffCpu || ClassOf(event.event) == EventClass::kTime;
    if (of_time && event.has_periods) {
      for (const EventSamples::One& one : event.samples) weights.push_back(one.period);
      return weights;
    }
    if (frequency_hz_ == 0) return std::nullopt;
    const long double all_ns = static_cast<long double>(event.samples.size()) *
                               static_cast<long double>(kNanosPerSecond) / frequency_hz_;
    const bool by_period = !of_time && event.has_periods && event.periods > 0;
    const long double whole =
        by_period ? event.periods : static_cast<long double>(event.samples.size());
    // Rounded so that the sum is exact.
    long double so_far = 0;
    uint64_t given_ns = 0;
    for (const EventSamples::One& one : event.samples) {
      so_far += by_period ? static_cast<long double>(one.period) : 1;
      const auto until_ns = static_cast<uint64_t>(std::floor(all_ns * so_far / whole + 0.5L));
      weights.push_back(until_ns > given_ns ? until_ns - given_ns : 0);
      given_ns = std::max(given_ns, until_ns);
    }
    return weights;
  }

  absl::Status AddInOrder(const std::vector<StackSample>& samples,
                          const std::vector<uint64_t>& places) {
    std::vector<size_t> order(samples.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](size_t a, size_t b) { return places[a] < places[b]; });
    for (const size_t i : order) {
      StackSample sample = samples[i];
      if (!script_.profile.HasRoomFor(sample.weight_ns))
        return absl::InvalidArgumentError("has samples whose total time is too large");
      sample.at_ns -= samples[order[0]].at_ns;
      script_.profile.AddSample(sample);
    }
    return absl::OkStatus();
  }

  // The innermost frame comes first. An inlined frame lies in the file of the first frame after it that is not
  // inlined.
  uint32_t Stack(const std::vector<PerfFrame>& frames) {
    StackProfile& profile = script_.profile;
    uint32_t parent = 0;
    uint32_t mapping = 0;
    FrameKind kind = FrameKind::kUnknown;
    for (size_t i = frames.size(); i-- > 0;) {
      const PerfFrame& line = frames[i];
      if (!line.inlined) {
        kind = KindOfPerfPath(line.path);
        mapping = line.path.empty()
                      ? 0
                      : 1 + profile.InternMapping({.file = profile.InternString(line.path)});
      }
      const StackFrame frame{.function = profile.InternString(line.function),
                             .file = profile.InternString(line.file),
                             .line = line.line,
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
  std::optional<PerfHeader> header_;
  std::vector<PerfFrame> frames_;
  // The current frame is in the header's line.
  bool is_flat_ = false;
  uint64_t place_ = 0;
  std::vector<EventSamples> events_;
  EventSamples off_cpu_;
};

// The command's name in one word, as perf prints it.
std::string CommandOf(const StackProfile& profile, uint32_t node) {
  std::string command = "program";
  for (uint32_t at = node + 1; at > 0; at = profile.nodes()[at - 1].parent) {
    const StackFrame& frame = profile.frames()[profile.nodes()[at - 1].frame];
    if (frame.kind == FrameKind::kProgram) command = FileName(profile.PathOf(frame));
  }
  for (char& c : command) {
    // A reader would take "1.5:" for the time.
    if (IsBlank(c) || c == '\n' || c == ':') c = '_';
  }
  if (command.empty() || command.front() == '#') return "program";
  // Cut as the kernel does, because a reader expects the thread's number after at most this many bytes.
  return ToValidUtf8(command.substr(0, kLongestCommand));
}

// Replaces characters that would end the line.
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
    // perf's clock has no times before its start.
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

absl::StatusOr<PerfScript> ParsePerfScript(std::string_view text, uint32_t frequency_hz,
                                           std::string_view event) {
  if (text.starts_with("PERFILE")) {
    return absl::InvalidArgumentError(
        "is a recording (perf.data): pass the output of `perf script` "
        "instead");
  }
  Parser parser(frequency_hz);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (absl::Status status = parser.TakeLine(text.substr(0, end)); !status.ok()) return status;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(parser).Profile(event);
}

}  // namespace assay
