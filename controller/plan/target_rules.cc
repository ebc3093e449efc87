#include <charconv>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "controller/plan/rule_faults.h"

namespace assay {
namespace {

constexpr std::string_view kSchemes[] = {"http://", "https://"};

bool IsPort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

// Letters, digits, dots and hyphens; colons too inside the brackets of IPv6.
bool IsHost(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  const std::string_view inside = bracketed ? text.substr(1, text.size() - 2) : text;
  if (inside.empty() || inside.size() > 253) return false;
  for (const char c : inside) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_';
    if (!plain && !(bracketed && c == ':')) return false;
  }
  return true;
}

// Empty when `url` is "http://HOST:PORT" or the same with https, else what is wrong.
std::string WhyNoUrl(std::string_view url) {
  const std::string expected = "; expected http://HOST:PORT, such as http://127.0.0.1:8080";
  std::string_view rest;
  for (const std::string_view scheme : kSchemes) {
    if (url.substr(0, scheme.size()) == scheme) rest = url.substr(scheme.size());
  }
  if (rest.empty()) return "does not begin with http:// or https:// and a host" + expected;
  const size_t slash = rest.find('/');
  if (slash != std::string_view::npos && slash + 1 != rest.size()) {
    return "has a path, which belongs into the workload" + expected;
  }
  rest = rest.substr(0, slash);
  const size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || !IsHost(rest.substr(0, colon)) ||
      !IsPort(rest.substr(colon + 1))) {
    return "has no host and port" + expected;
  }
  return "";
}

}  // namespace

std::string LabelOf(const PlanTarget& target) {
  if (!target.label().empty()) return target.label();
  return target.name().empty() ? target.url() : target.name();
}

void CheckTargets(const Plan& plan, RuleFaults* faults) {
  if (plan.targets().empty()) {
    faults->Add("targets",
                "there is none; a plan needs at least one, as targets { name: \"epoll\" }");
  }
  // Label to the index of the first target that has it.
  std::map<std::string, int> labels;
  for (int i = 0; i < plan.targets_size(); ++i) {
    const PlanTarget& target = plan.targets(i);
    const std::string field = absl::StrCat("targets[", i, "]");
    if (target.name().empty() == target.url().empty()) {
      faults->Add(field,
                  target.name().empty() ? "has neither name nor url" : "has both name and url",
                  "; exactly one says which server it is");
      continue;
    }
    if (!target.url().empty()) {
      const std::string why = WhyNoUrl(target.url());
      if (!why.empty()) faults->Add(field + ".url", "\"", target.url(), "\" ", why);
      if (!target.options().empty()) {
        faults->Add(field + ".options",
                    "a server given by URL is not started, so it has no options");
      }
    } else {
      CheckName(target.name(), field + ".name", faults);
      if (target.http2())
        faults->Add(field + ".http2", "goes with a url: servers of the catalogue speak HTTP/1.1");
    }
    if (!target.label().empty()) CheckName(target.label(), field + ".label", faults);
    const auto [first, added] = labels.emplace(LabelOf(target), i);
    if (!added) {
      faults->Add(field + (target.label().empty() ? ".name" : ".label"), "\"", LabelOf(target),
                  "\" is the label of targets[", first->second,
                  "] already; give one of them another label");
    }
  }
}

}  // namespace assay
