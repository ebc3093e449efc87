#include "agent/profiler/address_space.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace assay::profiler {
namespace {

constexpr absl::string_view kDeleted = " (deleted)";

}  // namespace

bool AddressSpace::Add(CodeMapping mapping) {
  if (mapping.start >= mapping.end) return false;
  const auto same = by_start_.find(mapping.start);
  if (same != by_start_.end() && same->second == mapping) return false;
  bool files_change = mapping.IsFile() || mapping.IsVdso();
  // The mapping before it may overlap it.
  auto at = by_start_.upper_bound(mapping.start);
  if (at != by_start_.begin()) --at;
  while (at != by_start_.end() && at->second.start < mapping.end) {
    CodeMapping old = at->second;
    if (old.end <= mapping.start) {
      ++at;
      continue;
    }
    files_change |= old.IsFile() || old.IsVdso();
    at = by_start_.erase(at);
    if (old.start < mapping.start) {
      CodeMapping below = old;
      below.end = mapping.start;
      by_start_.emplace(below.start, std::move(below));
    }
    if (old.end > mapping.end) {
      CodeMapping above = old;
      above.file_offset += mapping.end - old.start;
      above.start = mapping.end;
      by_start_.emplace(above.start, std::move(above));
      break;
    }
  }
  const uint64_t start = mapping.start;
  by_start_[start] = std::move(mapping);
  return files_change;
}

const CodeMapping* AddressSpace::Find(uint64_t address) const {
  auto after = by_start_.upper_bound(address);
  if (after == by_start_.begin()) return nullptr;
  const CodeMapping& mapping = std::prev(after)->second;
  return address < mapping.end ? &mapping : nullptr;
}

std::vector<const CodeMapping*> AddressSpace::All() const {
  std::vector<const CodeMapping*> all;
  for (const auto& [start, mapping] : by_start_) all.push_back(&mapping);
  return all;
}

bool AddressSpace::HasFilesOf(const AddressSpace& other) const {
  const auto files = [](const AddressSpace& space) {
    std::vector<const CodeMapping*> all = space.All();
    std::erase_if(all, [](const CodeMapping* one) { return !one->IsFile() && !one->IsVdso(); });
    return all;
  };
  return std::ranges::equal(files(*this), files(other),
                            [](const CodeMapping* a, const CodeMapping* b) { return *a == *b; });
}

std::vector<CodeMapping> ParseMaps(std::string_view text) {
  std::vector<CodeMapping> mappings;
  for (absl::string_view line :
       absl::StrSplit(absl::string_view(text.data(), text.size()), '\n', absl::SkipEmpty())) {
    // START-END PERMISSIONS OFFSET DEVICE INODE   PATH; the path may contain spaces.
    std::vector<absl::string_view> fields;
    for (int i = 0; i < 5; ++i) {
      const size_t space = std::min(line.find(' '), line.size());
      fields.push_back(line.substr(0, space));
      line.remove_prefix(std::min(space + 1, line.size()));
    }
    while (absl::ConsumePrefix(&line, " ")) {
    }
    const std::vector<absl::string_view> range = absl::StrSplit(fields[0], '-');
    CodeMapping mapping;
    if (range.size() != 2 || !absl::StrContains(fields[1], 'x') ||
        !absl::SimpleHexAtoi(range[0], &mapping.start) ||
        !absl::SimpleHexAtoi(range[1], &mapping.end) ||
        !absl::SimpleHexAtoi(fields[2], &mapping.file_offset) ||
        !absl::SimpleAtoi(fields[4], &mapping.inode)) {
      continue;
    }
    absl::ConsumeSuffix(&line, kDeleted);
    mapping.path = std::string(line);
    mappings.push_back(std::move(mapping));
  }
  return mappings;
}

}  // namespace assay::profiler
