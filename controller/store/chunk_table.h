#ifndef ASSAY_CONTROLLER_STORE_CHUNK_TABLE_H_
#define ASSAY_CONTROLLER_STORE_CHUNK_TABLE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "controller/store/database.h"
#include "proto/samples.pb.h"

namespace assay::controller {

// A chunk as it is stored, and its name.
struct ChunkAtRest {
  // SHA-256 of `bytes`.
  std::string sha256;
  // The SampleChunk, serialised.
  std::string bytes;
  uint32_t samples = 0;
};

// Transcodes for rest and names. Needs no store, so it is done outside its lock: it costs some milliseconds a chunk.
// kInvalidArgument for a damaged chunk.
absl::StatusOr<ChunkAtRest> AtRest(const SampleChunk& chunk);

// The sample chunks of a store: those that an execution refers to, and those that were staged for one that is not
// committed yet. The store's lock is held by the caller; the caller begins and commits transactions.
class ChunkTable {
 public:
  ChunkTable(Database* database, std::string self) : database_(*database), self_(std::move(self)) {}

  // Adds chunks on behalf of an execution.
  absl::Status Stage(std::string_view campaign_id, std::string_view execution_id,
                     absl::Span<const ChunkAtRest> chunks);
  // Whether a chunk is there, staged or referred to.
  absl::StatusOr<bool> Has(std::string_view sha256);
  // Ends the staging of an execution: what nothing refers to by now is removed.
  absl::Status Unstage(std::string_view execution_id);
  // Removes what processes staged that live no more, as `lives` tells of each. Returns the bytes removed.
  absl::StatusOr<int64_t> Sweep(
      absl::FunctionRef<absl::StatusOr<bool>(const std::string& controller)> lives);
  // A chunk, checked against its name. kDataLoss says what is wrong, and not where.
  absl::StatusOr<SampleChunk> Read(const std::string& sha256);

 private:
  // Removes chunks that nothing refers to; returns their bytes.
  absl::StatusOr<int64_t> RemoveUnused();
  // The first column of every row, as bytes.
  absl::StatusOr<std::vector<std::string>> FirstColumn(std::string_view sql);

  Database& database_;
  // This process, as ProcessIdentity::ToString() has it.
  const std::string self_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_CHUNK_TABLE_H_
