#include "agent/profiler/demangle.h"

#include <stdlib.h>

#include <string_view>

#include "common/utf8.h"
#include "libiberty/demangle.h"

namespace assay::profiler {
namespace {

// Names of templates can have any length.
constexpr size_t kMaxName = 1024;

// The end of the function's own name: before a suffix of the compiler, or of the linker ("read@@GLIBC_2.2.5").
size_t EndOfName(std::string_view symbol) {
  size_t end = symbol.size();
  for (const std::string_view suffix :
       {".cold", ".part.", ".constprop.", ".isra.", ".lto_priv.", ".llvm.", ".localalias", "@"}) {
    const size_t at = symbol.find(suffix);
    if (at != 0 && at < end) end = at;
  }
  return end;
}

}  // namespace

std::string DemangledName(const std::string& symbol) {
  // The internal names of glibc's functions.
  const size_t start = symbol.starts_with("__GI_") ? 5 : 0;
  const std::string plain = symbol.substr(start, EndOfName(symbol) - start);
  char* const demangled = cplus_demangle(plain.c_str(), DMGL_AUTO);
  std::string name = demangled == nullptr ? plain : demangled;
  free(demangled);
  if (name.size() > kMaxName) name.resize(kMaxName);
  return ToValidUtf8(name);
}

}  // namespace assay::profiler
