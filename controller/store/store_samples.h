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

// Sample data for tests of the store.

// A folder for one test. The destructor removes it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Opens a store or fails the test. Waits only briefly for locks.
std::unique_ptr<Store> OpenedStore(const std::string& path, Store::Mode mode = Store::Mode::kWrite);

// A RUNNING campaign that began at this second.
CampaignRecord SampleCampaign(const std::string& id, int64_t started_s = 1);
// A MEASURED execution of a cell of that campaign, with figures and a histogram of 1,000 requests.
ExecutionRecord SampleExecution(const std::string& campaign_id, uint32_t block,
                                const std::string& target = "epoll");
// `count` samples, different for each `seed`, and the chunk in which a load generator sends them.
std::vector<Sample> SampleSamples(uint64_t seed, uint32_t count);
SampleChunk PackedChunk(uint64_t seed, uint32_t count = 1'000);

// Runs SQL on the file without the store, as another program would. Returns the first column of the first row.
std::string RunSql(const std::string& path, const std::string& sql);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_STORE_SAMPLES_H_
