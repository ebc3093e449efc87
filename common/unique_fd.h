#ifndef ASSAY_COMMON_UNIQUE_FD_H_
#define ASSAY_COMMON_UNIQUE_FD_H_

#include <utility>

namespace assay {

// Owns one file descriptor and closes it when destroyed. Empty holds -1.
//
// Errors of close() are ignored: the descriptor is closed in any case, and data that must be durable is synced before.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { reset(); }

  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

  // Releases the descriptor without closing it; -1 if there is none.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

  // Closes the current descriptor and takes ownership of `fd`. Keeps errno, so that it can be read after a failed call.
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

}  // namespace assay

#endif  // ASSAY_COMMON_UNIQUE_FD_H_
