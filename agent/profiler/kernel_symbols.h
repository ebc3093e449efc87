#ifndef ASSAY_AGENT_PROFILER_KERNEL_SYMBOLS_H_
#define ASSAY_AGENT_PROFILER_KERNEL_SYMBOLS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::profiler {

// Names of the kernel's functions, from the text of /proc/kallsyms, where addresses are zeros without privilege.
class KernelSymbols {
 public:
  struct Function {
    std::string_view name;
    // From the start of the kernel's text, so that it means the same after the next start of the machine.
    uint64_t offset = 0;
  };

  // Some 4 MB and 30 ms for the whole of it.
  explicit KernelSymbols(std::string_view kallsyms);

  bool empty() const { return symbols_.empty(); }
  // An empty name where it is none of the kernel's. Valid as long as this.
  Function Find(uint64_t address) const;

 private:
  struct Symbol {
    uint64_t address;
    // In text_.
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
