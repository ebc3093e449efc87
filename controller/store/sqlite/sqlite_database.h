#ifndef ASSAY_CONTROLLER_STORE_SQLITE_SQLITE_DATABASE_H_
#define ASSAY_CONTROLLER_STORE_SQLITE_SQLITE_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/store/engine/database.h"

struct sqlite3;

namespace assay::controller {

// The application id of our SQLite files ("Assy"). Assay never writes to a database with a different id.
inline constexpr int32_t kApplicationId = 0x41737379;

// A connection to one SQLite file. kUnavailable if another process holds the file; the message names that process.
class SqliteDatabase : public Database {
 public:
  enum class Access {
    kRead,
    // The file cannot change while it is open, as on a read-only medium. SQLite creates no lock files.
    kReadImmutable,
    kWrite,
  };

  // Opens without reading. A file that is not a database fails at the first statement. kWrite creates the file if it
  // does not exist.
  static absl::StatusOr<std::unique_ptr<SqliteDatabase>> Open(const std::string& path,
                                                              Access access,
                                                              absl::Duration busy_timeout);
  ~SqliteDatabase() override;

  const std::string& name() const override { return path_; }
  absl::StatusOr<Statement> Prepare(std::string_view sql) override;
  absl::Status Execute(const std::string& sql) override;
  int64_t changes() const override;
  absl::Status Begin(Durability durability) override;
  absl::Status BeginRead() override;
  absl::Status Commit() override;
  void Rollback() override;
  bool lost() const override { return false; }
  bool must_repeat() const override { return false; }
  std::string transaction() const override { return ""; }
  absl::StatusOr<bool> WasCommitted(const std::string& transaction) override;
  absl::StatusOr<int> SchemaVersion() override;
  absl::Status SetSchemaVersion(int version) override;

  // The status for a result code of SQLite's last call.
  absl::Status ErrorFor(int result) const;

 private:
  SqliteDatabase(std::string path, sqlite3* connection)
      : path_(std::move(path)), connection_(connection) {}

  const std::string path_;
  // Owned.
  sqlite3* const connection_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_SQLITE_SQLITE_DATABASE_H_
