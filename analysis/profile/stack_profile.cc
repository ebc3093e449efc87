#include "analysis/profile/stack_profile.h"

#include <cassert>

namespace assay {

std::string_view ToString(FrameKind kind) {
  switch (kind) {
    case FrameKind::kUnknown:
      return "unknown";
    case FrameKind::kProgram:
      return "program";
    case FrameKind::kLibrary:
      return "library";
    case FrameKind::kLibc:
      return "libc";
    case FrameKind::kKernel:
      return "kernel";
    case FrameKind::kVdso:
      return "vdso";
    case FrameKind::kJit:
      return "jit";
  }
  return "unknown";
}

StackProfile::StackProfile() { InternString(""); }

uint32_t StackProfile::InternString(absl::string_view text) {
  const auto found = string_numbers_.find(text);
  if (found != string_numbers_.end()) return found->second;
  const auto number = static_cast<uint32_t>(strings_.size());
  strings_.emplace_back(text);
  string_numbers_.emplace(strings_.back(), number);
  return number;
}

uint32_t StackProfile::InternMapping(const StackMapping& mapping) {
  assert(mapping.file < strings_.size() && mapping.build_id < strings_.size());
  const auto number = static_cast<uint32_t>(mappings_.size());
  const auto [entry, added] =
      mapping_numbers_.try_emplace({mapping.file, mapping.build_id}, number);
  if (added) mappings_.push_back(mapping);
  return entry->second;
}

uint32_t StackProfile::InternFrame(const StackFrame& frame) {
  assert(frame.function < strings_.size() && frame.file < strings_.size());
  assert(frame.mapping <= mappings_.size());
  const auto number = static_cast<uint32_t>(frames_.size());
  const FrameKey key = {frame.function, frame.file,    frame.line,
                        frame.mapping,  frame.address, static_cast<uint8_t>(frame.kind),
                        frame.inlined};
  const auto [entry, added] = frame_numbers_.try_emplace(key, number);
  if (added) frames_.push_back(frame);
  return entry->second;
}

uint32_t StackProfile::InternNode(uint32_t parent, uint32_t frame) {
  assert(parent <= nodes_.size() && frame < frames_.size());
  const auto number = static_cast<uint32_t>(nodes_.size());
  const auto [entry, added] = node_numbers_.try_emplace({parent, frame}, number);
  if (added) {
    StackNode node{.parent = parent, .frame = frame};
    if (parent > 0) node.depth = nodes_[parent - 1].depth + 1;
    assert(node.depth <= kMaxDepth);
    nodes_.push_back(node);
  }
  return entry->second;
}

void StackProfile::AddWeight(uint32_t node, StackTime time, const StackWeight& weight) {
  assert(node < nodes_.size() && HasRoomFor(weight.ns));
  const bool on = time == StackTime::kOnCpu;
  (on ? nodes_[node].on_cpu : nodes_[node].off_cpu) += weight;
  (on ? on_cpu_ : off_cpu_) += weight;
}

void StackProfile::AddSample(const StackSample& sample) {
  AddWeight(sample.node, sample.time, {.ns = sample.weight_ns, .samples = 1});
  samples_.push_back(sample);
}

void StackProfile::Merge(const StackProfile& other) {
  std::vector<uint32_t> strings;
  strings.reserve(other.strings_.size());
  for (const std::string& text : other.strings_) strings.push_back(InternString(text));
  std::vector<uint32_t> mappings;
  mappings.reserve(other.mappings_.size());
  for (const StackMapping& mapping : other.mappings_) {
    mappings.push_back(
        InternMapping({.file = strings[mapping.file], .build_id = strings[mapping.build_id]}));
  }
  std::vector<uint32_t> frames;
  frames.reserve(other.frames_.size());
  for (StackFrame frame : other.frames_) {
    frame.function = strings[frame.function];
    frame.file = strings[frame.file];
    if (frame.mapping > 0) frame.mapping = mappings[frame.mapping - 1] + 1;
    frames.push_back(InternFrame(frame));
  }
  std::vector<uint32_t> nodes;
  nodes.reserve(other.nodes_.size());
  for (const StackNode& node : other.nodes_) {
    const uint32_t parent = node.parent == 0 ? 0 : nodes[node.parent - 1] + 1;
    nodes.push_back(InternNode(parent, frames[node.frame]));
    AddWeight(nodes.back(), StackTime::kOnCpu, node.on_cpu);
    AddWeight(nodes.back(), StackTime::kOffCpu, node.off_cpu);
  }
}

const std::string& StackProfile::PathOf(const StackFrame& frame) const {
  return strings_[frame.mapping == 0 ? 0 : mappings_[frame.mapping - 1].file];
}

const std::string& StackProfile::BuildIdOf(const StackFrame& frame) const {
  return strings_[frame.mapping == 0 ? 0 : mappings_[frame.mapping - 1].build_id];
}

}  // namespace assay
