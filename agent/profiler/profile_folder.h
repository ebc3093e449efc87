#ifndef ASSAY_AGENT_PROFILER_PROFILE_FOLDER_H_
#define ASSAY_AGENT_PROFILER_PROFILE_FOLDER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "proto/profile.pb.h"

namespace assay::profiler {

// Reads chunks back, for the command line and the tests; what the controller makes of a profile is in analysis/.
class ProfileFolder {
 public:
  // Chunks of ProfileWriter, in order.
  void Add(const ProfileChunk& packed);

  struct Sample {
    // The outermost first: functions' names.
    std::vector<std::string> functions;
    ProfileStack::Kind kind = ProfileStack::ON_CPU;
    // Since the profile's start.
    int64_t time_ns = 0;
    uint64_t weight_ns = 0;
    uint32_t thread = 0;
  };
  const std::vector<Sample>& samples() const { return samples_; }
  const std::vector<ProfileFrame>& frames() const { return frames_; }
  const std::string& String(uint32_t number) const { return strings_[number]; }

  // "main;work;[k] read 20202020" a line, in microseconds, by stack; "_[k]" marks the kernel's and "_[i]" inlined
  // frames, as perf's scripts do, and "[off-cpu]" ends what waited.
  std::string Folded() const;

 private:
  std::vector<std::string> strings_ = {""};
  std::vector<ProfileFrame> frames_;
  std::vector<ProfileStack> stacks_;
  int64_t at_ns_ = 0;
  std::vector<Sample> samples_;
  std::map<std::string, uint64_t> folded_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_PROFILE_FOLDER_H_
