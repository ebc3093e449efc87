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

// Writes the chunks of one profile. Numbers strings, mappings, frames and stacks in the order of their first use, and
// defines each in the first chunk that uses it. Within a chunk, new definitions are renumbered in the order that
// deflates best: strings by text, frames by file.
//
// Threads: one at a time. Cost: one hash lookup for known content.
class ProfileWriter {
 public:
  using Take = std::function<void(ProfileChunk)>;

  // Largest size of a chunk before it is deflated, unless a single sample needs more.
  static constexpr size_t kMaxChunkBytes = size_t{256} << 10;

  // `take` receives each full chunk, deflated to about a third. The first sample's time is relative to `start_ns`.
  ProfileWriter(Take take, int64_t start_ns) : take_(std::move(take)), start_ns_(start_ns) {}

  // Each returns a number, the same for the same content. The numbers are internal to the writer and do not appear in
  // chunks.
  uint32_t String(std::string_view text);
  uint32_t Mapping(std::string_view file, std::string_view build_id);
  // The strings and the mapping in `frame` are numbers from this writer.
  uint32_t Frame(const ProfileFrame& frame);
  // `callers` is the number of the callers' stack + 1, or 0.
  uint32_t Stack(uint32_t callers, uint32_t frame, ProfileStack::Kind kind);

  struct Sample {
    uint32_t stack = 0;
    int64_t time_ns = 0;
    uint32_t thread = 0;
    uint64_t weight_ns = 0;
  };
  void Add(const Sample& sample);

  // Passes on the last chunk.
  void Flush();

 private:
  void AddColumns();
  // Convert the definitions in chunk_ from the writer's numbers to those on the wire, and sort them.
  void RenumberStrings();
  void RenumberFrames();

  const Take take_;
  ProfileChunk chunk_;
  uint32_t sequence_ = 0;
  // Upper bound of the size of chunk_.
  size_t bytes_ = 0;
  std::vector<Sample> samples_;
  const int64_t start_ns_;
  // Time of the last sample since start_ns_.
  int64_t last_time_us_ = 0;

  absl::flat_hash_map<std::string, uint32_t> strings_ = {{"", 0}};
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, uint32_t> mappings_;
  // Keyed by all fields of a frame.
  absl::flat_hash_map<std::tuple<uint32_t, uint32_t, uint32_t, uint32_t, uint64_t, int, bool>,
                      uint32_t>
      frames_;
  absl::flat_hash_map<std::tuple<uint32_t, uint32_t, int>, uint32_t> stacks_;
  // Numbers on the wire, by the writer's number, of what the chunks before chunk_ define.
  std::vector<uint32_t> wire_strings_ = {0};
  std::vector<uint32_t> wire_frames_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_PROFILE_WRITER_H_
