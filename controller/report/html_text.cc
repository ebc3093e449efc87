#include "controller/report/html_text.h"

#include <string_view>

#include "common/utf8.h"

namespace assay::controller {

std::string HtmlText(absl::string_view text) {
  std::string html;
  for (const char c : ToValidUtf8(std::string_view(text.data(), text.size()))) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      case '\n':
      case '\t':
        html += ' ';
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          html += "\uFFFD";
        } else {
          html += c;
        }
    }
  }
  return html;
}

}  // namespace assay::controller
