// FromProto() on all bytes that parse as a ProfileChunk.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "analysis/fuzz_driver.h"
#include "analysis/profile/test_profile.h"
#include "proto/convert/profile_chunk.h"
#include "proto/convert/stack_profile_proto.h"

namespace assay {

std::vector<std::string> FuzzSeeds() {
  RandomStream random(1);
  std::vector<std::string> seeds;
  for (const int stacks : {0, 1, 2, 8}) {
    const ProfileChunk chunk = ToProto(RandomProfile(&random, stacks, 8), 1000)[0];
    seeds.push_back(chunk.SerializeAsString());
    seeds.push_back(Deflated(chunk).SerializeAsString());
  }
  return seeds;
}

}  // namespace assay

// An accepted profile has callers before callees, and keeps its weights in a round trip.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  assay::ProfileChunk chunk;
  if (!chunk.ParseFromArray(data, static_cast<int>(size))) return 0;
  const absl::StatusOr<assay::StackProfile> profile = assay::FromProto({chunk});
  if (!profile.ok()) return 0;
  for (size_t i = 0; i < profile->nodes().size(); ++i) {
    const assay::StackNode& node = profile->nodes()[i];
    if (node.parent > i || node.frame >= profile->frames().size()) std::abort();
  }
  const absl::StatusOr<assay::StackProfile> again = assay::FromProto(assay::ToProto(*profile, 3));
  if (!again.ok()) std::abort();
  for (const auto time : {assay::StackTime::kOnCpu, assay::StackTime::kOffCpu}) {
    if (!(again->total(time) == profile->total(time))) std::abort();
  }
  return 0;
}
