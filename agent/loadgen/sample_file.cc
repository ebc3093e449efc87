#include "agent/loadgen/sample_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/load_protocol/ring_plan.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/util/delimited_message_util.h"

namespace assay::loadgen {
namespace {

absl::Status WriteAll(int fd, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return ErrnoStatus(errno, absl::StrCat("writing ", path));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<SampleFile>> SampleFile::Create(const std::string& path, int threads,
                                                               int pipeline) {
  const std::string full = UserPath(path);
  UniqueFd fd(open(full.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd.ok()) return ErrnoStatus(errno, absl::StrCat("--samples=", path));
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
    written = WriteAll(fd_.get(), path_, bytes);
  };
  ASSAY_RETURN_IF_ERROR(finish ? drain_.Finish(sink) : drain_.Drain(sink));
  return written;
}

}  // namespace assay::loadgen
