#ifndef ASSAY_CONTROLLER_STORE_STORE_SAMPLES_H_
#define ASSAY_CONTROLLER_STORE_STORE_SAMPLES_H_

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "analysis/sample_codec.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"
#include "proto/samples.pb.h"

namespace assay::controller {

// What the tests of the store put into it.

// A folder for one test, gone with it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Opens, or fails the test. Waits for locks a little only.
std::unique_ptr<Store> OpenedStore(const std::string& path, Store::Mode mode = Store::Mode::kWrite);

// A RUNNING campaign that began at this second.
CampaignRecord SampleCampaign(const std::string& id, int64_t started_s = 1);
// A MEASURED execution of a cell of that campaign, with figures and a histogram of 1,000 requests.
ExecutionRecord SampleExecution(const std::string& campaign_id, uint32_t block,
                                const std::string& target = "epoll");
// `count` samples, other ones for each `seed`, and the chunk that a load generator sends of them.
std::vector<Sample> SampleSamples(uint64_t seed, uint32_t count);
SampleChunk PackedChunk(uint64_t seed, uint32_t count = 1'000);

// Runs SQL on a file past the store, as another program would. What the first column of the first row holds.
std::string RunSql(const std::string& path, const std::string& sql);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_STORE_SAMPLES_H_
