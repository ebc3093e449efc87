#include "proto/convert/stack_profile_proto.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "proto/convert/profile_chunk.h"

namespace assay {
namespace {

absl::Status Broken(const ProfileChunk& chunk, const std::string& what) {
  return absl::InvalidArgumentError(
      absl::StrCat("a profile's chunk ", chunk.sequence(), " ", what));
}

// kInvalidArgument if a number refers to nothing that is defined so far.
absl::Status CheckNumber(const ProfileChunk& chunk, const char* kind, uint64_t number,
                         size_t defined) {
  if (number < defined) return absl::OkStatus();
  return Broken(chunk, absl::StrCat("refers to ", kind, " ", number, "; only ", defined,
                                    " are defined up to there"));
}

FrameKind KindOf(ProfileFrame::Kind kind) {
  switch (kind) {
    case ProfileFrame::PROGRAM:
      return FrameKind::kProgram;
    case ProfileFrame::LIBRARY:
      return FrameKind::kLibrary;
    case ProfileFrame::LIBC:
      return FrameKind::kLibc;
    case ProfileFrame::KERNEL:
      return FrameKind::kKernel;
    case ProfileFrame::VDSO:
      return FrameKind::kVdso;
    case ProfileFrame::JIT:
      return FrameKind::kJit;
    default:
      // Treat a kind of a later version as unknown.
      return FrameKind::kUnknown;
  }
}

ProfileFrame::Kind KindOf(FrameKind kind) {
  switch (kind) {
    case FrameKind::kUnknown:
      return ProfileFrame::KIND_UNSPECIFIED;
    case FrameKind::kProgram:
      return ProfileFrame::PROGRAM;
    case FrameKind::kLibrary:
      return ProfileFrame::LIBRARY;
    case FrameKind::kLibc:
      return ProfileFrame::LIBC;
    case FrameKind::kKernel:
      return ProfileFrame::KERNEL;
    case FrameKind::kVdso:
      return ProfileFrame::VDSO;
    case FrameKind::kJit:
      return ProfileFrame::JIT;
  }
  return ProfileFrame::KIND_UNSPECIFIED;
}

// The columns of a chunk's samples. The chunk leaves out a column if all of its samples have the same value, and stores
// that value once.
class SampleColumns {
 public:
  explicit SampleColumns(const ProfileChunk& chunk)
      : chunk_(chunk), in_us_(!chunk.sample_time_delta_us().empty()) {}

  bool equal_lengths() const {
    const int samples = chunk_.sample_stack_size();
    return deltas().size() == static_cast<size_t>(samples) &&
           (chunk_.sample_thread().empty() || chunk_.sample_thread_size() == samples) &&
           (chunk_.sample_weight_ns().empty() || chunk_.sample_weight_ns_size() == samples);
  }
  bool has_weights() const {
    return chunk_.sample_stack().empty() || !chunk_.sample_weight_ns().empty() ||
           chunk_.weight_ns() > 0;
  }
  // The functions below REQUIRE equal_lengths() and a sample of this index.
  int64_t delta(int i) const { return deltas()[static_cast<size_t>(i)]; }
  int64_t delta_unit_ns() const { return in_us_ ? 1000 : 1; }
  uint32_t thread(int i) const {
    return chunk_.sample_thread().empty() ? chunk_.thread() : chunk_.sample_thread(i);
  }
  uint64_t weight_ns(int i) const {
    return chunk_.sample_weight_ns().empty() ? chunk_.weight_ns() : chunk_.sample_weight_ns(i);
  }

 private:
  absl::Span<const int64_t> deltas() const {
    return in_us_ ? chunk_.sample_time_delta_us() : chunk_.sample_time_delta_ns();
  }

  const ProfileChunk& chunk_;
  const bool in_us_;
};

// Builds a profile from checked chunks, in order.
class StackProfileBuilder {
 public:
  void Add(const ProfileChunk& chunk) {
    for (const std::string& text : chunk.strings()) strings_.push_back(profile_.InternString(text));
    for (const ProfileMapping& mapping : chunk.mappings()) {
      mappings_.push_back(profile_.InternMapping(
          {.file = strings_[mapping.file()], .build_id = strings_[mapping.build_id()]}));
    }
    for (const ProfileFrame& frame : chunk.frames()) {
      const uint32_t mapping = frame.mapping() > 0 ? mappings_[frame.mapping() - 1] + 1 : 0;
      frames_.push_back(profile_.InternFrame({.function = strings_[frame.function()],
                                              .file = strings_[frame.file()],
                                              .line = frame.line(),
                                              .mapping = mapping,
                                              .address = frame.address(),
                                              .kind = KindOf(frame.kind()),
                                              .inlined = frame.inlined()}));
    }
    for (const ProfileStack& stack : chunk.stacks()) {
      const uint32_t parent = stack.parent() > 0 ? stacks_[stack.parent() - 1].node + 1 : 0;
      const bool off = stack.kind() == ProfileStack::OFF_CPU;
      stacks_.push_back({.node = profile_.InternNode(parent, frames_[stack.frame()]),
                         .time = off ? StackTime::kOffCpu : StackTime::kOnCpu});
    }
    AddSamples(chunk);
  }

  StackProfile Take() && { return std::move(profile_); }

 private:
  struct Stack {
    uint32_t node = 0;
    StackTime time = StackTime::kOnCpu;
  };

  void AddSamples(const ProfileChunk& chunk) {
    const SampleColumns columns(chunk);
    for (int i = 0; i < chunk.sample_stack_size(); ++i) {
      at_ns_ += columns.delta(i) * columns.delta_unit_ns();
      const Stack& stack = stacks_[chunk.sample_stack(i)];
      profile_.AddSample({.node = stack.node,
                          .thread = columns.thread(i),
                          .time = stack.time,
                          .at_ns = at_ns_,
                          .weight_ns = columns.weight_ns(i)});
    }
  }

  StackProfile profile_;
  int64_t at_ns_ = 0;
  // Map the numbers on the wire to those of the profile. String 0 is never defined.
  std::vector<uint32_t> strings_ = {0};
  std::vector<uint32_t> mappings_;
  std::vector<uint32_t> frames_;
  std::vector<Stack> stacks_;
};

}  // namespace

absl::StatusOr<ProfileChunk> ProfileChunkChecker::Check(const ProfileChunk& packed) {
  absl::StatusOr<ProfileChunk> inflated = Inflated(packed);
  if (!inflated.ok()) return inflated.status();
  const ProfileChunk& chunk = *inflated;
  if (chunk.sequence() != next_sequence_) {
    return absl::DataLossError(absl::StrCat("a profile's chunk ", next_sequence_,
                                            " is missing: chunk ", chunk.sequence(),
                                            " arrived instead"));
  }
  const size_t most =
      std::max({strings_ + chunk.strings_size(), mappings_ + chunk.mappings_size(),
                frames_ + chunk.frames_size(), stacks_.size() + chunk.stacks_size()});
  if (most > kMaxEntries)
    return Broken(chunk, absl::StrCat("defines ", most, " entries of one kind"));
  strings_ += chunk.strings_size();
  if (absl::Status status = CheckMappings(chunk); !status.ok()) return status;
  if (absl::Status status = CheckFrames(chunk); !status.ok()) return status;
  if (absl::Status status = CheckStacks(chunk); !status.ok()) return status;
  if (absl::Status status = CheckSamples(chunk); !status.ok()) return status;
  ++next_sequence_;
  return inflated;
}

absl::Status ProfileChunkChecker::CheckMappings(const ProfileChunk& chunk) {
  for (const ProfileMapping& mapping : chunk.mappings()) {
    for (const uint32_t text : {mapping.file(), mapping.build_id()}) {
      absl::Status status = CheckNumber(chunk, "string", text, strings_);
      if (!status.ok()) return status;
    }
  }
  mappings_ += chunk.mappings_size();
  return absl::OkStatus();
}

absl::Status ProfileChunkChecker::CheckFrames(const ProfileChunk& chunk) {
  for (const ProfileFrame& frame : chunk.frames()) {
    for (const uint32_t text : {frame.function(), frame.file()}) {
      absl::Status status = CheckNumber(chunk, "string", text, strings_);
      if (!status.ok()) return status;
    }
    if (frame.mapping() == 0) continue;
    absl::Status status = CheckNumber(chunk, "mapping", frame.mapping() - 1, mappings_);
    if (!status.ok()) return status;
  }
  frames_ += chunk.frames_size();
  return absl::OkStatus();
}

absl::Status ProfileChunkChecker::CheckStacks(const ProfileChunk& chunk) {
  for (const ProfileStack& stack : chunk.stacks()) {
    absl::Status status = CheckNumber(chunk, "frame", stack.frame(), frames_);
    if (!status.ok()) return status;
    Stack checked{.on_cpu = stack.kind() != ProfileStack::OFF_CPU};
    if (stack.parent() > 0) {
      // Callers are defined first, so no stack can contain itself.
      status = CheckNumber(chunk, "stack", stack.parent() - 1, stacks_.size());
      if (!status.ok()) return status;
      checked.depth = stacks_[stack.parent() - 1].depth + 1;
    }
    if (checked.depth > StackProfile::kMaxDepth) {
      return Broken(chunk,
                    absl::StrCat("has a stack of more than ", StackProfile::kMaxDepth, " frames"));
    }
    stacks_.push_back(checked);
  }
  return absl::OkStatus();
}

absl::Status ProfileChunkChecker::CheckSamples(const ProfileChunk& chunk) {
  const SampleColumns columns(chunk);
  if (!columns.equal_lengths()) return Broken(chunk, "has columns of unequal length");
  if (!columns.has_weights()) return Broken(chunk, "has samples without a weight");
  for (int i = 0; i < chunk.sample_stack_size(); ++i) {
    absl::Status status = CheckNumber(chunk, "stack", chunk.sample_stack(i), stacks_.size());
    if (!status.ok()) return status;
    int64_t delta_ns = 0;
    if (__builtin_mul_overflow(columns.delta(i), columns.delta_unit_ns(), &delta_ns) ||
        __builtin_add_overflow(at_ns_, delta_ns, &at_ns_)) {
      return Broken(chunk, "has a sample whose time overflows");
    }
    const uint64_t weight_ns = columns.weight_ns(i);
    if (weight_ns > StackProfile::kMaxTotalNs - total_ns_) {
      return Broken(chunk, "has weights whose sum overflows");
    }
    total_ns_ += weight_ns;
    if (stacks_[chunk.sample_stack(i)].on_cpu) ++on_cpu_samples_;
  }
  return absl::OkStatus();
}

absl::StatusOr<StackProfile> FromProto(absl::Span<const ProfileChunk> chunks) {
  ProfileChunkChecker checker;
  StackProfileBuilder builder;
  for (const ProfileChunk& chunk : chunks) {
    const absl::StatusOr<ProfileChunk> checked = checker.Check(chunk);
    if (!checked.ok()) return checked.status();
    builder.Add(*checked);
  }
  return std::move(builder).Take();
}

namespace {

// Defines in the current chunk what a sample needs and no earlier chunk has defined.
class ChunkWriter {
 public:
  ChunkWriter(const StackProfile& profile, size_t samples_per_chunk)
      : profile_(profile), samples_per_chunk_(samples_per_chunk) {
    Begin();
  }

  void AddSample(const StackSample& sample) {
    if (static_cast<size_t>(chunk_->sample_stack_size()) >= samples_per_chunk_) Begin();
    bytes_ += kSampleBytes;
    const uint32_t stack = Stack(sample.node, sample.time);
    chunk_->add_sample_stack(stack);
    const int64_t at_us = sample.at_ns / 1000;
    chunk_->add_sample_time_delta_us(at_us - at_us_);
    chunk_->add_sample_thread(sample.thread);
    chunk_->add_sample_weight_ns(sample.weight_ns);
    at_us_ = at_us;
  }

  std::vector<ProfileChunk> Take() && { return std::move(chunks_); }

 private:
  // A chunk of this size gets no further stack; far below kMaxInflatedChunk.
  static constexpr size_t kFullBytes = size_t{1} << 20;
  // The most bytes per entry of a chunk, without its strings.
  static constexpr size_t kSampleBytes = 40;
  static constexpr size_t kEntryBytes = 48;

  using Numbers = absl::flat_hash_map<uint32_t, uint32_t>;

  void Begin() {
    chunk_ = &chunks_.emplace_back();
    chunk_->set_sequence(static_cast<uint32_t>(chunks_.size() - 1));
    bytes_ = 0;
  }

  uint32_t String(uint32_t number) {
    if (number == 0) return 0;
    const auto [entry, added] = strings_.try_emplace(number, strings_.size() + 1);
    if (added) {
      chunk_->add_strings(profile_.strings()[number]);
      bytes_ += kEntryBytes + profile_.strings()[number].size();
    }
    return entry->second;
  }

  uint32_t Mapping(uint32_t number) {
    const auto [entry, added] = mappings_.try_emplace(number, mappings_.size());
    if (added) {
      const StackMapping& mapping = profile_.mappings()[number];
      const uint32_t file = String(mapping.file);
      ProfileMapping* proto = chunk_->add_mappings();
      proto->set_file(file);
      proto->set_build_id(String(mapping.build_id));
    }
    return entry->second;
  }

  uint32_t Frame(uint32_t number) {
    const auto [entry, added] = frames_.try_emplace(number, frames_.size());
    if (added) {
      const StackFrame& frame = profile_.frames()[number];
      ProfileFrame* proto = chunk_->add_frames();
      proto->set_function(String(frame.function));
      proto->set_file(String(frame.file));
      proto->set_line(frame.line);
      if (frame.mapping > 0) proto->set_mapping(Mapping(frame.mapping - 1) + 1);
      proto->set_address(frame.address);
      proto->set_kind(KindOf(frame.kind));
      proto->set_inlined(frame.inlined);
    }
    return entry->second;
  }

  uint32_t Stack(uint32_t node, StackTime time) {
    // From this node down to the first one that is defined.
    std::vector<uint32_t> missing;
    Numbers& leaves = time == StackTime::kOnCpu ? on_cpu_ : off_cpu_;
    if (const auto found = leaves.find(node); found != leaves.end()) return found->second;
    for (uint32_t at = profile_.nodes()[node].parent; at > 0;) {
      if (on_cpu_.contains(at - 1)) break;
      missing.push_back(at - 1);
      at = profile_.nodes()[at - 1].parent;
    }
    for (; !missing.empty(); missing.pop_back()) on_cpu_[missing.back()] = Define(missing.back());
    const uint32_t number = Define(node);
    if (time == StackTime::kOffCpu) {
      chunk_->mutable_stacks(chunk_->stacks_size() - 1)->set_kind(ProfileStack::OFF_CPU);
    }
    leaves[node] = number;
    return number;
  }

  uint32_t Define(uint32_t node) {
    // The caller may be defined in an earlier chunk.
    if (bytes_ >= kFullBytes) Begin();
    bytes_ += 3 * kEntryBytes;
    const StackNode& stack = profile_.nodes()[node];
    const uint32_t frame = Frame(stack.frame);
    ProfileStack* proto = chunk_->add_stacks();
    if (stack.parent > 0) proto->set_parent(on_cpu_.at(stack.parent - 1) + 1);
    proto->set_frame(frame);
    return stacks_++;
  }

  const StackProfile& profile_;
  const size_t samples_per_chunk_;
  std::vector<ProfileChunk> chunks_;
  // The last chunk.
  ProfileChunk* chunk_ = nullptr;
  size_t bytes_ = 0;
  int64_t at_us_ = 0;
  uint32_t stacks_ = 0;
  Numbers strings_;
  Numbers mappings_;
  Numbers frames_;
  Numbers on_cpu_;
  Numbers off_cpu_;
};

}  // namespace

std::vector<ProfileChunk> ToProto(const StackProfile& profile, size_t samples_per_chunk) {
  assert(samples_per_chunk >= 1);
  ChunkWriter writer(profile, samples_per_chunk);
  for (const StackSample& sample : profile.samples()) writer.AddSample(sample);
  return std::move(writer).Take();
}

}  // namespace assay
