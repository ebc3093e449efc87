#include "agent/loadgen/sample_file.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/load_protocol/ring_plan.h"
#include "common/output_file.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/util/delimited_message_util.h"

namespace assay::loadgen {
absl::StatusOr<std::unique_ptr<SampleFile>> SampleFile::Create(const std::string& path, int threads,
                                                               int pipeline) {
  const std::string full = UserPath(path);
  ASSAY_ASSIGN_OR_RETURN(UniqueFd fd, OpenOutput(full));
  ASSAY_ASSIGN_OR_RETURN(const UniqueFd memory,
                         SampleRing::Create(threads, WatchedRingBytes(pipeline)));
  ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<SampleRing> ring, SampleRing::Open(memory.get()));
  return std::unique_ptr<SampleFile>(new SampleFile(full, std::move(fd), std::move(ring)));
}

SampleFile::SampleFile(std::string path, UniqueFd fd, std::unique_ptr<SampleRing> ring)
    : path_(std::move(path)), fd_(std::move(fd)), ring_(std::move(ring)), drain_(ring_.get()) {}

absl::Status SampleFile::MakeRoom() {
  return ring_->FullestShare() < 0.5 ? absl::OkStatus() : Write(/*finish=*/false);
}

absl::Status SampleFile::Finish() { return Write(/*finish=*/true); }

absl::Status SampleFile::Write(bool finish) {
  absl::Status written;
  const auto sink = [&](const SampleChunk& chunk) {
    if (!written.ok()) return;
    std::string bytes;
    {
      google::protobuf::io::StringOutputStream stream(&bytes);
      google::protobuf::util::SerializeDelimitedToZeroCopyStream(chunk, &stream);
    }
    written = WriteAll(fd_.get(), bytes, path_);
  };
  ASSAY_RETURN_IF_ERROR(finish ? drain_.Finish(sink) : drain_.Drain(sink));
  return written;
}

}  // namespace assay::loadgen
