#include "agent/profiler/jit_symbols.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/unique_fd.h"

namespace assay::profiler {
namespace {

constexpr int64_t kReadEveryNs = 100'000'000;
// More than any server compiles; read in one go at most.
constexpr size_t kMaxRead = size_t{16} << 20;

// Takes a hexadecimal number and the space behind it; false when there is none.
bool TakeHex(std::string_view& line, uint64_t& value) {
  const char* const end = line.data() + line.size();
  if (line.starts_with("0x")) line.remove_prefix(2);
  const auto [stop, error] = std::from_chars(line.data(), end, value, 16);
  if (error != std::errc() || stop == end || *stop != ' ') return false;
  line.remove_prefix(static_cast<size_t>(stop - line.data()) + 1);
  return true;
}

}  // namespace

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
  const UniqueFd file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat now = {};
  if (!file.ok() || fstat(file.get(), &now) != 0 || now.st_size <= read_to_) return;
  // Most misses are of code that no map will ever name: they find nothing new to read.
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
