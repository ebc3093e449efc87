#ifndef ASSAY_AGENT_PROFILER_KERNEL_SYMBOLS_H_
#define ASSAY_AGENT_PROFILER_KERNEL_SYMBOLS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::profiler {

// Names of the kernel's functions, from the text of /proc/kallsyms. An unprivileged process reads all addresses as
// zero.
class KernelSymbols {
 public:
  struct Function {
    std::string_view name;
    // Offset from the start of the kernel's text, so that it does not change when the machine boots again.
    uint64_t offset = 0;
  };

  // Cost: about 4 MB and 30 ms for all of /proc/kallsyms.
  explicit KernelSymbols(std::string_view kallsyms);

  bool empty() const { return symbols_.empty(); }
  // The function that contains `address`; an empty name if it is not a kernel function. Valid as long as this object.
  Function Find(uint64_t address) const;

 private:
  struct Symbol {
    uint64_t address;
    // Position in text_.
    uint32_t name_at;
    uint32_t name_size;
  };

  std::string text_;
  uint64_t base_ = 0;
  // By address.
  std::vector<Symbol> symbols_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_KERNEL_SYMBOLS_H_
