#include "server/endpoints/query.h"

#include <charconv>

namespace assay::server {

std::optional<std::string_view> QueryParameter(std::string_view query, std::string_view name) {
  std::optional<std::string_view> value;
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == query.npos ? std::string_view() : query.substr(end + 1);
    const size_t equals = pair.find('=');
    if (pair.substr(0, equals) != name) continue;
    value = equals == pair.npos ? std::string_view() : pair.substr(equals + 1);
  }
  return value;
}

std::optional<int64_t> NumberParameter(std::string_view query, std::string_view name,
                                       std::optional<int64_t> otherwise, int64_t min, int64_t max) {
  const std::optional<std::string_view> text = QueryParameter(query, name);
  if (!text.has_value()) return otherwise;
  if (text->empty() || text->front() == '-') return std::nullopt;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  if (number < min || number > max) return std::nullopt;
  return number;
}

}  // namespace assay::server
