#include "controller/store/sqlite/sqlite_database.h"

#include <sqlite3.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "controller/store/sqlite/lock_holder.h"

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

class SqliteCursor : public Cursor {
 public:
  SqliteCursor(const SqliteDatabase* database, sqlite3_stmt* statement)
      : database_(*database), statement_(statement) {}

  void Bind(int parameter, int64_t value) override {
    Note(sqlite3_bind_int64(statement_.get(), parameter, value));
  }
  void Bind(int parameter, double value) override {
    Note(sqlite3_bind_double(statement_.get(), parameter, value));
  }
  void BindText(int parameter, std::string_view value) override {
    Note(sqlite3_bind_text64(statement_.get(), parameter,
                             value.data() == nullptr ? "" : value.data(), value.size(),
                             SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  void BindBlob(int parameter, std::string_view value) override {
    Note(sqlite3_bind_blob64(statement_.get(), parameter,
                             value.data() == nullptr ? "" : value.data(), value.size(),
                             SQLITE_STATIC));
  }
  void BindNull(int parameter) override { Note(sqlite3_bind_null(statement_.get(), parameter)); }

  absl::StatusOr<bool> Step() override {
    if (bind_result_ != SQLITE_OK) return database_.ErrorFor(bind_result_);
    const int result = sqlite3_step(statement_.get());
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) return false;
    return database_.ErrorFor(result);
  }
  void Reset() override {
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
    bind_result_ = SQLITE_OK;
  }

  int columns() const override { return sqlite3_column_count(statement_.get()); }
  std::string NameOf(int column) const override {
    return sqlite3_column_name(statement_.get(), column);
  }
  ValueType TypeOf(int column) const override {
    return static_cast<ValueType>(sqlite3_column_type(statement_.get(), column));
  }
  int64_t Int(int column) const override { return sqlite3_column_int64(statement_.get(), column); }
  double Double(int column) const override {
    return sqlite3_column_double(statement_.get(), column);
  }
  std::string_view View(int column) const override {
    const void* data = sqlite3_column_blob(statement_.get(), column);
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return data == nullptr ? std::string_view()
                           : std::string_view(static_cast<const char*>(data), size);
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  void Note(int result) {
    if (bind_result_ == SQLITE_OK) bind_result_ = result;
  }

  const SqliteDatabase& database_;
  const std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  // The result of the first binding that failed.
  int bind_result_ = SQLITE_OK;
};

static_assert(static_cast<int>(ValueType::kInteger) == SQLITE_INTEGER &&
              static_cast<int>(ValueType::kReal) == SQLITE_FLOAT &&
              static_cast<int>(ValueType::kText) == SQLITE_TEXT &&
              static_cast<int>(ValueType::kBlob) == SQLITE_BLOB &&
              static_cast<int>(ValueType::kNull) == SQLITE_NULL);

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(const std::string& path,
                                                                     Access access,
                                                                     absl::Duration busy_timeout) {
  sqlite3* connection = nullptr;
  // Callers use a connection from one thread at a time, so SQLite's own lock is not needed.
  const int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                    (access == Access::kWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                              : SQLITE_OPEN_READONLY);
  const std::string uri = Uri(path, access == Access::kReadImmutable ? "?immutable=1" : "");
  const int result = sqlite3_open_v2(uri.c_str(), &connection, flags, nullptr);
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(path, connection));
  if (result != SQLITE_OK) return database->ErrorFor(result);
  // SQLite opens a read-only file without an error, and would report it only at the first write.
  if (access == Access::kWrite && sqlite3_db_readonly(connection, "main") == 1) {
    return database->ErrorFor(SQLITE_READONLY);
  }
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, static_cast<int>(absl::ToInt64Milliseconds(busy_timeout)));
  return database;
}

SqliteDatabase::~SqliteDatabase() { sqlite3_close_v2(connection_); }

absl::StatusOr<Statement> SqliteDatabase::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v2(connection_, sql.data(), static_cast<int>(sql.size()),
                                        &statement, nullptr);
  if (result != SQLITE_OK) return ErrorFor(result);
  return Statement(std::make_unique<SqliteCursor>(this, statement));
}

absl::Status SqliteDatabase::Execute(const std::string& sql) {
  const int result = sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
  return result == SQLITE_OK ? absl::OkStatus() : ErrorFor(result);
}

int64_t SqliteDatabase::changes() const { return sqlite3_changes64(connection_); }

absl::Status SqliteDatabase::Begin(Durability durability) {
  // Cannot be changed inside a transaction.
  ASSAY_RETURN_IF_ERROR(Execute(durability == Durability::kPower ? "PRAGMA synchronous = FULL"
                                                                 : "PRAGMA synchronous = NORMAL"));
  // Takes the write lock at once, so that the transaction never fails half-way because another process wrote first.
  return Execute("BEGIN IMMEDIATE");
}

absl::Status SqliteDatabase::BeginRead() { return Execute("BEGIN"); }

absl::Status SqliteDatabase::Commit() { return Execute("COMMIT"); }

void SqliteDatabase::Rollback() { Execute("ROLLBACK").IgnoreError(); }

absl::StatusOr<bool> SqliteDatabase::WasCommitted(const std::string&) {
  return absl::InternalError("a file is never lost");
}

absl::StatusOr<int> SqliteDatabase::SchemaVersion() {
  // One statement reads all at one time, because another process may be creating the store.
  ASSAY_ASSIGN_OR_RETURN(
      Statement read,
      Prepare("SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema) "
              "FROM pragma_user_version, pragma_application_id"));
  ASSAY_ASSIGN_OR_RETURN(const bool row, read.Step());
  if (!row) return absl::InternalError(absl::StrCat("the store ", path_, " has no schema version"));
  const int64_t version = read.Int(0);
  const int64_t application = read.Int(1);
  const int64_t tables = read.Int(2);
  const bool empty = tables == 0 && version == 0 && application == 0;
  if (application != kApplicationId && !empty) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store ", path_,
        " is not an Assay store: another program created this database; choose another file "
        "with --store=PATH"));
  }
  return static_cast<int>(version);
}

absl::Status SqliteDatabase::SetSchemaVersion(int version) {
  ASSAY_RETURN_IF_ERROR(Execute(absl::StrCat("PRAGMA user_version = ", version)));
  return Execute(absl::StrCat("PRAGMA application_id = ", kApplicationId));
}

absl::Status SqliteDatabase::ErrorFor(int result) const {
  const std::string said =
      connection_ == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(connection_);
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

}  // namespace assay::controller
