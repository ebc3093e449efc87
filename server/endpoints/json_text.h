#ifndef ASSAY_SERVER_ENDPOINTS_JSON_TEXT_H_
#define ASSAY_SERVER_ENDPOINTS_JSON_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

// Appends `text` as a JSON string, quotes included. Escaped is what RFC 8259, 7 demands and no
// more: the quote, the backslash and control characters, as \b \f \n \r \t where there is such a
// form and \u00xx otherwise. REQUIRES: `text` is UTF-8.
void AppendJsonString(std::string_view text, std::string& json);

void AppendJsonNumber(int64_t number, std::string& json);

}  // namespace assay

#endif  // ASSAY_SERVER_ENDPOINTS_JSON_TEXT_H_
