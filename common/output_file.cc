#include "common/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/safe_path.h"
#include "common/utf8.h"

namespace assay {
namespace {

absl::Status Failed(int error, std::string_view name) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot write ", TerminalText(name)));
}

bool IsThisProcess(absl::string_view name) {
  int32_t pid = 0;
  return name == "self" || name == "thread-self" ||
         (absl::SimpleAtoi(name, &pid) && (pid == getpid() || pid == gettid()));
}

// Parses a path without links other than those of /proc: /proc/self/fd/1, /proc/self/task/4711/fd/1.
std::optional<int> DescriptorNamed(const std::string& path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
  const size_t size = parts.size();
  const bool of_process = size == 4 || (size == 6 && parts[2] == "task");
  int fd = -1;
  if (!of_process || parts[0] != "proc" || !IsThisProcess(parts[1]) || parts[size - 2] != "fd" ||
      !absl::SimpleAtoi(parts[size - 1], &fd) || fd < 0) {
    return std::nullopt;
  }
  return fd;
}

// exec() closes the descriptors that this program opened itself, such as its store's: the user cannot mean those.
int Duplicate(int fd) {
  const int flags = fcntl(fd, F_GETFD);
  if (flags >= 0 && (flags & FD_CLOEXEC) == 0) return fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  errno = EBADF;
  return -1;
}

// `write_some` writes the begin of what it gets and returns as write() does.
template <typename WriteSome>
absl::Status WriteWith(int fd, std::string_view contents, std::string_view name,
                       WriteSome write_some) {
  while (!contents.empty()) {
    const ssize_t written = write_some(contents);
    if (written >= 0) {
      contents.remove_prefix(static_cast<size_t>(written));
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd full = {.fd = fd, .events = POLLOUT, .revents = 0};
      if (poll(&full, 1, -1) >= 0) continue;
    }
    if (errno != EINTR) return Failed(errno, name);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteAll(int fd, std::string_view contents, std::string_view name) {
  return WriteWith(fd, contents, name,
                   [fd](std::string_view rest) { return write(fd, rest.data(), rest.size()); });
}

absl::Status WriteAllAt(int fd, std::string_view contents, uint64_t offset, std::string_view name) {
  const uint64_t end = offset + contents.size();
  return WriteWith(fd, contents, name, [fd, end](std::string_view rest) {
    return pwrite(fd, rest.data(), rest.size(), static_cast<off_t>(end - rest.size()));
  });
}

std::optional<int> OwnDescriptor(const std::string& path) {
  const absl::StatusOr<std::string> resolved = ResolveLinks(path);
  return resolved.ok() ? DescriptorNamed(*resolved) : std::nullopt;
}

absl::StatusOr<UniqueFd> OpenOutput(const std::string& path) {
  const absl::StatusOr<std::string> resolved = ResolveLinks(path);
  if (!resolved.ok()) {
    return absl::Status(resolved.status().code(),
                        absl::StrCat("cannot write ", TerminalText(path), ": ",
                                     TerminalText(std::string(resolved.status().message()))));
  }
  const std::optional<int> own = DescriptorNamed(*resolved);
  UniqueFd fd(own.has_value()
                  ? Duplicate(*own)
                  : open(resolved->c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd.ok()) return Failed(errno, path);
  return fd;
}

}  // namespace assay
