#ifndef ASSAY_CONTROLLER_STORE_SCHEMA_H_
#define ASSAY_CONTROLLER_STORE_SCHEMA_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "controller/store/database.h"

namespace assay::controller {

// A step from one schema version to the next. Never change a released step: append a new one. docs/store.md describes
// how.
struct SchemaStep {
  // The version after this step. Steps count from 1 without gaps.
  int version;
  // Runs inside a transaction.
  std::string_view sql;
};

// All steps of this version of Assay, in order.
absl::Span<const SchemaStep> SchemaSteps();

// The application id of our SQLite files ("Assy"). Assay never writes to a database with a different id.
inline constexpr int32_t kApplicationId = 0x41737379;

// Version of the data that is derived from samples and stored with them: key figures and gates. Raise it whenever
// their meaning changes, so that a later version knows which data to recompute.
inline constexpr int kAnalysisVersion = 1;

// The schema version of a file; 0 for one without tables. kFailedPrecondition if another program wrote the database.
absl::StatusOr<int> SchemaVersionOf(Database* database);

// Upgrades a file to the version of the last of `steps` in one transaction, so that other processes see either the
// old version or the new one. Does nothing if the file has that version. kFailedPrecondition if the file is newer.
absl::Status MigrateSchema(Database* database, absl::Span<const SchemaStep> steps);

// OK if the file has the version of the last step. Otherwise kFailedPrecondition says whether it is older or newer.
absl::Status CheckSchemaVersion(const Database& database, int version,
                                absl::Span<const SchemaStep> steps);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_SCHEMA_H_
