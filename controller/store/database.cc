#include "controller/store/database.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "controller/store/lock_holder.h"
#include "controller/store/row_hash.h"

namespace assay::controller {
namespace {

// A path as the file: URI that SQLite expects.
std::string Uri(const std::string& path, std::string_view query) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      absl::StrAppend(&uri, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    } else {
      uri += c;
    }
  }
  return uri + std::string(query);
}

}  // namespace

Statement& Statement::Bind(int parameter, int64_t value) {
  Note(sqlite3_bind_int64(statement_.get(), parameter, value));
  return *this;
}

Statement& Statement::Bind(int parameter, double value) {
  Note(sqlite3_bind_double(statement_.get(), parameter, value));
  return *this;
}

Statement& Statement::BindText(int parameter, std::string_view value) {
  Note(sqlite3_bind_text64(statement_.get(), parameter, value.data() == nullptr ? "" : value.data(),
                           value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::BindBlob(int parameter, std::string_view value) {
  Note(sqlite3_bind_blob64(statement_.get(), parameter, value.data() == nullptr ? "" : value.data(),
                           value.size(), SQLITE_STATIC));
  return *this;
}

Statement& Statement::BindNull(int parameter) {
  Note(sqlite3_bind_null(statement_.get(), parameter));
  return *this;
}

void Statement::Note(int result) {
  if (bind_result_ == SQLITE_OK) bind_result_ = result;
}

absl::StatusOr<bool> Statement::Step() {
  if (bind_result_ != SQLITE_OK) return database_->ErrorFor(bind_result_);
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return database_->ErrorFor(result);
}

absl::Status Statement::Run() { return Step().status(); }

void Statement::Reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  bind_result_ = SQLITE_OK;
}

std::string Statement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path, Access access,
                                                         absl::Duration busy_timeout) {
  sqlite3* connection = nullptr;
  // The store has its own lock, so SQLite's is not needed.
  const int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                    (access == Access::kWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                              : SQLITE_OPEN_READONLY);
  const std::string uri = Uri(path, access == Access::kReadImmutable ? "?immutable=1" : "");
  const int result = sqlite3_open_v2(uri.c_str(), &connection, flags, nullptr);
  std::unique_ptr<Database> database(new Database(path, connection));
  if (result != SQLITE_OK) return database->ErrorFor(result);
  // SQLite opens a read-only file without an error, and would report it only at the first write.
  if (access == Access::kWrite && sqlite3_db_readonly(connection, "main") == 1) {
    return database->ErrorFor(SQLITE_READONLY);
  }
  if (const int added = AddRowHashFunction(connection); added != SQLITE_OK) {
    return database->ErrorFor(added);
  }
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, static_cast<int>(absl::ToInt64Milliseconds(busy_timeout)));
  return database;
}

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                        &statement, nullptr);
  if (result != SQLITE_OK) return ErrorFor(result);
  return Statement(this, statement);
}

absl::Status Database::Execute(const std::string& sql) {
  const int result = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return result == SQLITE_OK ? absl::OkStatus() : ErrorFor(result);
}

absl::StatusOr<int64_t> Database::QueryInt(std::string_view sql) {
  ASSAY_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  ASSAY_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row)
    return absl::NotFoundError(
        absl::StrCat("the store ", path_, " does not have the requested row"));
  return statement.Int(0);
}

absl::Status Database::ErrorFor(int result) const {
  const std::string said =
      connection_ == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(connection_.get());
  const std::string store = absl::StrCat("the store ", path_);
  switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(absl::StrCat(store, " is locked", HeldBy(path_),
                                                 "; wait for that process to finish, or stop it"));
    case SQLITE_READONLY:
      return absl::PermissionDeniedError(
          absl::StrCat(store,
                       " is read-only for this user; make the file and its folder writable, or "
                       "choose another file with --store=PATH"));
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::PermissionDeniedError(absl::StrCat(
          store, " cannot be opened (", said,
          "); check the permissions of the file and its folder, or choose another file with "
          "--store=PATH"));
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(
          absl::StrCat(store, " cannot grow: the disk is full; free some space and `resume`"));
    case SQLITE_NOTADB:
      return absl::FailedPreconditionError(
          absl::StrCat(store,
                       " is not an Assay store: it is not an SQLite database; choose another file "
                       "with --store=PATH"));
    case SQLITE_CORRUPT:
      return absl::DataLossError(
          absl::StrCat(store, " is damaged (", said,
                       "); recover the readable data with `sqlite3 FILE .recover`"));
    case SQLITE_CONSTRAINT:
      return absl::AlreadyExistsError(absl::StrCat(store, ": ", said));
    case SQLITE_IOERR:
      return absl::UnavailableError(absl::StrCat(store, ": reading or writing failed (", said,
                                                 ", code ", result, "); check the disk"));
    default:
      return absl::InternalError(absl::StrCat(store, ": ", said, " (code ", result, ")"));
  }
}

absl::StatusOr<Transaction> Transaction::Begin(Database* database, Durability durability) {
  // Cannot be changed inside a transaction.
  ASSAY_RETURN_IF_ERROR(database->Execute(durability == Durability::kPower
                                              ? "PRAGMA synchronous = FULL"
                                              : "PRAGMA synchronous = NORMAL"));
  ASSAY_RETURN_IF_ERROR(database->Execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // An error is ignored: SQLite also rolls back when the connection closes.
  if (database_ != nullptr) database_->Execute("ROLLBACK").IgnoreError();
}

absl::Status Transaction::Commit() {
  // A commit that did not get its lock leaves the transaction open; the destructor rolls it back.
  ASSAY_RETURN_IF_ERROR(database_->Execute("COMMIT"));
  database_ = nullptr;
  return absl::OkStatus();
}

}  // namespace assay::controller
