#ifndef ASSAY_AGENT_PROFILER_DWARF_FUNCTIONS_H_
#define ASSAY_AGENT_PROFILER_DWARF_FUNCTIONS_H_

#include <elfutils/libdw.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace assay::profiler {

// A function as the debug information has it.
struct DwarfFunction {
  // As the linker knows it where that is told, else with its namespaces and classes; "" for one without a name.
  std::string name;
  // Where it is declared; "" and 0 where it is not told.
  std::string file;
  uint32_t line = 0;
};

// Which functions an address lies in: the one that was compiled there and those that were inlined into it.
//
// A walk of its own over the debug information: libdw's dwarf_getscopes finds nothing in Rust's, and its way from an
// address to a unit needs a table that clang and rustc do not write. A unit is indexed when the first address in it is
// asked for. Cost: a few milliseconds a unit then, microseconds an address after.
class DwarfFunctions {
 public:
  // `dwarf` outlives this; nullptr: nothing is found.
  explicit DwarfFunctions(Dwarf* dwarf);

  // The compiled function, then what was inlined into it there, the innermost last. Empty where nothing is told.
  std::vector<DwarfFunction> Find(Dwarf_Addr address);

 private:
  struct Range {
    Dwarf_Addr start;
    Dwarf_Addr end;
    // Unit's index, or the offset of the function's entry.
    Dwarf_Off what;
  };
  struct Unit {
    Dwarf_Die die;
    bool indexed = false;
    std::vector<Range> functions;
    // What entries of functions lie in, "std" or "assay::Worker"; by offset, for those that lie in something.
    absl::flat_hash_map<Dwarf_Off, uint32_t> scope_of;
    std::vector<std::string> scopes = {""};
  };

  static const Range* Search(const std::vector<Range>& ranges, Dwarf_Addr address);
  static void AddRanges(Dwarf_Die* die, Dwarf_Off what, std::vector<Range>& ranges);
  static void Index(Dwarf_Die* parent, int depth, uint32_t scope, Unit& unit);
  static DwarfFunction Describe(Dwarf_Die* die, const Unit& unit);
  static void AddInlined(Dwarf_Die* parent, Dwarf_Addr address, int depth, const Unit& unit,
                         std::vector<DwarfFunction>& functions);

  Dwarf* const dwarf_;
  std::vector<Unit> units_;
  std::vector<Range> unit_ranges_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_DWARF_FUNCTIONS_H_
