#include "controller/store/engine/schema.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace assay::controller {

absl::Status CheckSchemaVersion(const Database& database, int version,
                                absl::Span<const SchemaStep> steps) {
  const int known = steps.back().version;
  if (version == known) return absl::OkStatus();
  if (version > known) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store ", database.name(), " was written by a newer version of Assay (schema ", version,
        ", this version supports ", known,
        "); update Assay, or choose another store with --store"));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the store ", database.name(), " was written by an older version of Assay (schema ", version,
      ", this version supports ", known, ") and cannot be upgraded because it is read-only"));
}

absl::Status MigrateSchema(Database* database, absl::Span<const SchemaStep> steps) {
  ASSAY_ASSIGN_OR_RETURN(int version, database->SchemaVersion());
  if (version == steps.back().version) return absl::OkStatus();
  ASSAY_ASSIGN_OR_RETURN(Transaction transaction,
                         Transaction::Begin(database, Transaction::Durability::kPower));
  // Another process may have migrated the store in the meantime.
  ASSAY_ASSIGN_OR_RETURN(version, database->SchemaVersion());
  if (version > steps.back().version) return CheckSchemaVersion(*database, version, steps);
  for (const SchemaStep& step : steps) {
    if (step.version > version) ASSAY_RETURN_IF_ERROR(database->Execute(std::string(step.sql)));
  }
  ASSAY_RETURN_IF_ERROR(database->SetSchemaVersion(steps.back().version));
  return transaction.Commit();
}

}  // namespace assay::controller
