#ifndef ASSAY_CONTROLLER_STORE_DATABASE_H_
#define ASSAY_CONTROLLER_STORE_DATABASE_H_

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace assay::controller {

class Database;

// One prepared statement of a database, which must outlive it. Parameters count from 1 and columns from 0, as in
// SQLite. A bound blob must live until the statement is reset or destroyed; a bound text is copied.
class Statement {
 public:
  Statement& Bind(int parameter, int64_t value);
  Statement& Bind(int parameter, double value);
  Statement& BindText(int parameter, std::string_view value);
  Statement& BindBlob(int parameter, std::string_view value);
  Statement& BindNull(int parameter);

  // Steps to the next row. Returns whether there is one.
  absl::StatusOr<bool> Step();
  // Runs a statement that returns no rows.
  absl::Status Run();
  // Makes the statement ready to run again and unbinds its parameters.
  void Reset();

  int64_t Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  double Double(int column) const { return sqlite3_column_double(statement_.get(), column); }
  bool IsNull(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
  }
  // For texts and blobs.
  std::string Bytes(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Statement(Database* database, sqlite3_stmt* statement)
      : database_(database), statement_(statement) {}
  void Note(int result);

  Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  // The status of the first binding that failed.
  int bind_result_ = SQLITE_OK;
};

// A connection to one SQLite file. Threads: one at a time. An error names the file, gives SQLite's reason and says
// what to do. kUnavailable if another process holds the file; the message names that process.
class Database {
 public:
  enum class Access {
    kRead,
    // The file cannot change while it is open, as on a read-only medium. SQLite creates no lock files.
    kReadImmutable,
    kWrite,
  };

  // Opens without reading. A file that is not a database fails at the first statement. kWrite creates the file if it
  // does not exist.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path, Access access,
                                                        absl::Duration busy_timeout);

  absl::StatusOr<Statement> Prepare(std::string_view sql);
  // Runs statements that return no rows.
  absl::Status Execute(const std::string& sql);
  // The first column of the first row. kNotFound if there is no row.
  absl::StatusOr<int64_t> QueryInt(std::string_view sql);

  // The number of rows that the last INSERT, UPDATE or DELETE changed.
  int64_t changes() const { return sqlite3_changes64(connection_.get()); }
  const std::string& path() const { return path_; }

  // The status for a result code of the last call.
  absl::Status ErrorFor(int result) const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  Database(std::string path, sqlite3* connection)
      : path_(std::move(path)), connection_(connection) {}

  const std::string path_;
  std::unique_ptr<sqlite3, Close> connection_;
};

// A write transaction. It takes the write lock at once, so it never fails half-way because another process wrote
// first. The destructor rolls it back unless it was committed.
class Transaction {
 public:
  enum class Durability {
    // Survives the end of this process.
    kProcess,
    // Also survives a power cut.
    kPower,
  };

  static absl::StatusOr<Transaction> Begin(Database* database, Durability durability);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  absl::Status Commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}

  // Null after the end of the transaction.
  Database* database_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_DATABASE_H_
