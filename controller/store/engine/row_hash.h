#ifndef ASSAY_CONTROLLER_STORE_ENGINE_ROW_HASH_H_
#define ASSAY_CONTROLLER_STORE_ENGINE_ROW_HASH_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "controller/store/engine/database.h"

namespace assay::controller {

// The columns that the column sha256 of each table covers, in the order in which they are hashed. Do not change these
// lists: stored hashes would no longer match. A column that is added later gets a separate hash. sha256 is NULL in rows
// of schema versions before 3.
inline constexpr std::string_view kCampaignHash =
    "id, label, plan, started_us, ended_us, status, status_reason, record";
inline constexpr std::string_view kExecutionHash =
    "id, campaign_id, target, workload, mode, connections, rate_per_s, profiled, block, "
    "position, attempt, status, failure, started_us, analysis_version, sent, ok, errors, timeouts, "
    "in_flight, duration_s, rps, mean_us, p50_us, p90_us, p95_us, p99_us, p999_us, p9999_us, "
    "max_us, "
    "server_cpu_us_per_request, generator_cpu_us_per_request, server_rss_bytes, samples_recorded, "
    "samples_lost, record, chunks_sha256, seconds, profile_chunks";
inline constexpr std::string_view kSecondHash = "load, second, sent, ok, errors, timeouts, record";
// The column retried_sha256 of an execution and of a second.
inline constexpr std::string_view kRetriedHash = "retried";
inline constexpr std::string_view kProfileChunkHash = "ordinal, chunk";

// The number of columns in one of these lists.
constexpr int ColumnsOf(std::string_view list) {
  return static_cast<int>(std::count(list.begin(), list.end(), ',')) + 1;
}

// The SHA-256 of a row's values, with the type and length of each. It does not depend on the engine.
class RowHash {
 public:
  RowHash& Int(int64_t value);
  RowHash& Double(double value);
  RowHash& Text(std::string_view value);
  RowHash& Blob(std::string_view value);
  RowHash& Null();
  // A column of a row as it is stored.
  RowHash& Column(const Statement& row, int column);

  // 32 bytes.
  std::string Sha256() const;

 private:
  void Bytes(ValueType type, std::string_view value);

  std::string bytes_;
};

// The hash of `count` columns of a row, from `first`.
std::string HashOf(const Statement& row, int first, int count);

// Whether these columns match the hash in the column `hash`. A row without a hash counts as sound.
bool IsSound(const Statement& row, int hash, int first, int count);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_ENGINE_ROW_HASH_H_
