#ifndef ASSAY_CONTROLLER_STORE_EXECUTION_TABLE_H_
#define ASSAY_CONTROLLER_STORE_EXECUTION_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "controller/store/engine/database.h"
#include "controller/store/key_figures.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The executions of a store and their chunks, seconds, gates and profiles. Contracts are those of Store. The caller
// begins and commits transactions.
class ExecutionTable {
 public:
  explicit ExecutionTable(Database* database) : database_(*database) {}

  // kInvalidArgument if one of these records cannot be stored.
  static absl::Status CheckRecords(const ExecutionRecord& execution,
                                   absl::Span<const LoadInterval> seconds,
                                   absl::Span<const ProfileChunk> profile);
  absl::Status Add(const ExecutionRecord& execution, const KeyFigures& figures,
                   absl::Span<const ChunkRef> chunks, absl::Span<const LoadInterval> seconds);

  // Sets the hashes of an execution and of the rows that belong to it. Call it after the last of these rows is added.
  absl::Status Seal(std::string_view execution_id);

  // Row numbers of a campaign's executions. kNotFound when there is no such campaign.
  absl::StatusOr<std::vector<int64_t>> Rows(std::string_view campaign_id, Store::Order order);
  // How many executions were committed; 0 if not known. Another process may commit more at any time, so call this
  // before Rows().
  absl::StatusOr<int64_t> CommittedCount(std::string_view campaign_id);
  absl::StatusOr<bool> HasRepeated(std::string_view campaign_id);
  // The status when fewer executions are found than were committed.
  absl::Status Missing(std::string_view campaign_id, size_t found, int64_t committed) const;
  // Reads an execution and checks its hash. `campaign_id`: the campaign that it must belong to; empty: any.
  absl::StatusOr<ExecutionRecord> Read(int64_t row, std::string_view campaign_id = "");
  // Row number of an execution.
  absl::StatusOr<int64_t> RowOf(std::string_view execution_id);
  // kDataLoss if the list of an execution's chunks does not match its hash.
  absl::Status CheckChunks(int64_t row);
  // The chunk at this place of the execution's order; nullopt after the last one.
  absl::StatusOr<std::optional<ChunkRef>> ChunkAt(int64_t row, int64_t ordinal);
  absl::StatusOr<std::vector<LoadInterval>> Seconds(int64_t row);
  // REQUIRES: the execution was added.
  absl::Status AddProfile(std::string_view execution_id, absl::Span<const ProfileChunk> chunks);
  absl::Status AttachProfile(std::string_view execution_id, const ProfileInfo& info,
                             absl::Span<const ProfileChunk> chunks);
  absl::StatusOr<std::vector<ProfileChunk>> Profile(int64_t row);
  // The status for a damaged execution. It names the file, the campaign and the execution.
  absl::Status Damaged(int64_t row, absl::string_view what, std::string_view campaign_id = "");

 private:
  // The hash of the list of an execution's chunks: their load agents and names, in order.
  absl::StatusOr<std::string> ChunkListHash(int64_t row);
  absl::Status CheckNew(const ExecutionRecord& execution);
  absl::Status Insert(const ExecutionRecord& execution, const KeyFigures& figures, int64_t row);
  absl::Status AddChunks(int64_t row, absl::Span<const ChunkRef> chunks);
  absl::Status AddSeconds(int64_t row, absl::Span<const LoadInterval> seconds);
  absl::Status AddGates(int64_t row, const ExecutionRecord& execution);
  // Sets the hash of each row of a table that belongs to an execution and has none.
  absl::Status SealParts(int64_t row);
  // kDataLoss unless `column`, a count in the execution's row, equals `count` or is not known.
  absl::Status CheckPart(int64_t row, absl::string_view column, size_t count);

  Database& database_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_EXECUTION_TABLE_H_
