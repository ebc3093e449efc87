#ifndef ASSAY_CONTROLLER_STORE_ENGINE_ENGINE_H_
#define ASSAY_CONTROLLER_STORE_ENGINE_ENGINE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/store/engine/database.h"

namespace assay::controller {

// Where a store keeps its tables: an SQLite file (sqlite/) or a PostgreSQL database (postgres/). An engine opens
// connections and has the tables, in its own dialect. All else is above it: which rows a campaign has, how records,
// chunks and hashes are encoded, and who runs a campaign.
//
// Threads: safe.
class Engine {
 public:
  virtual ~Engine() = default;

  // The store in messages: its path, or its URL without the password.
  virtual const std::string& name() const = 0;

  // Creates what does not exist, upgrades an older schema version and checks that the store can be written. Returns a
  // connection for writing. kFailedPrecondition: the store is newer, or another program's.
  virtual absl::StatusOr<std::unique_ptr<Database>> Create() = 0;
  // A connection that cannot write. An older schema version is upgraded. kNotFound if there is no store.
  virtual absl::StatusOr<std::unique_ptr<Database>> OpenForReading() = 0;

  // More connections, after one of the calls above succeeded. They check nothing.
  virtual absl::StatusOr<std::unique_ptr<Database>> ConnectForWriting() = 0;
  virtual absl::StatusOr<std::unique_ptr<Database>> ConnectForReading() = 0;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_ENGINE_ENGINE_H_
