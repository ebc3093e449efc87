#ifndef ASSAY_AGENT_PROFILER_PROFILE_WRITER_H_
#define ASSAY_AGENT_PROFILER_PROFILE_WRITER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "proto/profile.pb.h"

namespace assay::profiler {

// Makes the chunks of one profile: numbers strings, mappings, frames and stacks as they come, and defines each in the
// chunk that is the first to use it. There they are numbered anew, in the order in which they deflate best: strings by
// their text, frames by their file.
//
// Threads: none of its own, used by one. Cost: a hash lookup for what is known.
class ProfileWriter {
 public:
  using Take = std::function<void(ProfileChunk)>;

  // A chunk is handed over before it grows beyond this, inflated, unless one sample alone needs more.
  static constexpr size_t kMaxChunkBytes = size_t{256} << 10;

  // `take` gets each chunk as it is full, deflated to a third. The first sample's time counts from `start_ns`.
  ProfileWriter(Take take, int64_t start_ns) : take_(std::move(take)), start_ns_(start_ns) {}

  // Numbers, the same for the same content; the writer's own, of which nothing is to be seen in a chunk.
  uint32_t String(std::string_view text);
  uint32_t Mapping(std::string_view file, std::string_view build_id);
  // All strings and the mapping are numbers that this writer gave.
  uint32_t Frame(const ProfileFrame& frame);
  // `callers`: the number of the stack below + 1, or 0.
  uint32_t Stack(uint32_t callers, uint32_t frame, ProfileStack::Kind kind);

  struct Sample {
    uint32_t stack = 0;
    int64_t time_ns = 0;
    uint32_t thread = 0;
    uint64_t weight_ns = 0;
  };
  void Add(const Sample& sample);

  // Hands over what is left.
  void Flush();

 private:
  void AddColumns();
  // From the writer's numbers to those on the wire, and into their order, what chunk_ defines.
  void RenumberStrings();
  void RenumberFrames();

  const Take take_;
  ProfileChunk chunk_;
  uint32_t sequence_ = 0;
  // Of chunk_, never too small.
  size_t bytes_ = 0;
  std::vector<Sample> samples_;
  const int64_t start_ns_;
  // Of the last sample, since the start.
  int64_t last_time_us_ = 0;

  absl::flat_hash_map<std::string, uint32_t> strings_ = {{"", 0}};
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, uint32_t> mappings_;
  // By all fields.
  absl::flat_hash_map<std::tuple<uint32_t, uint32_t, uint32_t, uint32_t, uint64_t, int, bool>,
                      uint32_t>
      frames_;
  absl::flat_hash_map<std::tuple<uint32_t, uint32_t, int>, uint32_t> stacks_;
  // On the wire, by the writer's number, of what chunks before chunk_ define.
  std::vector<uint32_t> wire_strings_ = {0};
  std::vector<uint32_t> wire_frames_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_PROFILE_WRITER_H_
