#ifndef ASSAY_COMMON_STATUS_MACROS_H_
#define ASSAY_COMMON_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns the status of `expression` (an absl::Status) from the calling function unless it is OK.
#define ASSAY_RETURN_IF_ERROR(expression)          \
  do {                                             \
    absl::Status assay_status_ = (expression);     \
    if (!assay_status_.ok()) return assay_status_; \
  } while (false)

// Evaluates `expression` (an absl::StatusOr<T>), returns its status unless it is OK, and otherwise assigns or declares:
//   ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
// If the type in `target` contains a comma, use auto.
#define ASSAY_ASSIGN_OR_RETURN(target, expression) \
  ASSAY_ASSIGN_OR_RETURN_(ASSAY_STATUS_NAME_(assay_status_or_, __LINE__), target, expression)

#define ASSAY_ASSIGN_OR_RETURN_(name, target, expression) \
  auto name = (expression);                               \
  if (!name.ok()) return std::move(name).status();        \
  target = *std::move(name)

#define ASSAY_STATUS_NAME_(prefix, line) ASSAY_STATUS_NAME_JOINED_(prefix, line)
#define ASSAY_STATUS_NAME_JOINED_(prefix, line) prefix##line

#endif  // ASSAY_COMMON_STATUS_MACROS_H_
