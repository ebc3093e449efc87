#ifndef ASSAY_CONTROLLER_STORE_EXECUTION_TABLE_H_
#define ASSAY_CONTROLLER_STORE_EXECUTION_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "controller/store/database.h"
#include "controller/store/key_figures.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay {

// The executions of a store with what belongs to each. Contracts are those of Store; the store's lock is held by the
// caller, who also begins and commits transactions.
class ExecutionTable {
 public:
  explicit ExecutionTable(Database* database) : database_(*database) {}

  absl::Status Add(const ExecutionRecord& execution, const KeyFigures& figures,
                   absl::Span<const ChunkRef> chunks, absl::Span<const LoadSecond> seconds);

  // Row numbers of a campaign's executions, by block, position and attempt. kNotFound when there is no such campaign.
  absl::StatusOr<std::vector<int64_t>> Rows(std::string_view campaign_id);
  absl::StatusOr<ExecutionRecord> Read(int64_t row);
  // Row number of an execution.
  absl::StatusOr<int64_t> RowOf(std::string_view execution_id);
  // The chunk at this place of an execution's order; nullopt past the last.
  absl::StatusOr<std::optional<ChunkRef>> ChunkAt(int64_t row, int64_t ordinal);
  absl::StatusOr<std::vector<LoadSecond>> Seconds(int64_t row);
  // Of an execution that was added.
  absl::Status AddProfile(std::string_view execution_id, absl::Span<const ProfileChunk> chunks);
  absl::Status AttachProfile(std::string_view execution_id, const ProfileInfo& info,
                             absl::Span<const ProfileChunk> chunks);
  absl::StatusOr<std::vector<ProfileChunk>> Profile(int64_t row);

 private:
  absl::Status CheckNew(const ExecutionRecord& execution);
  absl::Status Insert(const ExecutionRecord& execution, const KeyFigures& figures, int64_t row);
  absl::Status AddChunks(int64_t row, absl::Span<const ChunkRef> chunks);
  absl::Status AddSeconds(int64_t row, absl::Span<const LoadSecond> seconds);
  absl::Status AddGates(int64_t row, const ExecutionRecord& execution);
  absl::Status Damaged(std::string_view what) const;

  Database& database_;
};

}  // namespace assay

#endif  // ASSAY_CONTROLLER_STORE_EXECUTION_TABLE_H_
