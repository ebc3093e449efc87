#ifndef ASSAY_AGENT_LOADGEN_SAMPLE_FILE_H_
#define ASSAY_AGENT_LOADGEN_SAMPLE_FILE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/load_protocol/ring_drain.h"
#include "agent/load_protocol/sample_ring.h"
#include "common/unique_fd.h"

namespace assay::loadgen {

// Raw samples of a run in a file: SampleChunk messages, each behind its length as a varint, as
// google/protobuf/util/delimited_message_util.h and Java's parseDelimitedFrom() read them.
//
// Threads: the main thread's. The ring is looked after now and then: writing is put off until it is half full.
class SampleFile {
 public:
  // Makes the file (an older one is replaced) and the ring.
  // `pipeline`: requests in flight on a connection, with which a thread is faster.
  static absl::StatusOr<std::unique_ptr<SampleFile>> Create(const std::string& path, int threads,
                                                            int pipeline);

  SampleRing* ring() { return ring_.get(); }
  // At least twice a second during the run. Writes only what must be written for the ring not to overflow.
  absl::Status MakeRoom();
  // After the load threads have ended.
  absl::Status Finish();

 private:
  SampleFile(std::string path, UniqueFd fd, std::unique_ptr<SampleRing> ring);
  absl::Status Write(bool finish);

  const std::string path_;
  UniqueFd fd_;
  std::unique_ptr<SampleRing> ring_;
  RingDrain drain_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_SAMPLE_FILE_H_
