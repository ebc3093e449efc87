#include "agent/jobs/spool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/output_file.h"
#include "common/status_macros.h"
#include "proto/text/valid_text.h"

namespace assay::agent {
namespace {

// A file that is gone when it is closed.
absl::StatusOr<UniqueFd> OpenNameless(const std::string& folder) {
  UniqueFd fd(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd.ok()) return fd;
  // Some file systems (overlay ones of old kernels, NFS) cannot; there it has a name for a moment.
  std::string path = folder + "/spool-XXXXXX";
  fd.reset(mkostemp(path.data(), O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, absl::StrCat("cannot spool records to ", folder));
  unlink(path.c_str());
  return fd;
}

absl::StatusOr<std::string> ReadBack(int fd, size_t offset, size_t size) {
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t got =
        pread(fd, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "cannot read the spool back");
    if (got == 0) return absl::DataLossError("the spool's file is shorter than what was written");
    done += static_cast<size_t>(got);
  }
  return bytes;
}

}  // namespace

Spool::Spool(std::string folder, size_t memory_bytes, size_t file_bytes)
    : folder_(std::move(folder)), memory_bytes_(memory_bytes), file_bytes_(file_bytes) {}

Spool::~Spool() = default;

absl::Status Spool::Append(DataRecord record) {
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return absl::OkStatus();
    record.set_sequence(next());
    ASSAY_RETURN_IF_ERROR(Keep(SerializeValidText(record)));
  }
  slot_.Ring();
  return absl::OkStatus();
}

absl::Status Spool::AppendSerialised(std::string record) {
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return absl::OkStatus();
    // Messages behind each other are one message, with the fields of both.
    DataRecord number;
    number.set_sequence(next());
    number.AppendToString(&record);
    ASSAY_RETURN_IF_ERROR(Keep(std::move(record)));
  }
  slot_.Ring();
  return absl::OkStatus();
}

void Spool::End() {
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    DataRecord mark;
    mark.set_sequence(next());
    mark.set_end(true);
    // A few bytes: they go to memory whatever waits there, so that this cannot fail.
    Kept kept;
    kept.bytes = std::make_shared<const std::string>(mark.SerializeAsString());
    kept.size = kept.bytes->size();
    in_memory_ += kept.size;
    kept_.push_back(std::move(kept));
    ended_ = true;
  }
  slot_.Ring();
}

absl::Status Spool::Keep(std::string bytes) {
  Kept kept;
  kept.size = bytes.size();
  if (in_memory_ + bytes.size() <= memory_bytes_) {
    in_memory_ += bytes.size();
    kept.bytes = std::make_shared<const std::string>(std::move(bytes));
  } else {
    ASSAY_ASSIGN_OR_RETURN(kept.file, FileToWrite(bytes.size()));
    kept.offset = kept.file->bytes;
    const absl::Status written =
        WriteAllAt(kept.file->fd.get(), bytes, kept.offset, "to the spool");
    if (!written.ok()) {
      // An empty file would stand in the way of those behind it when they are removed in order.
      if (kept.file->records == 0) files_.pop_back();
      return written;
    }
    kept.file->bytes += kept.size;
    ++kept.file->records;
  }
  kept_.push_back(std::move(kept));
  return absl::OkStatus();
}

absl::StatusOr<Spool::File*> Spool::FileToWrite(size_t bytes) {
  if (files_.empty() || files_.back().bytes + bytes > file_bytes_) {
    ASSAY_ASSIGN_OR_RETURN(UniqueFd fd, OpenNameless(folder_));
    files_.push_back(File{std::move(fd)});
  }
  return &files_.back();  // A deque keeps its elements where they are.
}

absl::StatusOr<Spool::Bytes> Spool::Read(uint64_t sequence) const {
  absl::MutexLock lock(&mutex_);
  if (sequence <= committed_) {
    return absl::OutOfRangeError(
        absl::StrCat("record ", sequence, " is gone: all up to ", committed_, " were committed"));
  }
  if (sequence > committed_ + kept_.size()) return Bytes();
  const Kept& kept = kept_[sequence - committed_ - 1];
  if (kept.file == nullptr) return kept.bytes;
  ASSAY_ASSIGN_OR_RETURN(std::string bytes, ReadBack(kept.file->fd.get(), kept.offset, kept.size));
  return std::make_shared<const std::string>(std::move(bytes));
}

absl::Status Spool::Commit(uint64_t sequence) {
  absl::MutexLock lock(&mutex_);
  if (sequence > committed_ + kept_.size()) {
    return absl::OutOfRangeError(absl::StrCat(
        "record ", sequence, " cannot be committed: the last is ", committed_ + kept_.size()));
  }
  while (committed_ < sequence) ForgetFirst();
  return absl::OkStatus();
}

void Spool::ForgetFirst() {
  const Kept& first = kept_.front();
  if (first.file == nullptr) {
    in_memory_ -= first.size;
  } else if (--first.file->records == 0) {
    // Records are written and committed in order: an emptied file is the oldest one.
    files_.pop_front();
  }
  kept_.pop_front();
  ++committed_;
}

bool Spool::ended() const {
  absl::MutexLock lock(&mutex_);
  return ended_;
}

uint64_t Spool::last() const {
  absl::MutexLock lock(&mutex_);
  return committed_ + kept_.size();
}

uint64_t Spool::committed() const {
  absl::MutexLock lock(&mutex_);
  return committed_;
}

size_t Spool::bytes_in_memory() const {
  absl::MutexLock lock(&mutex_);
  return in_memory_;
}

size_t Spool::bytes_in_files() const {
  absl::MutexLock lock(&mutex_);
  size_t bytes = 0;
  for (const File& file : files_) bytes += file.bytes;
  return bytes;
}

}  // namespace assay::agent
