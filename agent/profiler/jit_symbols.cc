#include "agent/profiler/jit_symbols.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/file.h"
#include "common/process_tree.h"
#include "common/unique_fd.h"

namespace assay::profiler {
namespace {

constexpr int64_t kReadEveryNs = 100'000'000;
// Largest read at a time; more than any server compiles.
constexpr size_t kMaxRead = size_t{16} << 20;

// Consumes a hexadecimal number and the space after it. Returns false if there is none.
bool TakeHex(std::string_view& line, uint64_t& value) {
  const char* const end = line.data() + line.size();
  if (line.starts_with("0x")) line.remove_prefix(2);
  const auto [stop, error] = std::from_chars(line.data(), end, value, 16);
  if (error != std::errc() || stop == end || *stop != ' ') return false;
  line.remove_prefix(static_cast<size_t>(stop - line.data()) + 1);
  return true;
}

// The resolution of file times and of process start times, one tick each.
constexpr int64_t kCoarseNs = 20'000'000;

int64_t Now(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

int64_t Nanos(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

std::optional<int64_t> StartOf(pid_t pid) {
  const absl::StatusOr<ProcessStat> stat = ReadProcessStat(pid);
  if (!stat.ok()) return std::nullopt;
  const int64_t ticks_a_second = sysconf(_SC_CLK_TCK);
  const int64_t after_boot = stat->start_ticks * (1'000'000'000 / ticks_a_second);
  return Now(CLOCK_REALTIME) - Now(CLOCK_BOOTTIME) + after_boot;
}

// The effective user of a process.
std::optional<uid_t> UserOf(pid_t pid) {
  const absl::StatusOr<std::string> status = ReadFile(absl::StrCat("/proc/", pid, "/status"));
  for (const absl::string_view line : absl::StrSplit(status.value_or(""), '\n')) {
    if (!absl::StartsWith(line, "Uid:")) continue;
    const std::vector<absl::string_view> users = absl::StrSplit(line, '\t');
    uid_t user = 0;
    if (users.size() > 2 && absl::SimpleAtoi(users[2], &user)) return user;
  }
  return std::nullopt;
}

}  // namespace

JitSymbols::JitSymbols(std::string path, pid_t pid)
    : path_(std::move(path)), pid_(pid), started_ns_(StartOf(pid)), user_(UserOf(pid)) {}

bool JitSymbols::IsOfProcess(const struct stat& file) {
  if (!S_ISREG(file.st_mode) || !started_ns_.has_value()) return false;
  if (const std::optional<uid_t> user = UserOf(pid_); user.has_value()) user_ = user;
  if (file.st_uid != 0 && (!user_.has_value() || file.st_uid != *user_)) return false;
  // The owner of a file cannot set its ctime.
  const int64_t from = *started_ns_ - kCoarseNs;
  return Nanos(file.st_mtim) >= from && Nanos(file.st_ctim) >= from;
}

const JitSymbols::Function* JitSymbols::Find(uint64_t address, int64_t now_ns) {
  if (const Function* const known = Look(address); known != nullptr) return known;
  if (now_ns < next_read_ns_) return nullptr;
  next_read_ns_ = now_ns + kReadEveryNs;
  ReadMore();
  return Look(address);
}

void JitSymbols::Add(std::string_view lines) {
  for (size_t at = 0; at < lines.size();) {
    const size_t end = std::min(lines.find('\n', at), lines.size());
    std::string_view line = lines.substr(at, end - at);
    at = end + 1;
    Function function;
    if (!TakeHex(line, function.start) || !TakeHex(line, function.size) || function.size == 0) {
      continue;
    }
    function.name = std::string(line);
    auto old = by_start_.upper_bound(function.start);
    if (old != by_start_.begin() &&
        std::prev(old)->first + std::prev(old)->second.size > function.start) {
      --old;
    }
    while (old != by_start_.end() && old->first < function.start + function.size) {
      old = by_start_.erase(old);
    }
    by_start_[function.start] = std::move(function);
  }
}

const JitSymbols::Function* JitSymbols::Look(uint64_t address) const {
  const auto after = by_start_.upper_bound(address);
  if (after == by_start_.begin()) return nullptr;
  const Function& function = std::prev(after)->second;
  return address - function.start < function.size ? &function : nullptr;
}

void JitSymbols::ReadMore() {
  const UniqueFd file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  struct stat now = {};
  if (!file.ok() || fstat(file.get(), &now) != 0 || now.st_size <= read_to_) return;
  if (!IsOfProcess(now)) return;
  // Most misses concern code that no map names; then there is nothing new to read.
  std::string text(std::min(static_cast<size_t>(now.st_size - read_to_), kMaxRead), '\0');
  const ssize_t got = pread(file.get(), text.data(), text.size(), read_to_);
  if (got <= 0) return;
  text.resize(static_cast<size_t>(got));
  const size_t whole = text.rfind('\n');
  if (whole == std::string::npos) return;
  text.resize(whole + 1);
  Add(text);
  read_to_ += static_cast<int64_t>(text.size());
}

}  // namespace assay::profiler
