#ifndef ASSAY_ANALYSIS_PROFILE_STACK_PROFILE_H_
#define ASSAY_ANALYSIS_PROFILE_STACK_PROFILE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace assay {

// What kind of code a frame lies in; proto/profile.proto says what each means.
enum class FrameKind : uint8_t { kUnknown, kProgram, kLibrary, kLibc, kKernel, kVdso, kJit };
inline constexpr int kFrameKinds = 7;
// The name of a function that has none.
inline constexpr std::string_view kUnknownFunction = "[unknown]";
// "unknown", "program", "library", "libc", "kernel", "vdso" or "jit".
std::string_view ToString(FrameKind kind);

// Time on a CPU, or off it at the stack that gave it up.
enum class StackTime : uint8_t { kOnCpu, kOffCpu };

struct StackWeight {
  uint64_t ns = 0;
  uint64_t samples = 0;

  StackWeight& operator+=(const StackWeight& other) {
    ns += other.ns;
    samples += other.samples;
    return *this;
  }
  bool operator==(const StackWeight&) const = default;
};

// A program or library. Fields are numbers of strings; 0 where unknown.
struct StackMapping {
  uint32_t file = 0;
  uint32_t build_id = 0;

  bool operator==(const StackMapping&) const = default;
};

// One function at one address.
struct StackFrame {
  // Strings.
  uint32_t function = 0;
  uint32_t file = 0;
  uint32_t line = 0;
  // Mapping's number + 1; 0 for none.
  uint32_t mapping = 0;
  // Where the function begins in the mapped file; 0 for an inlined frame. In what other tools saw, where no mapping has a
  // build id, any address in the process.
  uint64_t address = 0;
  FrameKind kind = FrameKind::kUnknown;
  // Its body was inlined into its caller's.
  bool inlined = false;

  bool operator==(const StackFrame&) const = default;
};

// A stack: its callers, and a frame on top of them.
struct StackNode {
  // Node's number + 1 of the callers; 0: nothing called it. Always below the node's own number + 1.
  uint32_t parent = 0;
  uint32_t frame = 0;
  // Frames of the stack.
  uint32_t depth = 1;
  // Of samples that end here, not of what it called.
  StackWeight on_cpu;
  StackWeight off_cpu;

  const StackWeight& weight(StackTime time) const {
    return time == StackTime::kOnCpu ? on_cpu : off_cpu;
  }
};

struct StackSample {
  uint32_t node = 0;
  uint32_t thread = 0;
  StackTime time = StackTime::kOnCpu;
  // Since the profile's start.
  int64_t at_ns = 0;
  uint64_t weight_ns = 0;
};

// Samples of call stacks, with each string, mapping, frame and stack kept once. Callers come before
// what they call, so that no cycle is possible and a sum over all below is one pass backwards.
//
// Memory: about 100 bytes a stack and 32 a sample. Threads: none of its own.
class StackProfile {
 public:
  // Deeper stacks are no stacks of a real program.
  static constexpr uint32_t kMaxDepth = 4096;
  // No weights may sum up to more: 292 years.
  static constexpr uint64_t kMaxTotalNs = uint64_t{1} << 63;

  StackProfile();

  // Each returns the number of an equal entry, which is added where there is none.
  uint32_t InternString(absl::string_view text);
  // REQUIRES: its numbers exist, here and below.
  uint32_t InternMapping(const StackMapping& mapping);
  uint32_t InternFrame(const StackFrame& frame);
  // `parent` as in StackNode. REQUIRES: the parent's depth is below kMaxDepth.
  uint32_t InternNode(uint32_t parent, uint32_t frame);
  // Adds to the node's weight and to the list. REQUIRES: the node exists, and the sum of all
  // weights stays within kMaxTotalNs.
  void AddSample(const StackSample& sample);

  // Adds the stacks and weights of another, as of one more run. Its samples stay out of samples():
  // times of two runs are not of one line. REQUIRES: as AddSample().
  void Merge(const StackProfile& other);

  // String 0 is the empty one.
  const std::vector<std::string>& strings() const { return strings_; }
  const std::vector<StackMapping>& mappings() const { return mappings_; }
  const std::vector<StackFrame>& frames() const { return frames_; }
  const std::vector<StackNode>& nodes() const { return nodes_; }
  // In the order in which they were added.
  const std::vector<StackSample>& samples() const { return samples_; }
  const StackWeight& total(StackTime time) const {
    return time == StackTime::kOnCpu ? on_cpu_ : off_cpu_;
  }
  // Room for samples of `ns` more.
  bool HasRoomFor(uint64_t ns) const { return ns <= kMaxTotalNs - on_cpu_.ns - off_cpu_.ns; }

  const std::string& FunctionOf(const StackFrame& frame) const { return strings_[frame.function]; }
  // The path of the frame's mapping; empty where it has none.
  const std::string& PathOf(const StackFrame& frame) const;
  const std::string& BuildIdOf(const StackFrame& frame) const;

 private:
  using FrameKey = std::tuple<uint32_t, uint32_t, uint32_t, uint32_t, uint64_t, uint8_t, bool>;

  void AddWeight(uint32_t node, StackTime time, const StackWeight& weight);

  std::vector<std::string> strings_;
  std::vector<StackMapping> mappings_;
  std::vector<StackFrame> frames_;
  std::vector<StackNode> nodes_;
  std::vector<StackSample> samples_;
  StackWeight on_cpu_;
  StackWeight off_cpu_;
  absl::flat_hash_map<std::string, uint32_t> string_numbers_;
  absl::flat_hash_map<std::tuple<uint32_t, uint32_t>, uint32_t> mapping_numbers_;
  absl::flat_hash_map<FrameKey, uint32_t> frame_numbers_;
  absl::flat_hash_map<std::tuple<uint32_t, uint32_t>, uint32_t> node_numbers_;
};

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_STACK_PROFILE_H_
