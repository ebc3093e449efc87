#ifndef ASSAY_CONTROLLER_STORE_SCHEMA_H_
#define ASSAY_CONTROLLER_STORE_SCHEMA_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "controller/store/database.h"

namespace assay::controller {

// A step from one version of the schema to the next. A step that was released is never changed: a new one is added
// behind it. docs/store.md tells how.
struct SchemaStep {
  // The version that it leads to; steps count from 1 without a gap.
  int version;
  // Runs inside a transaction.
  std::string_view sql;
};

// All steps of this version of Assay, in order.
absl::Span<const SchemaStep> SchemaSteps();

// Marks our files among SQLite's ("Assy"), so that another program's database is never written to.
inline constexpr int32_t kApplicationId = 0x41737379;

// Version of what is derived from samples and stored beside them: key figures and gates. Raised with every change of
// their meaning, so that a later version knows what to compute again.
inline constexpr int kAnalysisVersion = 1;

// The version of a file; 0 for one without tables. kFailedPrecondition when it is another program's database.
absl::StatusOr<int> SchemaVersionOf(Database* database);

// Brings a file to the version of the last of `steps`, all in one transaction: another process sees the old version or
// the new one. A file of that version is left alone. kFailedPrecondition when it is newer than the last step.
absl::Status MigrateSchema(Database* database, absl::Span<const SchemaStep> steps);

// OK when the file has the version of the last step; kFailedPrecondition says whether it is older or newer.
absl::Status CheckSchemaVersion(const Database& database, int version,
                                absl::Span<const SchemaStep> steps);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_SCHEMA_H_
