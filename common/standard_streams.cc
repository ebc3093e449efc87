#include "common/standard_streams.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <streambuf>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/output_file.h"
#include "common/utf8.h"

namespace assay {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 16;
constexpr size_t kUsualColumns = 80;

// CSV ends its lines by CR LF.
std::string Cleaned(std::string_view text) {
  std::string cleaned;
  while (!text.empty()) {
    const size_t end = text.find("\r\n");
    cleaned += TerminalLines(text.substr(0, end));
    if (end == std::string_view::npos) break;
    cleaned += "\r\n";
    text.remove_prefix(end + 2);
  }
  return cleaned;
}

// Replaces the buffer of std::cout or std::cerr, which does not keep the reason of a failed write. Threads: any, as for
// the buffer that it replaces.
class DescriptorBuffer : public std::streambuf {
 public:
  DescriptorBuffer(int fd, bool cleans) : fd_(fd), cleans_(cleans) {}

  absl::Status first_error() {
    absl::MutexLock lock(&mutex_);
    return first_error_;
  }

 protected:
  int_type overflow(int_type character) override {
    absl::MutexLock lock(&mutex_);
    if (!traits_type::eq_int_type(character, traits_type::eof())) {
      held_ += traits_type::to_char_type(character);
    }
    return IsDue() && !WriteHeld() ? traits_type::eof() : traits_type::not_eof(character);
  }

  std::streamsize xsputn(const char* text, std::streamsize size) override {
    absl::MutexLock lock(&mutex_);
    held_.append(text, static_cast<size_t>(size));
    return IsDue() && !WriteHeld() ? 0 : size;
  }

  int sync() override {
    absl::MutexLock lock(&mutex_);
    return WriteHeld() ? 0 : -1;
  }

 private:
  bool WriteHeld() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const std::string text = cleans_ ? Cleaned(held_) : std::move(held_);
    held_.clear();
    const absl::Status written =
        WriteAll(fd_, text, fd_ == STDOUT_FILENO ? "to standard output" : "to standard error");
    first_error_.Update(written);
    return written.ok();
  }

  // A terminal shows each line at once.
  bool IsDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return held_.size() >= kBufferBytes || (cleans_ && held_.find('\n') != std::string::npos);
  }

  const int fd_;
  const bool cleans_;
  absl::Mutex mutex_;
  std::string held_ ABSL_GUARDED_BY(mutex_);
  absl::Status first_error_ ABSL_GUARDED_BY(mutex_);
};

// Null before OpenStandardStreams(). Never destroyed: std::cout is flushed after all destructors.
DescriptorBuffer* output = nullptr;

bool IsClosed(int fd) { return fcntl(fd, F_GETFD) < 0 && errno == EBADF; }

// Whether standard output is a pipe without a reader.
bool ReaderLeft() {
  pollfd end = {.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  return poll(&end, 1, 0) == 1 && (end.revents & (POLLERR | POLLHUP)) != 0;
}

size_t TerminalColumns() {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

}  // namespace

void OpenStandardStreams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest free number is the closed one. Read-only, because writes must fail.
    if (IsClosed(fd)) (void)!open("/dev/null", O_RDONLY);
  }
  output = new DescriptorBuffer(STDOUT_FILENO, isatty(STDOUT_FILENO) != 0);
  std::cout.rdbuf(output);
  std::cerr.rdbuf(new DescriptorBuffer(STDERR_FILENO, /*cleans=*/true));
}

absl::Status FlushOutput() {
  std::cout.flush();
  if (output != nullptr) {
    const absl::Status first_error = output->first_error();
    if (!first_error.ok()) return first_error;
  }
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return absl::OkStatus();
  // If an earlier write failed, stdio does not keep the reason, and errno may have none.
  return absl::ErrnoToStatus(errno == 0 ? EIO : errno, "cannot write to standard output");
}

int EndOutput(std::string_view program, int status) {
  const absl::Status flushed = FlushOutput();
  if (flushed.ok()) return status;
  if (!ReaderLeft()) std::cerr << program << ": " << flushed.message() << std::endl;
  return status == EXIT_SUCCESS ? EXIT_FAILURE : status;
}

void DrawLine(std::string_view line) {
  const std::string shown = TerminalText(line);
  std::string drawn = "\r\033[K";
  drawn += CutAtCharacter(shown, TerminalColumns() - 1);
  WriteAll(STDERR_FILENO, drawn, "to standard error").IgnoreError();
}

}  // namespace assay
