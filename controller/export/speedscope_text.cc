#include "controller/export/speedscope_text.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/json_text.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

using Json = nlohmann::ordered_json;

Json Frames(const StackProfile& profile) {
  Json frames = Json::array();
  for (const StackFrame& frame : profile.frames()) {
    Json json;
    json["name"] = profile.FunctionOf(frame);
    const std::string& file = profile.strings()[frame.file];
    // Without a source file, the program or library distinguishes functions of the same name.
    const std::string& place = file.empty() ? profile.PathOf(frame) : file;
    if (!place.empty()) json["file"] = place;
    if (!file.empty() && frame.line > 0) json["line"] = frame.line;
    frames.push_back(std::move(json));
  }
  return frames;
}

// From the outermost frame.
Json Stack(const StackProfile& profile, uint32_t node) {
  std::vector<uint32_t> frames;
  for (uint32_t at = node + 1; at > 0; at = profile.nodes()[at - 1].parent) {
    frames.push_back(profile.nodes()[at - 1].frame);
  }
  std::reverse(frames.begin(), frames.end());
  return frames;
}

class Sampled {
 public:
  void Add(Json stack, uint64_t weight_ns) {
    samples_.push_back(std::move(stack));
    weights_.push_back(weight_ns);
    end_ += weight_ns;
  }

  bool empty() const { return samples_.empty(); }

  Json Take(const std::string& name) && {
    Json json;
    json["type"] = "sampled";
    json["name"] = name;
    json["unit"] = "nanoseconds";
    json["startValue"] = 0;
    json["endValue"] = end_;
    json["samples"] = std::move(samples_);
    json["weights"] = std::move(weights_);
    return json;
  }

 private:
  Json samples_ = Json::array();
  Json weights_ = Json::array();
  uint64_t end_ = 0;
};

std::string Named(const std::string& name, StackTime time) {
  return time == StackTime::kOnCpu ? name : absl::StrCat(name, ", off the CPU");
}

void AddThreads(const StackProfile& profile, Json* profiles) {
  std::vector<StackSample> samples = profile.samples();
  std::stable_sort(samples.begin(), samples.end(),
                   [](const StackSample& a, const StackSample& b) { return a.at_ns < b.at_ns; });
  std::map<std::pair<StackTime, uint32_t>, Sampled> threads;
  for (const StackSample& sample : samples) {
    threads[{sample.time, sample.thread}].Add(Stack(profile, sample.node), sample.weight_ns);
  }
  for (auto& [key, sampled] : threads) {
    profiles->push_back(
        std::move(sampled).Take(Named(absl::StrCat("thread ", key.second), key.first)));
  }
}

void AddSums(const StackProfile& profile, Json* profiles) {
  for (const StackTime time : {StackTime::kOnCpu, StackTime::kOffCpu}) {
    Sampled sampled;
    for (uint32_t i = 0; i < profile.nodes().size(); ++i) {
      const StackWeight& weight = profile.nodes()[i].weight(time);
      if (weight.samples > 0) sampled.Add(Stack(profile, i), weight.ns);
    }
    if (!sampled.empty()) profiles->push_back(std::move(sampled).Take(Named("all threads", time)));
  }
}

}  // namespace

std::string SpeedscopeText(const StackProfile& profile, std::string_view name) {
  const uint64_t all =
      profile.total(StackTime::kOnCpu).samples + profile.total(StackTime::kOffCpu).samples;
  Json json;
  json["$schema"] = "https://www.speedscope.app/file-format-schema.json";
  json["name"] = name;
  json["exporter"] = "assay";
  json["activeProfileIndex"] = 0;
  json["shared"]["frames"] = Frames(profile);
  json["profiles"] = Json::array();
  if (profile.samples().size() == all) {
    AddThreads(profile, &json["profiles"]);
  } else {
    AddSums(profile, &json["profiles"]);
  }
  // speedscope does not open a file without a profile.
  if (json["profiles"].empty()) json["profiles"].push_back(Sampled().Take("no samples"));
  return JsonText(json);
}

}  // namespace assay::controller
