#ifndef ASSAY_CONTROLLER_REPORT_HTML_TEXT_H_
#define ASSAY_CONTROLLER_REPORT_HTML_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace assay::controller {

// Escapes text for HTML, SVG and their attributes. Control characters, which XML cannot represent, and bytes that are
// not UTF-8 become U+FFFD.
std::string HtmlText(absl::string_view text);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_HTML_TEXT_H_
