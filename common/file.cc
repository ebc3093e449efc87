#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/output_file.h"
#include "common/safe_path.h"
#include "common/status_macros.h"
#include "common/unique_fd.h"
#include "common/utf8.h"

namespace assay {
namespace {

// A pipe, a terminal, /dev/null or a descriptor that the shell opened is written to, not replaced.
absl::Status WriteInPlace(const std::string& path, std::string_view contents) {
  ASSAY_ASSIGN_OR_RETURN(const UniqueFd fd, OpenOutput(path));
  return WriteAll(fd.get(), contents, path);
}

// Relative to `folder`, so that a change of the links in its path has no effect.
absl::Status WriteAndRename(const UniqueFd& folder, const std::string& temporary,
                            const std::string& target, std::optional<mode_t> mode,
                            std::string_view contents) {
  const UniqueFd fd(openat(folder.get(), temporary.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!fd.ok()) {
    return ErrnoStatus(errno, absl::StrCat("cannot create ", temporary, " for ", target));
  }
  if (mode.has_value() && fchmod(fd.get(), *mode) != 0) {
    return ErrnoStatus(errno, absl::StrCat("cannot set the mode of ", temporary));
  }
  ASSAY_RETURN_IF_ERROR(WriteAll(fd.get(), contents, target));
  if (fsync(fd.get()) != 0) return ErrnoStatus(errno, absl::StrCat("cannot sync ", temporary));
  const std::string name = target.substr(target.rfind('/') + 1);
  if (renameat(folder.get(), temporary.c_str(), folder.get(), name.c_str()) != 0) {
    return ErrnoStatus(errno, absl::StrCat("cannot rename ", temporary, " to ", target));
  }
  return absl::OkStatus();
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

absl::Status ErrnoStatus(int error, std::string_view what) {
  // Most messages quote a path, which may contain a line break.
  return absl::ErrnoToStatus(error, TerminalText(what));
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
        return absl::InvalidArgumentError(
            absl::StrCat("cannot read ", TerminalText(path), ": it is a folder"));
      }
      return ErrnoStatus(errno, absl::StrCat("cannot read ", path));
    }
    if (static_cast<size_t>(got) > max_bytes - contents.size()) {
      return absl::ResourceExhaustedError(absl::StrCat("cannot read ", TerminalText(path),
                                                       ": it has more than ", max_bytes, " bytes"));
    }
    contents.append(block, static_cast<size_t>(got));
  }
}

absl::Status WriteFileAtomically(const std::string& path, std::string_view contents) {
  const absl::StatusOr<std::string> resolved = ResolveLinks(path);
  if (!resolved.ok()) {
    return absl::Status(resolved.status().code(),
                        absl::StrCat("cannot write ", TerminalText(path), ": ",
                                     TerminalText(std::string(resolved.status().message()))));
  }
  const std::string& target = *resolved;
  // Also a descriptor of a file: `>> log` appends to the output of other programs.
  if (OwnDescriptor(target).has_value()) return WriteInPlace(path, contents);
  std::optional<mode_t> mode;
  struct stat existing;
  if (stat(target.c_str(), &existing) == 0) {
    if (S_ISDIR(existing.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot write ", TerminalText(path), ": it is a folder"));
    }
    if (!S_ISREG(existing.st_mode)) return WriteInPlace(path, contents);
    // The owner decides who may read a file, so the mode of another user's file is not kept.
    if (existing.st_uid == geteuid()) mode = existing.st_mode & 0777;
  }
  const std::string folder_path = FolderOf(target);
  const UniqueFd folder(open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.ok()) {
    return ErrnoStatus(errno, absl::StrCat("cannot create ", path, " in ", folder_path));
  }
  // Unique among the threads and processes that write the same file now.
  static std::atomic<uint64_t> count{0};
  const std::string temporary =
      absl::StrCat(target.substr(target.rfind('/') + 1), ".", getpid(), ".", ++count, ".tmp");
  absl::Status written = WriteAndRename(folder, temporary, target, mode, contents);
  if (!written.ok()) {
    unlinkat(folder.get(), temporary.c_str(), 0);
    return written;
  }
  // Without this a power failure may lose the new name. EINVAL: a file system that cannot sync folders gives no such
  // guarantee anyway.
  if (fsync(folder.get()) == 0 || errno == EINVAL) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("cannot sync the folder ", folder_path));
}

}  // namespace assay
