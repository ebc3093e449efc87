#include "controller/plan/load_levels.h"

namespace assay::controller {

std::string LoadKindName(const Load& load) {
  return load.kind_case() == Load::KIND_NOT_SET
             ? std::string()
             : Load::descriptor()->FindFieldByNumber(load.kind_case())->name();
}

std::vector<LoadLevel> LevelsOf(const Load& load) {
  std::vector<LoadLevel> levels;
  switch (load.kind_case()) {
    case Load::kClosed:
      for (const uint32_t connections : load.closed().connections()) {
        levels.push_back({"closed", connections, 0});
      }
      break;
    case Load::kOpen:
      levels.push_back({"open", load.open().connections(), load.open().rate_per_s()});
      break;
    case Load::kCurve:
      for (const double rate : load.curve().rates_per_s()) {
        levels.push_back({"open", load.curve().connections(), rate});
      }
      break;
    case Load::kFind:
      levels.push_back({kSearchMode, load.find().connections(), 0});
      break;
    default:
      break;
  }
  return levels;
}

OpenLoop::Arrivals ArrivalsOf(const Load& load) {
  // Evenly spaced requests never queue below saturation, so a capacity found with them would be too high.
  if (load.has_find()) return OpenLoop::POISSON;
  return load.has_curve() ? load.curve().arrivals() : load.open().arrivals();
}

WindowBound BoundOf(const Load& load) {
  const auto timed = [](const Pause& pause) {
    return WindowBound{absl::Seconds(pause.seconds()), 0};
  };
  switch (load.kind_case()) {
    case Load::kOpen:
      return timed(load.open().duration());
    case Load::kCurve:
      return timed(load.curve().duration());
    case Load::kFind:
      return timed(load.find().duration());
    default:
      if (load.closed().has_duration()) return timed(load.closed().duration());
      return {absl::ZeroDuration(), load.closed().requests()};
  }
}

}  // namespace assay::controller
