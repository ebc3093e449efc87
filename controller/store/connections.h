#ifndef ASSAY_CONTROLLER_STORE_CONNECTIONS_H_
#define ASSAY_CONTROLLER_STORE_CONNECTIONS_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "controller/store/engine/database.h"
#include "controller/store/engine/engine.h"
#include "controller/store/store.h"

namespace assay::controller {

// The connections of one open store: one for writing, and one for each call that reads at the same time.
//
// A connection that is lost is opened again, and the transaction is repeated, for at most StoreOptions::retry_for. A
// transaction whose commit was in doubt is not repeated if it was committed.
//
// Threads: safe. Writes take turns; reads wait for nobody.
class Connections {
 public:
  using Body = absl::FunctionRef<absl::Status(Database* database)>;

  static absl::StatusOr<std::unique_ptr<Connections>> Open(std::unique_ptr<Engine> engine,
                                                           Store::Mode mode, StoreOptions options);

  // Runs `body` in a transaction that sees one state of the store. `body` may run several times.
  absl::Status Read(Body body);
  // Runs `body` in a write transaction and commits it if `body` returns OK. `body` may run several times, and must
  // have no effect but on the database and on its result. kPermissionDenied if the store is open for reading.
  absl::Status Write(Database::Durability durability, Body body);

  const std::string& name() const { return engine_->name(); }

 private:
  Connections(std::unique_ptr<Engine> engine, Store::Mode mode, StoreOptions options)
      : engine_(std::move(engine)), mode_(mode), options_(std::move(options)) {}

  // Runs `attempt` until it leaves `again` false or the time is over. An error is that of the last attempt.
  absl::Status Repeat(absl::FunctionRef<absl::Status(bool* again)> attempt);
  absl::Status TryRead(Body body, bool* again);
  absl::Status TryWrite(Database::Durability durability, Body body, std::string* in_doubt,
                        bool* again) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  absl::Status RunWrite(Database::Durability durability, Body body, std::string* in_doubt)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  absl::StatusOr<std::unique_ptr<Database>> TakeReader(bool* again);
  void ReturnReader(std::unique_ptr<Database> reader);

  const std::unique_ptr<Engine> engine_;
  const Store::Mode mode_;
  const StoreOptions options_;

  absl::Mutex writing_;
  // Null after its connection was lost.
  std::unique_ptr<Database> writer_ ABSL_GUARDED_BY(writing_);

  absl::Mutex lock_;
  std::vector<std::unique_ptr<Database>> idle_readers_ ABSL_GUARDED_BY(lock_);
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_CONNECTIONS_H_
