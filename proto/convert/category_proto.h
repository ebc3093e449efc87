#ifndef ASSAY_PROTO_CONVERT_CATEGORY_PROTO_H_
#define ASSAY_PROTO_CONVERT_CATEGORY_PROTO_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "analysis/profile/categories.h"
#include "proto/categories.pb.h"

namespace assay {

// kInvalidArgument, with the reason, if the rules of the file are inconsistent.
absl::StatusOr<CategoryRules> FromProto(const CategoryFile& file);

// Parses the text of a category file. Errors name file, line and column.
absl::StatusOr<CategoryRules> ParseCategoryRules(std::string_view text, std::string_view name);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_CATEGORY_PROTO_H_
