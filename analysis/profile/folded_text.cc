#include "analysis/profile/folded_text.h"

#include <vector>

#include "absl/strings/str_cat.h"

namespace assay {
namespace {

std::string Foldable(std::string name) {
  for (char& c : name) {
    if (c == ';') c = ':';
    if (c == '\n' || c == '\r') c = ' ';
  }
  return name;
}

}  // namespace

std::string FoldedText(const FunctionTree& tree) {
  std::vector<std::string> names;
  names.reserve(tree.functions().size());
  for (const TreeFunction& function : tree.functions()) names.push_back(Foldable(function.name));
  std::string text;
  std::string path;
  // Lengths of the path up to each depth.
  std::vector<size_t> ends;
  for (const uint32_t number : tree.PreOrder()) {
    if (number == FunctionTree::kRoot) continue;
    const TreeNode& node = tree.nodes()[number];
    ends.resize(node.depth - 1);
    path.resize(ends.empty() ? 0 : ends.back());
    absl::StrAppend(&path, path.empty() ? "" : ";", names[node.function]);
    ends.push_back(path.size());
    if (node.self.samples > 0) absl::StrAppend(&text, path, " ", node.self.samples, "\n");
  }
  return text;
}

}  // namespace assay
