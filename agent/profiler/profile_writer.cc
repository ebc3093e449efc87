#include "agent/profiler/profile_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "proto/convert/profile_chunk.h"

namespace assay::profiler {
namespace {

// The most that one takes on the wire beside its text: tags, lengths and numbers of their largest size.
constexpr size_t kStringBytes = 6;
constexpr size_t kMappingBytes = 16;
constexpr size_t kFrameBytes = 48;
constexpr size_t kStackBytes = 18;
constexpr size_t kSampleBytes = 30;

}  // namespace

uint32_t ProfileWriter::String(std::string_view text) {
  const auto [entry, added] = strings_.try_emplace(absl::string_view(text.data(), text.size()),
                                                   static_cast<uint32_t>(strings_.size()));
  if (added) {
    chunk_.add_strings(entry->first);
    bytes_ += kStringBytes + text.size();
  }
  return entry->second;
}

uint32_t ProfileWriter::Mapping(std::string_view file, std::string_view build_id) {
  const std::pair<uint32_t, uint32_t> key(String(file), String(build_id));
  const auto [entry, added] = mappings_.try_emplace(key, static_cast<uint32_t>(mappings_.size()));
  if (added) {
    ProfileMapping& mapping = *chunk_.add_mappings();
    mapping.set_file(key.first);
    mapping.set_build_id(key.second);
    bytes_ += kMappingBytes;
  }
  return entry->second;
}

uint32_t ProfileWriter::Frame(const ProfileFrame& frame) {
  const auto [entry, added] = frames_.try_emplace(
      std::make_tuple(frame.function(), frame.file(), frame.line(), frame.mapping(),
                      frame.address(), static_cast<int>(frame.kind()), frame.inlined()),
      static_cast<uint32_t>(frames_.size()));
  if (added) {
    *chunk_.add_frames() = frame;
    bytes_ += kFrameBytes;
  }
  return entry->second;
}

uint32_t ProfileWriter::Stack(uint32_t callers, uint32_t frame, ProfileStack::Kind kind) {
  const auto [entry, added] =
      stacks_.try_emplace(std::make_tuple(callers, frame, static_cast<int>(kind)),
                          static_cast<uint32_t>(stacks_.size()));
  if (added) {
    ProfileStack& stack = *chunk_.add_stacks();
    stack.set_parent(callers);
    stack.set_frame(frame);
    stack.set_kind(kind);
    bytes_ += kStackBytes;
  }
  return entry->second;
}

void ProfileWriter::Add(const Sample& sample) {
  samples_.push_back(sample);
  bytes_ += kSampleBytes;
  // What one deep stack with new names takes still fits.
  if (bytes_ >= kMaxChunkBytes / 2) Flush();
}

void ProfileWriter::AddColumns() {
  const Sample& first = samples_.front();
  const auto agree = [&](auto field) {
    return std::all_of(samples_.begin(), samples_.end(),
                       [&](const Sample& sample) { return sample.*field == first.*field; });
  };
  const bool one_thread = agree(&Sample::thread);
  const bool one_weight = agree(&Sample::weight_ns);
  if (one_thread) chunk_.set_thread(first.thread);
  if (one_weight) chunk_.set_weight_ns(first.weight_ns);
  for (const Sample& sample : samples_) {
    chunk_.add_sample_stack(sample.stack);
    const int64_t time_us = (sample.time_ns - start_ns_) / 1000;
    chunk_.add_sample_time_delta_us(time_us - last_time_us_);
    last_time_us_ = time_us;
    if (!one_thread) chunk_.add_sample_thread(sample.thread);
    if (!one_weight) chunk_.add_sample_weight_ns(sample.weight_ns);
  }
}

void ProfileWriter::Flush() {
  if (bytes_ == 0) return;
  if (!samples_.empty()) AddColumns();
  samples_.clear();
  chunk_.set_sequence(sequence_++);
  take_(Deflated(chunk_));
  chunk_ = ProfileChunk();
  bytes_ = 0;
}

}  // namespace assay::profiler
