#include "controller/store/engine/database.h"

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace assay::controller {

absl::StatusOr<int64_t> Database::QueryInt(std::string_view sql) {
  ASSAY_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  ASSAY_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row)
    return absl::NotFoundError(
        absl::StrCat("the store ", name(), " does not have the requested row"));
  return statement.Int(0);
}

absl::StatusOr<Transaction> Transaction::Begin(Database* database, Durability durability) {
  ASSAY_RETURN_IF_ERROR(database->Begin(durability));
  return Transaction(database);
}

absl::StatusOr<Transaction> Transaction::BeginRead(Database* database) {
  ASSAY_RETURN_IF_ERROR(database->BeginRead());
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (database_ != nullptr) database_->Rollback();
}

absl::Status Transaction::Commit() {
  // A commit that failed leaves the transaction open; the destructor rolls it back.
  ASSAY_RETURN_IF_ERROR(database_->Commit());
  database_ = nullptr;
  return absl::OkStatus();
}

}  // namespace assay::controller
