#ifndef ASSAY_CONTROLLER_STORE_ENGINE_DATABASE_H_
#define ASSAY_CONTROLLER_STORE_ENGINE_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay::controller {

// The type of a stored value. The numbers are part of stored hashes (row_hash.h): never change them.
enum class ValueType : char { kInteger = 1, kReal = 2, kText = 3, kBlob = 4, kNull = 5 };

// A prepared statement as an engine runs it. Statement describes the methods.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual void Bind(int parameter, int64_t value) = 0;
  virtual void Bind(int parameter, double value) = 0;
  virtual void BindText(int parameter, std::string_view value) = 0;
  virtual void BindBlob(int parameter, std::string_view value) = 0;
  virtual void BindNull(int parameter) = 0;
  virtual absl::StatusOr<bool> Step() = 0;
  virtual void Reset() = 0;
  virtual int columns() const = 0;
  virtual std::string NameOf(int column) const = 0;
  virtual ValueType TypeOf(int column) const = 0;
  virtual int64_t Int(int column) const = 0;
  virtual double Double(int column) const = 0;
  virtual std::string_view View(int column) const = 0;
};

// One prepared statement of a database, which must outlive it. The SQL is what both engines understand; a parameter is
// written ?1, ?2 and so on. Parameters count from 1 and columns from 0. A bound blob must live until the statement is
// reset or destroyed; a bound text is copied. An error of a binding is returned by the next Step().
class Statement {
 public:
  explicit Statement(std::unique_ptr<Cursor> cursor) : cursor_(std::move(cursor)) {}

  Statement& Bind(int parameter, int64_t value) {
    cursor_->Bind(parameter, value);
    return *this;
  }
  Statement& Bind(int parameter, double value) {
    cursor_->Bind(parameter, value);
    return *this;
  }
  // Text is UTF-8.
  Statement& BindText(int parameter, std::string_view value) {
    cursor_->BindText(parameter, value);
    return *this;
  }
  Statement& BindBlob(int parameter, std::string_view value) {
    cursor_->BindBlob(parameter, value);
    return *this;
  }
  Statement& BindNull(int parameter) {
    cursor_->BindNull(parameter);
    return *this;
  }

  // Steps to the next row. Returns whether there is one.
  absl::StatusOr<bool> Step() { return cursor_->Step(); }
  // Runs a statement that returns no rows.
  absl::Status Run() { return Step().status(); }
  // Makes the statement ready to run again and unbinds its parameters.
  void Reset() { cursor_->Reset(); }

  // The number of columns of a row, and their names. REQUIRES: Step() was called.
  int columns() const { return cursor_->columns(); }
  std::string NameOf(int column) const { return cursor_->NameOf(column); }
  // REQUIRES for all of these: the last Step() returned true. NULL reads as 0 and as an empty string. TypeOf() must be
  // called before the value is read.
  ValueType TypeOf(int column) const { return cursor_->TypeOf(column); }
  bool IsNull(int column) const { return TypeOf(column) == ValueType::kNull; }
  int64_t Int(int column) const { return cursor_->Int(column); }
  double Double(int column) const { return cursor_->Double(column); }
  // A text or blob. The view is valid until the next call of a method of this statement that is not const.
  std::string_view View(int column) const { return cursor_->View(column); }
  std::string Bytes(int column) const { return std::string(View(column)); }

 private:
  std::unique_ptr<Cursor> cursor_;
};

// One connection to a store. Threads: one at a time.
//
// Errors: every message names the store, gives the engine's reason and says what to do. Codes are those of Store.
class Database {
 public:
  // What a committed write survives.
  enum class Durability {
    // The end of this process. An engine may give more.
    kProcess,
    // Also a power cut.
    kPower,
  };

  virtual ~Database() = default;

  // The store in messages: its path, or its URL without the password.
  virtual const std::string& name() const = 0;

  virtual absl::StatusOr<Statement> Prepare(std::string_view sql) = 0;
  // Runs statements that return no rows.
  virtual absl::Status Execute(const std::string& sql) = 0;
  // The first column of the first row. kNotFound if there is no row.
  absl::StatusOr<int64_t> QueryInt(std::string_view sql);
  // The number of rows that the last INSERT, UPDATE or DELETE changed.
  virtual int64_t changes() const = 0;

  // Begins a write transaction. At most one runs on a store at a time, so that its statements see no other writer's
  // changes. kUnavailable if another one does not end in time.
  virtual absl::Status Begin(Durability durability) = 0;
  // Begins a transaction that sees one state of the store in all its statements.
  virtual absl::Status BeginRead() = 0;
  virtual absl::Status Commit() = 0;
  // Ends the transaction and drops its changes. An error is ignored: engines also roll back when a connection closes.
  virtual void Rollback() = 0;

  // Whether the engine has gone away, so that this connection can only be closed. A file never goes away.
  virtual bool lost() const = 0;
  // Whether the failed call may succeed when the whole transaction is run again on this connection.
  virtual bool must_repeat() const = 0;
  // Names the transaction that Begin() began, for WasCommitted() of another connection; empty if the engine never
  // loses a connection.
  virtual std::string transaction() const = 0;
  // Whether the transaction of a lost connection was committed. kUnavailable while that is undecided.
  virtual absl::StatusOr<bool> WasCommitted(const std::string& transaction) = 0;

  // The schema version; 0 for a store without tables. kFailedPrecondition if another program wrote the store.
  virtual absl::StatusOr<int> SchemaVersion() = 0;
  // Called inside a write transaction, when the tables have that version.
  virtual absl::Status SetSchemaVersion(int version) = 0;
};

// A write transaction of a scope. The destructor rolls it back unless it was committed.
class Transaction {
 public:
  using Durability = Database::Durability;

  static absl::StatusOr<Transaction> Begin(Database* database, Durability durability);
  // For reading: Commit() is not needed.
  static absl::StatusOr<Transaction> BeginRead(Database* database);
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

#endif  // ASSAY_CONTROLLER_STORE_ENGINE_DATABASE_H_
