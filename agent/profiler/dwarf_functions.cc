#include "agent/profiler/dwarf_functions.h"

#include <dwarf.h>

#include <algorithm>

namespace assay::profiler {
namespace {

// Deeper than what compilers nest: namespaces, classes, blocks, inlined calls.
constexpr int kMaxDepth = 128;

// The symbol's name, of the entry or of what it is an instance of.
std::string NameOf(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  for (const unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    if (dwarf_attr_integrate(die, name, &attribute) == nullptr) continue;
    const char* const text = dwarf_formstring(&attribute);
    if (text != nullptr) return text;
  }
  const char* const text = dwarf_diename(die);
  return text == nullptr ? "" : text;
}

DwarfFunction Describe(Dwarf_Die* die) {
  DwarfFunction function = {.name = NameOf(die)};
  const char* const file = dwarf_decl_file(die);
  int line = 0;
  if (file != nullptr && dwarf_decl_line(die, &line) == 0 && line > 0) {
    function.file = file;
    function.line = static_cast<uint32_t>(line);
  }
  return function;
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

// Adds what is inlined at the address below `parent`, the innermost last.
void AddInlined(Dwarf_Die* parent, Dwarf_Addr address, int depth,
                std::vector<DwarfFunction>& functions) {
  if (depth > kMaxDepth) return;
  Dwarf_Die child;
  if (dwarf_child(parent, &child) != 0) return;
  do {
    const int tag = dwarf_tag(&child);
    const bool inlined = tag == DW_TAG_inlined_subroutine;
    if (!inlined && tag != DW_TAG_lexical_block) continue;
    if (dwarf_haspc(&child, address) != 1) continue;
    if (inlined) functions.push_back(Describe(&child));
    AddInlined(&child, address, depth + 1, functions);
    return;
  } while (dwarf_siblingof(&child, &child) == 0);
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
    Index(&unit.die, 0, unit.functions);
    std::sort(unit.functions.begin(), unit.functions.end(),
              [](const Range& a, const Range& b) { return a.start < b.start; });
    unit.indexed = true;
  }
  const Range* const in_function = Search(unit.functions, address);
  Dwarf_Die die;
  if (in_function == nullptr || dwarf_offdie(dwarf_, in_function->what, &die) == nullptr) return {};
  std::vector<DwarfFunction> functions = {Describe(&die)};
  AddInlined(&die, address, 0, functions);
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
    // What the linker dropped begins at 0.
    if (start != 0 && start < end) ranges.push_back({.start = start, .end = end, .what = what});
  }
}

void DwarfFunctions::Index(Dwarf_Die* parent, int depth, std::vector<Range>& functions) {
  if (depth > kMaxDepth) return;
  Dwarf_Die child;
  if (dwarf_child(parent, &child) != 0) return;
  do {
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_subprogram) AddRanges(&child, dwarf_dieoffset(&child), functions);
    if (MayHoldFunctions(tag)) Index(&child, depth + 1, functions);
  } while (dwarf_siblingof(&child, &child) == 0);
}

}  // namespace assay::profiler
