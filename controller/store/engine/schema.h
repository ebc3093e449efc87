#ifndef ASSAY_CONTROLLER_STORE_ENGINE_SCHEMA_H_
#define ASSAY_CONTROLLER_STORE_ENGINE_SCHEMA_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "controller/store/engine/database.h"

namespace assay::controller {

// A step to a schema version from the one before it in an engine's list. Never change a released step: append a new
// one. docs/store.md describes how.
struct SchemaStep {
  // The version after this step. Both engines have the same tables and views at the same version.
  int version;
  // Runs inside a transaction.
  std::string_view sql;
};

// Version of the data that is derived from samples and stored with them: key figures and gates. Raise it whenever
// their meaning changes, so that a later version knows which data to recompute.
inline constexpr int kAnalysisVersion = 1;

// Upgrades a store to the version of the last of `steps` in one transaction, so that other processes see either the
// old version or the new one. Does nothing if the store has that version. kFailedPrecondition if the store is newer.
absl::Status MigrateSchema(Database* database, absl::Span<const SchemaStep> steps);

// OK if the store has the version of the last step. Otherwise kFailedPrecondition says whether it is older or newer.
absl::Status CheckSchemaVersion(const Database& database, int version,
                                absl::Span<const SchemaStep> steps);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_ENGINE_SCHEMA_H_
