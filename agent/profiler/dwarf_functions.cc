#include "agent/profiler/dwarf_functions.h"

#include <dwarf.h>

#include <algorithm>

namespace assay::profiler {
namespace {

// Deeper than the nesting that compilers produce: namespaces, classes, blocks, inlined calls.
constexpr int kMaxDepth = 128;
// From an inlined call to its function to its declaration.
constexpr int kMaxHops = 4;

// The linkage name of the entry or of its abstract origin; "" if there is none, as for lambdas.
std::string LinkageName(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  for (const unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    if (dwarf_attr_integrate(die, name, &attribute) == nullptr) continue;
    const char* const text = dwarf_formstring(&attribute);
    if (text != nullptr) return text;
  }
  return "";
}

std::string BareName(Dwarf_Die* die) {
  const char* const text = dwarf_diename(die);
  return text == nullptr ? "" : text;
}

bool MayHoldFunctions(int tag) {
  switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
    case DW_TAG_subprogram:
    case DW_TAG_lexical_block:
      return true;
    default:
      return false;
  }
}

}  // namespace

DwarfFunctions::DwarfFunctions(Dwarf* dwarf) : dwarf_(dwarf) {
  if (dwarf_ == nullptr) return;
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  while (dwarf_get_units(dwarf_, unit, &unit, nullptr, nullptr, &die, nullptr) == 0) {
    if (dwarf_tag(&die) != DW_TAG_compile_unit) continue;
    AddRanges(&die, units_.size(), unit_ranges_);
    units_.push_back({.die = die});
  }
  std::sort(unit_ranges_.begin(), unit_ranges_.end(),
            [](const Range& a, const Range& b) { return a.start < b.start; });
}

std::vector<DwarfFunction> DwarfFunctions::Find(Dwarf_Addr address) {
  const Range* const in_unit = Search(unit_ranges_, address);
  if (in_unit == nullptr) return {};
  Unit& unit = units_[in_unit->what];
  if (!unit.indexed) {
    Index(&unit.die, 0, 0, unit);
    std::sort(unit.functions.begin(), unit.functions.end(),
              [](const Range& a, const Range& b) { return a.start < b.start; });
    unit.indexed = true;
  }
  const Range* const in_function = Search(unit.functions, address);
  Dwarf_Die die;
  if (in_function == nullptr || dwarf_offdie(dwarf_, in_function->what, &die) == nullptr) return {};
  std::vector<DwarfFunction> functions = {Describe(&die, unit)};
  AddInlined(&die, address, 0, unit, functions);
  return functions;
}

const DwarfFunctions::Range* DwarfFunctions::Search(const std::vector<Range>& ranges,
                                                    Dwarf_Addr address) {
  auto after = std::upper_bound(ranges.begin(), ranges.end(), address,
                                [](Dwarf_Addr a, const Range& range) { return a < range.start; });
  if (after == ranges.begin()) return nullptr;
  --after;
  return address < after->end ? &*after : nullptr;
}

void DwarfFunctions::AddRanges(Dwarf_Die* die, Dwarf_Off what, std::vector<Range>& ranges) {
  Dwarf_Addr base;
  Dwarf_Addr start;
  Dwarf_Addr end;
  for (ptrdiff_t at = 0; (at = dwarf_ranges(die, at, &base, &start, &end)) > 0;) {
    // Functions that the linker removed begin at 0.
    if (start != 0 && start < end) ranges.push_back({.start = start, .end = end, .what = what});
  }
}

void DwarfFunctions::Index(Dwarf_Die* parent, int depth, uint32_t scope, Unit& unit) {
  if (depth > kMaxDepth) return;
  Dwarf_Die child;
  if (dwarf_child(parent, &child) != 0) return;
  do {
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_subprogram) {
      AddRanges(&child, dwarf_dieoffset(&child), unit.functions);
      if (scope != 0) unit.scope_of[dwarf_dieoffset(&child)] = scope;
    }
    if (!MayHoldFunctions(tag) || !dwarf_haschildren(&child)) continue;
    uint32_t inner = scope;
    const std::string name = tag == DW_TAG_lexical_block ? "" : BareName(&child);
    if (!name.empty()) {
      inner = static_cast<uint32_t>(unit.scopes.size());
      unit.scopes.push_back(unit.scopes[scope] + name + "::");
    }
    Index(&child, depth + 1, inner, unit);
  } while (dwarf_siblingof(&child, &child) == 0);
}

DwarfFunction DwarfFunctions::Describe(Dwarf_Die* die, const Unit& unit) {
  DwarfFunction function = {.name = LinkageName(die)};
  if (function.name.empty()) {
    function.name = BareName(die);
    // The abstract origin of this entry is the entry in the namespace.
    Dwarf_Die entry = *die;
    for (int hops = 0; hops < kMaxHops; ++hops) {
      const auto scope = unit.scope_of.find(dwarf_dieoffset(&entry));
      if (scope != unit.scope_of.end()) {
        function.name = unit.scopes[scope->second] + function.name;
        break;
      }
      Dwarf_Attribute attribute;
      Dwarf_Die next;
      if ((dwarf_attr(&entry, DW_AT_abstract_origin, &attribute) == nullptr &&
           dwarf_attr(&entry, DW_AT_specification, &attribute) == nullptr) ||
          dwarf_formref_die(&attribute, &next) == nullptr) {
        break;
      }
      entry = next;
    }
  }
  const char* const file = dwarf_decl_file(die);
  int line = 0;
  if (file != nullptr && dwarf_decl_line(die, &line) == 0 && line > 0) {
    function.file = file;
    function.line = static_cast<uint32_t>(line);
  }
  return function;
}

// Adds the functions inlined at the address below `parent`, innermost last.
void DwarfFunctions::AddInlined(Dwarf_Die* parent, Dwarf_Addr address, int depth, const Unit& unit,
                                std::vector<DwarfFunction>& functions) {
  if (depth > kMaxDepth) return;
  Dwarf_Die child;
  if (dwarf_child(parent, &child) != 0) return;
  do {
    const int tag = dwarf_tag(&child);
    const bool inlined = tag == DW_TAG_inlined_subroutine;
    if (!inlined && tag != DW_TAG_lexical_block) continue;
    if (dwarf_haspc(&child, address) != 1) continue;
    if (inlined) functions.push_back(Describe(&child, unit));
    AddInlined(&child, address, depth + 1, unit, functions);
    return;
  } while (dwarf_siblingof(&child, &child) == 0);
}

}  // namespace assay::profiler
