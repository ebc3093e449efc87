#include "controller/results/scaling.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/plan/cells.h"
#include "controller/results/json_values.h"
#include "controller/results/text_table.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kP99 = 3;

// The cells of one target and workload that have the figure.
using Curve = std::vector<const CellResult*>;

double LevelOf(const Cell& cell) {
  return cell.mode() == "closed" ? cell.connections() : cell.rate_per_s();
}

const OverExecutions& FigureOf(const CellResult& cell) {
  return cell.cell.mode() == "closed" ? cell.rps : cell.quantile_us[kP99];
}

// In the order of the plan.
std::vector<Curve> CurvesOf(const CampaignResults& results) {
  std::vector<Curve> curves;
  absl::flat_hash_map<std::pair<std::string, std::string>, size_t> index;
  for (const CellResult& cell : results.cells) {
    if (IsSeparateExecution(results.campaign.plan(), cell.cell) || !FigureOf(cell).has_value() ||
        cell.imported.has_value()) {
      continue;
    }
    const auto [found, is_new] =
        index.try_emplace({cell.cell.target(), cell.cell.workload()}, curves.size());
    if (is_new) curves.emplace_back();
    curves[found->second].push_back(&cell);
  }
  return curves;
}

std::string LineOf(const Scaling& scaling) {
  std::string line = absl::StrCat("scaling of ", scaling.target, " ", scaling.workload, ": ");
  if (scaling.law.has_value()) {
    const UniversalScalability& law = *scaling.law;
    absl::StrAppend(&line, "one connection ", WithThousands(law.lambda), "/s, contention (sigma) ",
                    FourDigits(law.sigma), ", coherency (kappa) ", FourDigits(law.kappa));
    if (law.peak_level.has_value()) {
      absl::StrAppend(&line, ", peak of ", WithThousands(*law.peak_throughput), "/s at ",
                      WithThousands(*law.peak_level), " connections",
                      *law.peak_level > scaling.highest_level ? " (extrapolated)" : "");
    } else {
      absl::StrAppend(&line, ", no peak");
    }
    absl::StrAppendFormat(&line, " (universal scalability law, error %.1f %%); ",
                          100 * law.relative_error);
  } else if (!scaling.why_not.empty()) {
    absl::StrAppend(&line, scaling.why_not, "; ");
  }
  absl::StrAppend(&line, scaling.knee.has_value()
                             ? absl::StrCat("the curve bends at ", LevelText(*scaling.knee))
                             : "the curve has no knee");
  return line;
}

}  // namespace

std::vector<Scaling> ScalingsOf(const CampaignResults& results) {
  std::vector<Scaling> scalings;
  for (Curve& curve : CurvesOf(results)) {
    if (curve.size() < kScalabilityMinLevels) continue;
    std::sort(curve.begin(), curve.end(), [](const CellResult* a, const CellResult* b) {
      return LevelOf(a->cell) < LevelOf(b->cell);
    });
    std::vector<CurvePoint> points;
    for (const CellResult* const cell : curve) {
      points.push_back({LevelOf(cell->cell), FigureOf(*cell)->estimate});
    }
    const Cell& first = curve.front()->cell;
    Scaling scaling;
    scaling.target = first.target();
    scaling.workload = first.workload();
    scaling.highest_level = points.back().level;
    if (first.mode() == "closed") {
      const absl::StatusOr<UniversalScalability> law = FitUniversalScalability(points);
      if (law.ok()) {
        scaling.law = *law;
      } else {
        scaling.why_not = std::string(law.status().message());
      }
    }
    if (const std::optional<size_t> knee = KneeOf(points)) scaling.knee = curve[*knee]->cell;
    scalings.push_back(std::move(scaling));
  }
  return scalings;
}

std::string ScalingText(const CampaignResults& results) {
  std::string text;
  for (const Scaling& scaling : ScalingsOf(results)) absl::StrAppend(&text, LineOf(scaling), "\n");
  return text;
}

Json ScalingJson(const CampaignResults& results) {
  Json json = Json::array();
  for (const Scaling& scaling : ScalingsOf(results)) {
    Json one;
    one["target"] = scaling.target;
    one["workload"] = scaling.workload;
    one["law"] = Json();
    if (scaling.law.has_value()) {
      const UniversalScalability& law = *scaling.law;
      one["law"] = {{"lambda", law.lambda},
                    {"sigma", law.sigma},
                    {"kappa", law.kappa},
                    {"peak_connections", OrNull(law.peak_level)},
                    {"peak_rps", OrNull(law.peak_throughput)},
                    {"extrapolated", law.peak_level.value_or(0) > scaling.highest_level},
                    {"relative_error", law.relative_error}};
    }
    if (!scaling.why_not.empty()) one["why_not"] = scaling.why_not;
    one["knee"] = scaling.knee.has_value() ? Json(LevelOf(*scaling.knee)) : Json();
    json.push_back(std::move(one));
  }
  return json;
}

}  // namespace assay::controller
