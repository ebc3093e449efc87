#include "controller/results/json_values.h"

#include <utility>

#include "nlohmann/json.hpp"

namespace assay::controller {

using Json = nlohmann::ordered_json;

Json OrNull(const std::optional<double>& value) {
  return value.has_value() ? Json(*value) : Json();
}

Json OrNull(const std::optional<Estimate>& figure) {
  if (!figure.has_value()) return Json();
  return {
      {"estimate", figure->estimate}, {"low", OrNull(figure->low)}, {"high", OrNull(figure->high)}};
}

void SetCell(const Cell& cell, Json* json) {
  (*json)["target"] = cell.target();
  // Another tool may report neither.
  (*json)["workload"] = cell.workload().empty() ? Json() : Json(cell.workload());
  (*json)["mode"] = cell.mode().empty() ? Json() : Json(cell.mode());
  Json level = Json::object();
  if (cell.connections() > 0) level["connections"] = cell.connections();
  if (cell.rate_per_s() > 0) level["rate"] = cell.rate_per_s();
  (*json)["level"] = std::move(level);
}

Json ConditionChangesJson(absl::Span<const ConditionChange> changes) {
  Json json = Json::array();
  for (const ConditionChange& change : changes) {
    json.push_back({{"of", ToText(change.of)},
                    {"key", change.key},
                    {"before", change.before},
                    {"after", change.after}});
  }
  return json;
}

}  // namespace assay::controller
