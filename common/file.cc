#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "common/unique_fd.h"

namespace assay {
namespace {

absl::Status WriteAll(int fd, std::string_view contents, const std::string& path) {
  while (!contents.empty()) {
    const ssize_t written = write(fd, contents.data(), contents.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, absl::StrCat("cannot write ", path));
    }
    contents.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// Where `path` leads when it is a link, so that the link stays and its target is replaced.
std::string Resolve(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> resolved(realpath(path.c_str(), nullptr), &free);
  return resolved == nullptr ? path : resolved.get();
}

// A pipe, a terminal or /dev/null has nothing to replace.
absl::Status WriteInPlace(const std::string& path, std::string_view contents) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, absl::StrCat("cannot write ", path));
  return WriteAll(fd.get(), contents, path);
}

absl::Status WriteAndRename(const std::string& temporary, const std::string& target,
                            std::string_view contents) {
  const UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd.ok()) return ErrnoStatus(errno, absl::StrCat("cannot create ", temporary));
  ASSAY_RETURN_IF_ERROR(WriteAll(fd.get(), contents, temporary));
  if (fsync(fd.get()) != 0) return ErrnoStatus(errno, absl::StrCat("cannot sync ", temporary));
  if (rename(temporary.c_str(), target.c_str()) != 0) {
    return ErrnoStatus(errno, absl::StrCat("cannot put ", temporary, " in the place of ", target));
  }
  return absl::OkStatus();
}

// Without it a power cut may take the new name back.
absl::Status SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  const UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // EINVAL: a file system that cannot sync folders keeps no such promise anyway.
  if (!fd.ok() || (fsync(fd.get()) != 0 && errno != EINVAL)) {
    return ErrnoStatus(errno, absl::StrCat("cannot sync the folder ", folder));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ErrnoStatus(int error, std::string_view what) {
  return absl::ErrnoToStatus(error, absl::string_view(what.data(), what.size()));
}

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, absl::StrCat("cannot open ", path));
  std::string contents;
  char block[1 << 14];
  while (true) {
    const ssize_t got = read(fd.get(), block, sizeof(block));
    if (got == 0) return contents;
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno == EISDIR) {
        return absl::InvalidArgumentError(absl::StrCat("cannot read ", path, ": it is a folder"));
      }
      return ErrnoStatus(errno, absl::StrCat("cannot read ", path));
    }
    if (static_cast<size_t>(got) > max_bytes - contents.size()) {
      return absl::ResourceExhaustedError(
          absl::StrCat("cannot read ", path, ": it has more than ", max_bytes, " bytes"));
    }
    contents.append(block, static_cast<size_t>(got));
  }
}

absl::Status WriteFileAtomically(const std::string& path, std::string_view contents) {
  const std::string target = Resolve(path);
  struct stat existing;
  if (stat(target.c_str(), &existing) == 0) {
    if (S_ISDIR(existing.st_mode)) {
      return absl::InvalidArgumentError(absl::StrCat("cannot write ", path, ": it is a folder"));
    }
    if (!S_ISREG(existing.st_mode)) return WriteInPlace(target, contents);
  }
  // Unique among the threads and processes that write the same file now.
  static std::atomic<uint64_t> count{0};
  const std::string temporary = absl::StrCat(target, ".", getpid(), ".", ++count, ".tmp");
  absl::Status written = WriteAndRename(temporary, target, contents);
  if (!written.ok()) {
    unlink(temporary.c_str());
    return written;
  }
  return SyncFolderOf(target);
}

}  // namespace assay
