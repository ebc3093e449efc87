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

// The kind of code in a frame; proto/profile.proto defines the kinds.
enum class FrameKind : uint8_t { kUnknown, kProgram, kLibrary, kLibc, kKernel, kVdso, kJit };
inline constexpr int kFrameKinds = 7;
// The name of a function whose name is not known.
inline constexpr std::string_view kUnknownFunction = "[unknown]";
// "unknown", "program", "library", "libc", "kernel", "vdso" or "jit".
std::string_view ToString(FrameKind kind);

// Time on a CPU, or time off it, at the stack that blocked.
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

// A program or library. Fields are indexes of strings; 0: not known.
struct StackMapping {
  uint32_t file = 0;
  uint32_t build_id = 0;

  bool operator==(const StackMapping&) const = default;
};

// One function at one address.
struct StackFrame {
  // Indexes of strings.
  uint32_t function = 0;
  uint32_t file = 0;
  uint32_t line = 0;
  // Index of the mapping + 1; 0: none.
  uint32_t mapping = 0;
  // The start of the function in the mapped file; 0 for an inlined frame. In a profile of another tool, where the
  // mapping has no build id, any address in the process.
  uint64_t address = 0;
  FrameKind kind = FrameKind::kUnknown;
  // The function was inlined into its caller.
  bool inlined = false;

  bool operator==(const StackFrame&) const = default;
};

// A stack: its callers and the frame on top.
struct StackNode {
  // Index of the callers' node + 1; 0: no caller. Always less than this node's own index + 1.
  uint32_t parent = 0;
  uint32_t frame = 0;
  // Number of frames in the stack.
  uint32_t depth = 1;
  // Weight of samples that end here, without callees.
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
  // Time since the start of the profile.
  int64_t at_ns = 0;
  uint64_t weight_ns = 0;
};

// Samples of call stacks. Each string, mapping, frame and stack is kept once. Callers come before their callees, so
// there are no cycles, and one backward pass sums over all callees.
//
// Memory: about 100 bytes per stack and 32 per sample. Threads: none of its own.
class StackProfile {
 public:
  // Real programs have no deeper stacks.
  static constexpr uint32_t kMaxDepth = 4096;
  // The upper limit for the sum of all weights: 292 years.
  static constexpr uint64_t kMaxTotalNs = uint64_t{1} << 63;

  StackProfile();

  // Each function returns the index of an equal entry, and adds the entry if there is none.
  uint32_t InternString(absl::string_view text);
  // REQUIRES: the indexes in the argument exist. This also applies to the functions below.
  uint32_t InternMapping(const StackMapping& mapping);
  uint32_t InternFrame(const StackFrame& frame);
  // `parent`: as in StackNode. REQUIRES: the parent's depth is below kMaxDepth.
  uint32_t InternNode(uint32_t parent, uint32_t frame);
  // Adds to the node's weight and to samples(). REQUIRES: the node exists, and the sum of all weights stays within
  // kMaxTotalNs.
  void AddSample(const StackSample& sample);

  // Adds the stacks and weights of another run. Its samples are not added to samples(), because times of two runs
  // have different origins. REQUIRES: as AddSample().
  void Merge(const StackProfile& other);

  // String 0 is empty.
  const std::vector<std::string>& strings() const { return strings_; }
  const std::vector<StackMapping>& mappings() const { return mappings_; }
  const std::vector<StackFrame>& frames() const { return frames_; }
  const std::vector<StackNode>& nodes() const { return nodes_; }
  // In the order in which they were added.
  const std::vector<StackSample>& samples() const { return samples_; }
  const StackWeight& total(StackTime time) const {
    return time == StackTime::kOnCpu ? on_cpu_ : off_cpu_;
  }
  // Whether samples of `ns` more fit in.
  bool HasRoomFor(uint64_t ns) const { return ns <= kMaxTotalNs - on_cpu_.ns - off_cpu_.ns; }

  const std::string& FunctionOf(const StackFrame& frame) const { return strings_[frame.function]; }
  // The path of the frame's mapping; empty if it has none.
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
