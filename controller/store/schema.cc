#include "controller/store/schema.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace assay::controller {

absl::StatusOr<int> SchemaVersionOf(Database* database) {
  // One statement reads all at one time, because another process may be creating the store.
  ASSAY_ASSIGN_OR_RETURN(
      Statement read,
      database->Prepare("SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema) "
                        "FROM pragma_user_version, pragma_application_id"));
  ASSAY_ASSIGN_OR_RETURN(const bool row, read.Step());
  if (!row)
    return absl::InternalError(
        absl::StrCat("the store ", database->path(), " has no schema version"));
  const int64_t version = read.Int(0);
  const int64_t application = read.Int(1);
  const int64_t tables = read.Int(2);
  const bool empty = tables == 0 && version == 0 && application == 0;
  if (application != kApplicationId && !empty) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store ", database->path(),
        " is not an Assay store: another program created this database; choose another file "
        "with --store=PATH"));
  }
  return static_cast<int>(version);
}

absl::Status CheckSchemaVersion(const Database& database, int version,
                                absl::Span<const SchemaStep> steps) {
  const int known = steps.back().version;
  if (version == known) return absl::OkStatus();
  if (version > known) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store ", database.path(), " was written by a newer version of Assay (schema ", version,
        ", this version supports ", known,
        "); update Assay, or choose another file with --store=PATH"));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the store ", database.path(), " was written by an older version of Assay (schema ", version,
      ", this version supports ", known, ") and cannot be upgraded because it is read-only"));
}

absl::Status MigrateSchema(Database* database, absl::Span<const SchemaStep> steps) {
  ASSAY_ASSIGN_OR_RETURN(int version, SchemaVersionOf(database));
  if (version == steps.back().version) return absl::OkStatus();
  ASSAY_ASSIGN_OR_RETURN(Transaction transaction,
                         Transaction::Begin(database, Transaction::Durability::kPower));
  // Another process may have migrated the file in the meantime.
  ASSAY_ASSIGN_OR_RETURN(version, SchemaVersionOf(database));
  if (version > steps.back().version) return CheckSchemaVersion(*database, version, steps);
  for (const SchemaStep& step : steps) {
    if (step.version <= version) continue;
    ASSAY_RETURN_IF_ERROR(database->Execute(std::string(step.sql)));
    ASSAY_RETURN_IF_ERROR(database->Execute(absl::StrCat("PRAGMA user_version = ", step.version)));
  }
  ASSAY_RETURN_IF_ERROR(
      database->Execute(absl::StrCat("PRAGMA application_id = ", kApplicationId)));
  return transaction.Commit();
}

}  // namespace assay::controller
