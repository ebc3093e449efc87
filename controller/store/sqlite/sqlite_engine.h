#ifndef ASSAY_CONTROLLER_STORE_SQLITE_SQLITE_ENGINE_H_
#define ASSAY_CONTROLLER_STORE_SQLITE_SQLITE_ENGINE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/store/engine/engine.h"

namespace assay::controller {

// A store in one SQLite file in WAL mode. Several processes may have it open. Writes of one process exclude those of
// others; reads never wait.
//
// A new file and its folder are created with access for this user only (0600 and 0700, also for the files that SQLite
// keeps beside it); an existing file keeps its mode. Reading also works on a read-only medium.
class SqliteEngine : public Engine {
 public:
  // `busy_timeout`: how long a connection waits for another process's lock.
  SqliteEngine(std::string path, absl::Duration busy_timeout)
      : path_(std::move(path)), busy_timeout_(busy_timeout) {}

  // A warning if other users can read the file at `path`, judged by its mode and its folder's mode; otherwise empty.
  static std::string WhoElseReads(const std::string& path);

  const std::string& name() const override { return path_; }
  absl::StatusOr<std::unique_ptr<Database>> Create() override;
  absl::StatusOr<std::unique_ptr<Database>> OpenForReading() override;
  absl::StatusOr<std::unique_ptr<Database>> ConnectForWriting() override;
  absl::StatusOr<std::unique_ptr<Database>> ConnectForReading() override;

 private:
  const std::string path_;
  const absl::Duration busy_timeout_;
  // Set before the first ConnectForReading().
  bool immutable_ = false;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_SQLITE_SQLITE_ENGINE_H_
