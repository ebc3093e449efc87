#include "agent/profiler/profile_writer.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <numeric>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_field.h"
#include "proto/convert/profile_chunk.h"

namespace assay::profiler {
namespace {

// A tag and the length of a message below 2 MiB.
constexpr size_t kEnvelopeBytes = 4;
// Largest growth of a number by renumbering.
constexpr size_t kRenumberedBytes = 2;

size_t VarintBytes(uint64_t value) { return (std::bit_width(value | 1) + 6) / 7; }
// Also for negative values.
size_t ZigzagBytes(int64_t value) {
  return VarintBytes(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

// Sorts the entries that a chunk defines, and appends the new number of each to `wire`.
template <typename Entry>
void Sort(google::protobuf::RepeatedPtrField<Entry>& entries,
          absl::FunctionRef<bool(const Entry&, const Entry&)> before, std::vector<uint32_t>* wire) {
  std::vector<int> order(static_cast<size_t>(entries.size()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return before(entries[a], entries[b]); });
  const size_t first = wire->size();
  wire->resize(first + order.size());
  google::protobuf::RepeatedPtrField<Entry> sorted;
  for (size_t i = 0; i < order.size(); ++i) {
    (*wire)[first + static_cast<size_t>(order[i])] = static_cast<uint32_t>(first + i);
    *sorted.Add() = std::move(entries[order[i]]);
  }
  entries.Swap(&sorted);
}

}  // namespace

uint32_t ProfileWriter::String(std::string_view text) {
  const auto [entry, added] = strings_.try_emplace(absl::string_view(text.data(), text.size()),
                                                   static_cast<uint32_t>(strings_.size()));
  if (added) {
    chunk_.add_strings(entry->first);
    bytes_ += kEnvelopeBytes + text.size();
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
    bytes_ += kEnvelopeBytes + mapping.ByteSizeLong() + 2 * kRenumberedBytes;
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
    bytes_ += kEnvelopeBytes + frame.ByteSizeLong() + 2 * kRenumberedBytes;
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
    bytes_ += kEnvelopeBytes + stack.ByteSizeLong() + kRenumberedBytes;
  }
  return entry->second;
}

void ProfileWriter::Add(const Sample& sample) {
  const int64_t before_ns =
      samples_.empty() ? start_ns_ + last_time_us_ * 1000 : samples_.back().time_ns;
  // Rounded up, because the final deltas are rounded differently.
  const int64_t delta_us = (sample.time_ns - before_ns) / 1000;
  bytes_ += VarintBytes(sample.stack) + ZigzagBytes(delta_us + (delta_us < 0 ? -1 : 1)) +
            VarintBytes(sample.thread) + VarintBytes(sample.weight_ns);
  samples_.push_back(sample);
  // The other half leaves space for one deep stack with new names.
  if (bytes_ >= kMaxChunkBytes / 2) Flush();
}

void ProfileWriter::RenumberStrings() {
  Sort<std::string>(*chunk_.mutable_strings(), std::less<>(), &wire_strings_);
  for (ProfileMapping& mapping : *chunk_.mutable_mappings()) {
    mapping.set_file(wire_strings_[mapping.file()]);
    mapping.set_build_id(wire_strings_[mapping.build_id()]);
  }
  for (ProfileFrame& frame : *chunk_.mutable_frames()) {
    frame.set_function(wire_strings_[frame.function()]);
    frame.set_file(wire_strings_[frame.file()]);
  }
}

void ProfileWriter::RenumberFrames() {
  const auto place = [](const ProfileFrame& frame) {
    return std::make_tuple(frame.mapping(), frame.file(), frame.line(), frame.function());
  };
  Sort<ProfileFrame>(
      *chunk_.mutable_frames(),
      [&](const ProfileFrame& a, const ProfileFrame& b) { return place(a) < place(b); },
      &wire_frames_);
  for (ProfileStack& stack : *chunk_.mutable_stacks()) stack.set_frame(wire_frames_[stack.frame()]);
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
  RenumberStrings();
  RenumberFrames();
  chunk_.set_sequence(sequence_++);
  take_(Deflated(chunk_));
  chunk_ = ProfileChunk();
  bytes_ = 0;
}

}  // namespace assay::profiler
