#include "controller/report/flame_graph.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "controller/report/FlameBarHtml.h"
#include "controller/report/FlameGraphCss.h"
#include "controller/report/FlameGraphJs.h"
#include "controller/report/FlamePageCss.h"
#include "controller/report/flame_svg.h"
#include "controller/report/html_text.h"

namespace assay::controller {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

std::string Head(const std::string& title, const std::string& subtitle,
                 const std::vector<std::string>& notes = {}) {
  std::string html = absl::StrCat("<section class=\"flame\">\n<div class=\"flame-head\"><h3>",
                                  HtmlText(title), "</h3>");
  if (!subtitle.empty()) absl::StrAppend(&html, "<p>", HtmlText(subtitle), "</p>");
  for (const std::string& note : notes) absl::StrAppend(&html, "<p>", HtmlText(note), "</p>");
  return html + "</div>\n";
}

std::string Bar(const std::string& choices) {
  return absl::StrReplaceAll(View(embedded::FlameBarHtml()), {{"CHOICES", choices}});
}

std::string Choice(bool chosen, absl::string_view does, absl::string_view more,
                   absl::string_view label) {
  return absl::StrCat("<button type=\"button\" aria-pressed=\"", chosen ? "true" : "false",
                      "\" data-does=\"", does, "\"", more, ">", HtmlText(label), "</button>");
}

std::string Key(absl::string_view colour, absl::string_view label) {
  return absl::StrCat("<span class=\"flame-key\" style=\"--swatch:var(--", colour, ")\">",
                      HtmlText(label), "</span>\n");
}

std::string GraphBody(const std::string& svg, const std::string& keys, const std::string& data) {
  // If scripts run, the picture stays text, which costs nothing, until the page is printed.
  return absl::StrCat("<noscript class=\"flame-paper\">\n", svg,
                      "</noscript>\n<div class=\"flame-chosen\" aria-live=\"polite\"></div>\n",
                      "<div class=\"flame-foot\">\n", keys, "</div>\n",
                      "<script type=\"application/json\" class=\"flame-data\">", data,
                      "</script>\n</section>\n");
}

// The time of each kind of code on top of the stacks, for the legend.
std::string KindKeys(const FlameGraph& graph) {
  struct Kind {
    const char* colour;
    const char* label;
    FrameKind kind;
    bool inlined;
  };
  constexpr std::array<Kind, 8> kKinds = {Kind{"program", "program", FrameKind::kProgram, false},
                                          Kind{"inlined", "inlined", FrameKind::kProgram, true},
                                          Kind{"library", "libraries", FrameKind::kLibrary, false},
                                          Kind{"libc", "C library", FrameKind::kLibc, false},
                                          Kind{"kernel", "kernel", FrameKind::kKernel, false},
                                          Kind{"vdso", "vDSO", FrameKind::kVdso, false},
                                          Kind{"jit", "JIT-compiled", FrameKind::kJit, false},
                                          Kind{"unknown", "unknown", FrameKind::kUnknown, false}};
  std::array<uint64_t, kKinds.size()> ns{};
  uint64_t all = 0;
  for (const TreeNode& node : graph.tree->nodes()) {
    const TreeFunction& function = graph.tree->functions()[node.function];
    const bool inlined = function.inlined && function.kind == FrameKind::kProgram;
    for (size_t i = 0; i < kKinds.size(); ++i) {
      if (kKinds[i].kind == function.kind && kKinds[i].inlined == inlined) ns[i] += node.self.ns;
    }
    all += node.self.ns;
  }
  std::string keys;
  for (size_t i = 0; i < kKinds.size(); ++i) {
    if (ns[i] == 0) continue;
    const double share = static_cast<double>(ns[i]) / static_cast<double>(all);
    keys += Key(kKinds[i].colour, absl::StrCat(kKinds[i].label, " ", PercentText(share)));
  }
  return keys;
}

}  // namespace

std::string FlameGraphFragment(const FlameGraph& graph) {
  const FlameRows rows = RowsOf(graph);
  const std::string choices =
      Choice(true, "top-down", " title=\"Shows the callees of each function\"", "Top down") +
      Choice(false, "bottom-up", " title=\"Shows the callers of each function\"", "Bottom up");
  return Head(graph.title, graph.subtitle, graph.notes) + Bar(choices) +
         GraphBody(FlameSvg(graph, rows), KindKeys(graph), FlameData(graph, rows));
}

std::string FlameGraphFragment(const DifferenceGraph& graph) {
  const FlameRows rows = RowsOf(graph);
  const std::string choices =
      Choice(false, "widths", " data-columns=\"[0]\"", absl::StrCat("Width: ", graph.name_a)) +
      Choice(true, "widths",
             " data-columns=\"[0,1]\" title=\"Also shows functions that only one side has\"",
             "both") +
      Choice(false, "widths", " data-columns=\"[1]\"", graph.name_b);
  const std::string unit =
      graph.difference->has_requests ? " takes more time per request" : " takes a larger share";
  std::string keys = Key("more", absl::StrCat(graph.name_b, unit)) +
                     Key("less", absl::StrCat(graph.name_a, unit)) +
                     Key("same", "no significant difference");
  if (!graph.difference->enough_runs) {
    absl::StrAppend(&keys, "<span>Too few runs to test for differences: ", graph.difference->runs_a,
                    " and ", graph.difference->runs_b, "; at least ", RunBootstrap::kLeastRuns,
                    " of each are needed.</span>\n");
  }
  return Head(graph.title, graph.subtitle) + Bar(choices) +
         GraphBody(FlameSvg(graph, rows), keys, FlameData(graph, rows));
}

std::string_view FlameGraphStyle() { return embedded::FlameGraphCss(); }

std::string FlameGraphScript() {
  return absl::StrCat("(() => {\n'use strict';\n", View(embedded::FlameGraphJs()), "})();\n");
}

std::string FlameGraphPage(std::string_view title, const std::vector<std::string>& fragments) {
  std::string page =
      absl::StrCat("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
                   "<link rel=\"icon\" href=\"data:,\">\n", "<title>", HtmlText(View(title)),
                   "</title>\n<style>\n", View(embedded::FlamePageCss()), View(FlameGraphStyle()),
                   "</style>\n</head>\n<body>\n");
  for (const std::string& fragment : fragments) page += fragment;
  absl::StrAppend(&page, "<script>\n", FlameGraphScript(), "</script>\n</body>\n</html>\n");
  return page;
}

}  // namespace assay::controller
