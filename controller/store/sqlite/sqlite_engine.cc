#include "controller/store/sqlite/sqlite_engine.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/monotonic_clock.h"
#include "common/safe_path.h"
#include "common/status_macros.h"
#include "controller/store/engine/schema.h"
#include "controller/store/sqlite/sqlite_database.h"
#include "controller/store/sqlite/sqlite_schema.h"

namespace assay::controller {
namespace {

constexpr absl::Duration kLockPause = absl::Milliseconds(2);

bool IsThere(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

absl::Status RefuseFolder(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the store ", path,
                   " is a folder; pass a file in it, for example --store=", path, "/assay.db"));
}

// Creates missing folders with access for this user only, because plans contain passwords.
absl::Status MakeFolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::vector<std::string> missing;
  for (std::filesystem::path one = folder; !one.empty() && !IsThere(one.string());
       one = one.parent_path()) {
    missing.push_back(one.string());
  }
  const auto refused = [&](int error) {
    return absl::PermissionDeniedError(absl::StrCat(
        "the store ", path, " cannot be created: its folder ", folder.string(), ": ",
        std::generic_category().message(error), "; choose another file with --store=PATH"));
  };
  for (; !missing.empty(); missing.pop_back()) {
    // Another process may have created it in the meantime.
    if (mkdir(missing.back().c_str(), 0700) != 0 && errno != EEXIST) return refused(errno);
  }
  std::error_code error;
  const bool is_file =
      std::filesystem::exists(folder, error) && !std::filesystem::is_directory(folder, error);
  return is_file ? refused(ENOTDIR) : absl::OkStatus();
}

// Creates an empty file with access for its owner only. SQLite would make it readable by everyone, and gives the
// files that it creates beside a database the database's mode. If the file cannot be created, SQLite reports the
// error later.
absl::Status MakePrivateFile(const std::string& path) {
  if (IsThere(path)) return absl::OkStatus();
  const absl::StatusOr<std::string> resolved = ResolveLinks(path);
  if (!resolved.ok()) {
    return absl::Status(
        resolved.status().code(),
        absl::StrCat("the store ", path, " cannot be created: ", resolved.status().message()));
  }
  // Not open(): the close() after it would drop the locks of another thread that has opened the store in the
  // meantime.
  mknod(resolved->c_str(), S_IFREG | 0600, 0);
  return absl::OkStatus();
}

// In WAL mode, readers and the writer do not wait for each other. SQLite's own waiting does not cover two processes
// that change a new file to WAL mode at once: each holds a lock that the other waits for, and both fail immediately.
absl::Status WriteAhead(Database* database, absl::Duration busy_timeout) {
  Clock& clock = Clock::Real();  // SQLite also waits in real time.
  const int64_t until_ns = clock.After(busy_timeout);
  for (;;) {
    const absl::Status status = database->Execute("PRAGMA journal_mode = WAL");
    if (!absl::IsUnavailable(status) || clock.NowNanos() >= until_ns) return status;
    clock.SleepFor(kLockPause);
  }
}

// The settings of a connection that writes.
absl::Status SetUpWriting(Database* database) {
  ASSAY_RETURN_IF_ERROR(database->Execute("PRAGMA journal_size_limit = 67108864"));
  return database->Execute("PRAGMA foreign_keys = ON");
}

}  // namespace

std::string SqliteEngine::WhoElseReads(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  struct stat file = {};
  struct stat above = {};
  if (stat(path.c_str(), &file) != 0 || stat(folder.c_str(), &above) != 0) return "";
  const bool all = (file.st_mode & S_IROTH) != 0 && (above.st_mode & S_IXOTH) != 0;
  const bool group = (file.st_mode & S_IRGRP) != 0 && (above.st_mode & (S_IXGRP | S_IXOTH)) != 0;
  if (!all && !group) return "";
  return absl::StrCat("the store ", path, " can be read by ",
                      all ? "every user of this host" : "its group",
                      ", and the plans in it may contain passwords and Authorization headers; to "
                      "prevent this: chmod 600 ",
                      path, "*");
}

absl::StatusOr<std::unique_ptr<Database>> SqliteEngine::Create() {
  ASSAY_RETURN_IF_ERROR(RefuseFolder(path_));
  ASSAY_RETURN_IF_ERROR(MakeFolderOf(path_));
  ASSAY_RETURN_IF_ERROR(MakePrivateFile(path_));
  ASSAY_ASSIGN_OR_RETURN(
      std::unique_ptr<Database> database,
      SqliteDatabase::Open(path_, SqliteDatabase::Access::kWrite, busy_timeout_));
  // Checked before any change, because the file may belong to another program.
  ASSAY_ASSIGN_OR_RETURN(const int version, database->SchemaVersion());
  if (version > SqliteSchemaSteps().back().version) {
    return CheckSchemaVersion(*database, version, SqliteSchemaSteps());
  }
  ASSAY_RETURN_IF_ERROR(WriteAhead(database.get(), busy_timeout_));
  ASSAY_RETURN_IF_ERROR(SetUpWriting(database.get()));
  ASSAY_RETURN_IF_ERROR(MigrateSchema(database.get(), SqliteSchemaSteps()));
  // Detects a file that cannot be written now, before the first measurement.
  const absl::StatusOr<Transaction> probe =
      Transaction::Begin(database.get(), Transaction::Durability::kProcess);
  ASSAY_RETURN_IF_ERROR(probe.status());
  return database;
}

absl::StatusOr<std::unique_ptr<Database>> SqliteEngine::OpenForReading() {
  if (!IsThere(path_)) {
    return absl::NotFoundError(
        absl::StrCat("there is no store ", path_, "; create it with `demo` or `run`"));
  }
  ASSAY_RETURN_IF_ERROR(RefuseFolder(path_));
  ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, ConnectForReading());
  absl::StatusOr<int> version = database->SchemaVersion();
  // Without permission to create lock files, a file without writers can still be read.
  if (absl::IsPermissionDenied(version.status()) && !IsThere(path_ + "-wal")) {
    immutable_ = true;
    ASSAY_ASSIGN_OR_RETURN(database, ConnectForReading());
    version = database->SchemaVersion();
  }
  ASSAY_RETURN_IF_ERROR(version.status());
  if (*version == SqliteSchemaSteps().back().version) return database;
  if (*version > SqliteSchemaSteps().back().version) {
    return CheckSchemaVersion(*database, *version, SqliteSchemaSteps());
  }
  // Upgrades an older file, as the first command that writes would do.
  ASSAY_RETURN_IF_ERROR(Create().status());
  immutable_ = false;
  return ConnectForReading();
}

absl::StatusOr<std::unique_ptr<Database>> SqliteEngine::ConnectForWriting() {
  ASSAY_ASSIGN_OR_RETURN(
      std::unique_ptr<Database> database,
      SqliteDatabase::Open(path_, SqliteDatabase::Access::kWrite, busy_timeout_));
  ASSAY_RETURN_IF_ERROR(SetUpWriting(database.get()));
  return database;
}

absl::StatusOr<std::unique_ptr<Database>> SqliteEngine::ConnectForReading() {
  return SqliteDatabase::Open(
      path_, immutable_ ? SqliteDatabase::Access::kReadImmutable : SqliteDatabase::Access::kRead,
      busy_timeout_);
}

}  // namespace assay::controller
