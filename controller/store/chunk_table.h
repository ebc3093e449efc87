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
#include "controller/store/engine/database.h"
#include "proto/samples.pb.h"

namespace assay::controller {

// A sample chunk in its stored form.
struct ChunkAtRest {
  // SHA-256 of `bytes`.
  std::string sha256;
  // The SampleChunk, serialised.
  std::string bytes;
  uint32_t samples = 0;
};

// Transcodes a chunk to its stored form and computes its name. This takes some milliseconds per chunk and needs no
// store, so callers do it outside a transaction. kInvalidArgument for a damaged chunk.
absl::StatusOr<ChunkAtRest> AtRest(const SampleChunk& chunk);

// The sample chunks of a store: those that an execution refers to, and those that are staged for an execution not yet
// committed. The caller begins and commits transactions.
class ChunkTable {
 public:
  ChunkTable(Database* database, std::string self) : database_(*database), self_(std::move(self)) {}

  // Adds chunks on behalf of an execution.
  absl::Status Stage(std::string_view campaign_id, std::string_view execution_id,
                     absl::Span<const ChunkAtRest> chunks);
  // Whether the store has a chunk, staged or referred to.
  absl::StatusOr<bool> Has(std::string_view sha256);
  // Ends the staging of an execution: removes its staged chunks that no execution refers to.
  absl::Status Unstage(std::string_view execution_id);
  // Removes chunks that were staged by processes no longer alive. `lives` reports whether a process is alive. Returns
  // the number of bytes removed.
  absl::StatusOr<int64_t> Sweep(
      absl::FunctionRef<absl::StatusOr<bool>(const std::string& controller)> lives);
  // Reads a chunk and checks it against its name. A kDataLoss message says what is wrong but not in which record.
  absl::StatusOr<SampleChunk> Read(const std::string& sha256);

 private:
  // Removes chunks without a reference; returns the number of bytes removed.
  absl::StatusOr<int64_t> RemoveUnused();
  // The first column of every row, as bytes.
  absl::StatusOr<std::vector<std::string>> FirstColumn(std::string_view sql);

  Database& database_;
  // This process, from ProcessIdentity::ToString().
  const std::string self_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_CHUNK_TABLE_H_
