#include "agent/profiler/kernel_symbols.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace assay::profiler {

KernelSymbols::KernelSymbols(std::string_view kallsyms) {
  std::string names;
  for (size_t at = 0; at < kallsyms.size();) {
    const size_t end = std::min(kallsyms.find('\n', at), kallsyms.size());
    const std::string_view line = kallsyms.substr(at, end - at);
    at = end + 1;
    // ADDRESS TYPE NAME, and a module in brackets after a tab.
    const size_t space = line.find(' ');
    if (space == std::string_view::npos || line.size() < space + 4) continue;
    const char type = line[space + 1];
    if (type != 'T' && type != 't' && type != 'W' && type != 'w') continue;
    uint64_t address = 0;
    std::from_chars(line.data(), line.data() + space, address, 16);
    if (address == 0) continue;
    const std::string_view name = line.substr(space + 3, line.find('\t') - (space + 3));
    if (name == "_stext") base_ = address;
    symbols_.push_back({.address = address,
                        .name_at = static_cast<uint32_t>(names.size()),
                        .name_size = static_cast<uint32_t>(name.size())});
    names += name;
  }
  text_ = std::move(names);
  text_.shrink_to_fit();
  symbols_.shrink_to_fit();
  // If an address has several names, keep the first one in the kernel's list.
  std::stable_sort(symbols_.begin(), symbols_.end(),
                   [](const Symbol& a, const Symbol& b) { return a.address < b.address; });
}

KernelSymbols::Function KernelSymbols::Find(uint64_t address) const {
  auto after =
      std::upper_bound(symbols_.begin(), symbols_.end(), address,
                       [](uint64_t a, const Symbol& symbol) { return a < symbol.address; });
  if (after == symbols_.begin()) return {};
  const uint64_t start = std::prev(after)->address;
  const auto found =
      std::lower_bound(symbols_.begin(), after, start,
                       [](const Symbol& symbol, uint64_t a) { return symbol.address < a; });
  return {.name = std::string_view(text_).substr(found->name_at, found->name_size),
          .offset = start - base_};
}

}  // namespace assay::profiler
