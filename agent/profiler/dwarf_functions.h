#ifndef ASSAY_AGENT_PROFILER_DWARF_FUNCTIONS_H_
#define ASSAY_AGENT_PROFILER_DWARF_FUNCTIONS_H_

#include <elfutils/libdw.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace assay::profiler {

// A function in the debug information.
struct DwarfFunction {
  // The linkage name if there is one, else the name with its namespaces and classes; "" if it has no name.
  std::string name;
  // Where it is declared; "" and 0 if not known.
  std::string file;
  uint32_t line = 0;
};

// Finds the functions that contain an address: the compiled one and those that were inlined into it.
//
// It walks the debug information itself: libdw's dwarf_getscopes() finds nothing in Rust's debug information, and its
// lookup of a unit by address needs a table that clang and rustc do not write. A unit is indexed at the first lookup in
// it. Cost: a few milliseconds per unit for that, then microseconds per address.
class DwarfFunctions {
 public:
  // `dwarf` must outlive this; nullptr: Find() finds nothing.
  explicit DwarfFunctions(Dwarf* dwarf);

  // The compiled function, then the functions inlined into it at the address, innermost last. Empty if not known.
  std::vector<DwarfFunction> Find(Dwarf_Addr address);

 private:
  struct Range {
    Dwarf_Addr start;
    Dwarf_Addr end;
    // Index of the unit, or offset of the function's entry.
    Dwarf_Off what;
  };
  struct Unit {
    Dwarf_Die die;
    bool indexed = false;
    std::vector<Range> functions;
    // The scopes of function entries, such as "std" or "assay::Worker", by offset of the entry; only for entries that
    // have a scope.
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
