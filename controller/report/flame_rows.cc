#include "controller/report/flame_rows.h"

#include <cmath>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/json_text.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

using Json = nlohmann::ordered_json;

FlameRows RowsOf(const FunctionTree& tree) {
  FlameRows rows{.tree = &tree, .nodes = tree.PreOrder()};
  rows.depths.reserve(rows.nodes.size());
  for (const uint32_t node : rows.nodes) rows.depths.push_back(tree.nodes()[node].depth);
  return rows;
}

template <typename Value>
std::vector<double> Column(const FlameRows& rows, Value value) {
  std::vector<double> column;
  column.reserve(rows.nodes.size());
  for (const uint32_t node : rows.nodes) column.push_back(value(node));
  return column;
}

// Six digits are enough for drawing and for reading.
Json Short(double value) {
  if (value == 0) return 0;
  return Json::parse(absl::StrFormat("%.6g", value), nullptr, false);
}

Json Short(const std::vector<double>& values) {
  Json json = Json::array();
  for (const double value : values) json.push_back(Short(value));
  return json;
}

void AddFunctions(const FlameRows& rows, Json* json) {
  absl::flat_hash_map<std::string, size_t> libraries;
  Json functions = Json::array();
  Json names = Json::array();
  for (const TreeFunction& function : rows.tree->functions()) {
    const auto [entry, added] = libraries.try_emplace(function.library, names.size());
    if (added) names.push_back(function.library);
    functions.push_back(Json::array(
        {function.name, entry->second, static_cast<int>(function.kind), function.inlined ? 1 : 0}));
  }
  Json numbers = Json::array();
  for (const uint32_t node : rows.nodes) numbers.push_back(rows.tree->nodes()[node].function);
  (*json)["libraries"] = std::move(names);
  (*json)["functions"] = std::move(functions);
  (*json)["depth"] = rows.depths;
  (*json)["function"] = std::move(numbers);
}

std::string Text(const Json& json) {
  const std::string text = JsonText(json);
  return absl::StrReplaceAll(text, {{"<", "\\u003c"}});
}

const MeanDifference& Deciding(const ProfileDifference& difference, const ProfileChange& change) {
  return difference.has_requests ? *change.us_per_request : change.share;
}

}  // namespace

FlameRows RowsOf(const FlameGraph& graph) {
  FlameRows rows = RowsOf(*graph.tree);
  const std::vector<StackWeight> totals = graph.tree->Totals();
  rows.selves.push_back(Column(rows, [&graph](uint32_t node) {
    return static_cast<double>(graph.tree->nodes()[node].self.ns);
  }));
  rows.totals.push_back(
      Column(rows, [&totals](uint32_t node) { return static_cast<double>(totals[node].ns); }));
  return rows;
}

FlameRows RowsOf(const DifferenceGraph& graph) {
  const ProfileDifference& difference = *graph.difference;
  FlameRows rows = RowsOf(difference.tree);
  for (const auto side : {&MeanDifference::a, &MeanDifference::b}) {
    rows.selves.push_back(Column(rows, [&difference, side](uint32_t node) {
      return Deciding(difference, difference.selves[node]).*side;
    }));
    rows.totals.push_back(Column(rows, [&difference, side](uint32_t node) {
      return Deciding(difference, difference.totals[node]).*side;
    }));
  }
  return rows;
}

std::string FlameData(const FlameGraph& graph, const FlameRows& rows) {
  Json json;
  json["kind"] = "profile";
  json["quantity"] = graph.quantity;
  json["requests"] = graph.requests;
  AddFunctions(rows, &json);
  Json ns = Json::array();
  Json samples = Json::array();
  for (const uint32_t node : rows.nodes) {
    ns.push_back(graph.tree->nodes()[node].self.ns);
    samples.push_back(graph.tree->nodes()[node].self.samples);
  }
  json["ns"] = std::move(ns);
  json["samples"] = std::move(samples);
  return Text(json);
}

std::string FlameData(const DifferenceGraph& graph, const FlameRows& rows) {
  const ProfileDifference& difference = *graph.difference;
  Json json;
  json["kind"] = "difference";
  json["names"] = {graph.name_a, graph.name_b};
  json["has_requests"] = difference.has_requests;
  json["enough_runs"] = difference.enough_runs;
  AddFunctions(rows, &json);
  json["a"] = Short(rows.selves[0]);
  json["b"] = Short(rows.selves[1]);
  json["share_a"] =
      Short(Column(rows, [&](uint32_t node) { return difference.totals[node].share.a; }));
  json["share_b"] =
      Short(Column(rows, [&](uint32_t node) { return difference.totals[node].share.b; }));
  // For each tested node, by index: p, low, high, and whether the difference is significant.
  Json tests = Json::object();
  for (size_t i = 0; i < rows.nodes.size(); ++i) {
    const ProfileChange& change = difference.totals[rows.nodes[i]];
    if (!change.tested) continue;
    const MeanDifference& test = change.deciding();
    tests[std::to_string(i)] =
        Json::array({Short(test.p), test.low ? Short(*test.low) : Json(),
                     test.high ? Short(*test.high) : Json(), change.significant ? 1 : 0});
  }
  json["tests"] = std::move(tests);
  return Text(json);
}

}  // namespace assay::controller
