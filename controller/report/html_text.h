#ifndef ASSAY_CONTROLLER_REPORT_HTML_TEXT_H_
#define ASSAY_CONTROLLER_REPORT_HTML_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace assay::controller {

// Text as it may stand in HTML, SVG and their attributes. Control characters, which XML has no word
// for, become U+FFFD; so do bytes that are no UTF-8.
std::string HtmlText(absl::string_view text);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_HTML_TEXT_H_
