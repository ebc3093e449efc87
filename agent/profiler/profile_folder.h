#ifndef ASSAY_AGENT_PROFILER_PROFILE_FOLDER_H_
#define ASSAY_AGENT_PROFILER_PROFILE_FOLDER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "proto/profile.pb.h"

namespace assay::profiler {

// Reads chunks and folds stacks, for the command line and the tests. The controller reads profiles with analysis/.
class ProfileFolder {
 public:
  // Adds a chunk of ProfileWriter. Call it in the order of the chunks.
  void Add(const ProfileChunk& packed);

  struct Sample {
    // Function names, outermost first.
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

  // One line per stack with its time in microseconds: "main;work;read_[k] 2020". As in perf's scripts, "_[k]" marks
  // kernel frames and "_[i]" inlined frames. "[off-cpu]" ends the stacks of off-CPU time.
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
