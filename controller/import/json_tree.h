#ifndef ASSAY_CONTROLLER_IMPORT_JSON_TREE_H_
#define ASSAY_CONTROLLER_IMPORT_JSON_TREE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::controller {

// A JSON value that keeps what conversions need: the digits of its numbers as they were written, and its line.
struct JsonTree {
  enum class Kind { kNull, kBool, kNumber, kString, kObject, kArray };

  Kind kind = Kind::kNull;
  // Digits of a number, content of a string, "true" or "false".
  std::string text;
  // Where the value begins, or its name if it has one; from 1.
  size_t line = 1;
  // Members of an object in order; elements of an array, with empty names.
  std::vector<std::pair<std::string, JsonTree>> members;

  // The member of that name; nullptr if there is none, or if this is not an object.
  const JsonTree* Find(std::string_view name) const;
};

// "a number", "an object", ...
std::string KindText(JsonTree::Kind kind);

// Parses JSON of at most 64 levels. kInvalidArgument: "line 3: WHAT".
absl::StatusOr<JsonTree> ParseJsonTree(std::string_view text);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_IMPORT_JSON_TREE_H_
