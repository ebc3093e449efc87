"""embedded_text: a source file's text as a constant in C++."""

def embedded_text(name, srcs, **kwargs):
    """Makes `std::string_view assay::embedded::NAME()`, declared in NAME.h: the files one after another.

    Args:
      name: of the library and the function, in CamelCase.
      srcs: the text files, in their order.
      **kwargs: as of cc_library.
    """
    native.genrule(
        name = name + "_header",
        srcs = srcs,
        outs = [name + ".h"],
        cmd = """
cat > $@ <<'end'
#include <string_view>
namespace assay::embedded { std::string_view %s(); }
end
""" % name,
    )
    native.genrule(
        name = name + "_source",
        srcs = srcs,
        outs = [name + ".cc"],
        cmd = """
{
  echo '#include "controller/report/%s.h"'
  echo 'namespace assay::embedded { namespace { constexpr unsigned char kBytes[] = {'
  cat $(SRCS) | od -An -v -tu1 | sed 's/ *\\([0-9][0-9]*\\)/\\1,/g'
  echo '}; } std::string_view %s() {'
  echo 'return {reinterpret_cast<const char*>(kBytes), sizeof(kBytes)}; } }'
} > $@
""" % (name, name),
    )
    native.cc_library(
        name = name,
        srcs = [name + ".cc"],
        hdrs = [name + ".h"],
        **kwargs
    )
