#ifndef ASSAY_CONTROLLER_STORE_ROW_HASH_H_
#define ASSAY_CONTROLLER_STORE_ROW_HASH_H_

#include <sqlite3.h>

#include <string>
#include <string_view>

namespace assay::controller {

// Adds the SQL function row_sha256(...) to a connection: the SHA-256 of its arguments, including the type and length
// of each. Returns SQLite's result code.
int AddRowHashFunction(sqlite3* connection);

// The value of the column sha256 of each table, computed from its other columns. Do not change these lists: stored
// hashes would no longer match. A column that is added later gets a separate hash. The column is NULL in rows of
// schema versions before 3.
inline constexpr std::string_view kCampaignHash =
    "row_sha256(id, label, plan, started_us, ended_us, status, status_reason, record)";
inline constexpr std::string_view kExecutionHash =
    "row_sha256(id, campaign_id, target, workload, mode, connections, rate_per_s, profiled, block, "
    "position, attempt, status, failure, started_us, analysis_version, sent, ok, errors, timeouts, "
    "in_flight, duration_s, rps, mean_us, p50_us, p90_us, p95_us, p99_us, p999_us, p9999_us, "
    "max_us, "
    "server_cpu_us_per_request, generator_cpu_us_per_request, server_rss_bytes, samples_recorded, "
    "samples_lost, record, chunks_sha256, seconds, profile_chunks)";
inline constexpr std::string_view kSecondHash =
    "row_sha256(load, second, sent, ok, errors, timeouts, record)";
// The column retried_sha256 of an execution and of a second.
inline constexpr std::string_view kRetriedHash = "row_sha256(retried)";
inline constexpr std::string_view kProfileChunkHash = "row_sha256(ordinal, chunk)";
// The column chunks_sha256 of an execution: its load agents and chunks in order. ?1 is the execution's row number.
inline constexpr std::string_view kChunkListHash =
    "(SELECT row_sha256(group_concat(load || ' ' || hex(sha256))) FROM "
    "(SELECT load, sha256 FROM execution_chunk WHERE execution = ?1 ORDER BY ordinal))";

// An SQL expression for whether a row matches its hash in `column`. A row without a hash counts as sound.
std::string IsSound(std::string_view hash, std::string_view column = "sha256");

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_ROW_HASH_H_
