#ifndef ASSAY_COMMON_JSON_TEXT_H_
#define ASSAY_COMMON_JSON_TEXT_H_

#include <string>

namespace assay {

// `json`, a value of nlohmann's library, as text: on one line, or indented by `indent` spaces. Bytes that are not UTF-8
// become U+FFFD; dump() alone would throw.
template <typename Json>
std::string JsonText(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace assay

#endif  // ASSAY_COMMON_JSON_TEXT_H_
