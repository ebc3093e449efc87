#ifndef ASSAY_CONTROLLER_STORE_SQLITE_SQLITE_SCHEMA_H_
#define ASSAY_CONTROLLER_STORE_SQLITE_SQLITE_SCHEMA_H_

#include "absl/types/span.h"
#include "controller/store/engine/schema.h"

namespace assay::controller {

// All steps of this version of Assay for an SQLite file, in order. Versions count from 1 without gaps.
absl::Span<const SchemaStep> SqliteSchemaSteps();

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_SQLITE_SQLITE_SCHEMA_H_
