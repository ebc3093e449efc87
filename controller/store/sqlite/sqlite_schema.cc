#include "controller/store/sqlite/sqlite_schema.h"

namespace assay::controller {
namespace {

// Tables have singular names and may change. Views have plural names and are the interface of `query`: they keep
// their columns. `record` holds whole messages of proto/results.proto; the columns beside it repeat the fields that
// queries search.
constexpr std::string_view kFirst = R"sql(
CREATE TABLE campaign (
  id TEXT PRIMARY KEY NOT NULL,
  label TEXT NOT NULL,
  plan TEXT NOT NULL,
  started_us INTEGER NOT NULL,
  ended_us INTEGER NOT NULL,
  status INTEGER NOT NULL,
  status_reason TEXT NOT NULL,
  -- The process that runs it, as process_identity.h writes it; empty when none does.
  controller TEXT NOT NULL DEFAULT '',
  -- The same for people, and of the last one.
  controller_text TEXT NOT NULL DEFAULT '',
  heartbeat_us INTEGER NOT NULL DEFAULT 0,
  cancel_requested_us INTEGER NOT NULL DEFAULT 0,
  record BLOB NOT NULL
) STRICT;
CREATE INDEX campaign_by_start ON campaign (started_us);
CREATE INDEX campaign_by_label ON campaign (label);

CREATE TABLE execution (
  sequence INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  campaign_id TEXT NOT NULL REFERENCES campaign (id) ON DELETE CASCADE,
  target TEXT NOT NULL,
  workload TEXT NOT NULL,
  mode TEXT NOT NULL,
  connections INTEGER NOT NULL,
  rate_per_s REAL NOT NULL,
  profiled INTEGER NOT NULL,
  block INTEGER NOT NULL,
  position INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  status INTEGER NOT NULL,
  failure TEXT NOT NULL,
  started_us INTEGER NOT NULL,
  -- Key figures, NULL where they are not known; derived by this version of the analysis.
  analysis_version INTEGER NOT NULL,
  sent INTEGER, ok INTEGER, errors INTEGER, timeouts INTEGER, in_flight INTEGER,
  duration_s REAL, rps REAL,
  mean_us REAL, p50_us REAL, p90_us REAL, p95_us REAL, p99_us REAL, p999_us REAL, p9999_us REAL,
  max_us REAL,
  server_cpu_us_per_request REAL, generator_cpu_us_per_request REAL, server_rss_bytes INTEGER,
  samples_recorded INTEGER, samples_lost INTEGER,
  record BLOB NOT NULL,
  UNIQUE (campaign_id, target, workload, mode, connections, rate_per_s, profiled, block, attempt)
) STRICT;
CREATE INDEX execution_in_order ON execution (campaign_id, block, position, attempt);

CREATE TABLE gate (
  execution INTEGER NOT NULL REFERENCES execution (sequence) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  name TEXT NOT NULL,
  value REAL,
  limit_value REAL NOT NULL,
  unit TEXT NOT NULL,
  verdict INTEGER NOT NULL,
  subject TEXT NOT NULL,
  advice TEXT NOT NULL,
  analysis_version INTEGER NOT NULL,
  PRIMARY KEY (execution, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE second (
  execution INTEGER NOT NULL REFERENCES execution (sequence) ON DELETE CASCADE,
  load INTEGER NOT NULL,
  second INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  ok INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  timeouts INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (execution, load, second)
) STRICT, WITHOUT ROWID;

-- Sample chunks, named by what they hold: staging one twice stores it once.
CREATE TABLE chunk (
  sha256 BLOB PRIMARY KEY NOT NULL,
  samples INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  chunk BLOB NOT NULL
) STRICT;

-- Chunks of executions that are not committed yet, and the process that staged them.
CREATE TABLE staged_chunk (
  execution_id TEXT NOT NULL,
  sha256 BLOB NOT NULL REFERENCES chunk (sha256),
  campaign_id TEXT NOT NULL,
  controller TEXT NOT NULL,
  PRIMARY KEY (execution_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX staged_chunk_by_name ON staged_chunk (sha256);

-- The chunks of an execution, in its order.
CREATE TABLE execution_chunk (
  execution INTEGER NOT NULL REFERENCES execution (sequence) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  load INTEGER NOT NULL,
  sha256 BLOB NOT NULL REFERENCES chunk (sha256),
  PRIMARY KEY (execution, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX execution_chunk_by_name ON execution_chunk (sha256);

CREATE VIEW campaigns AS
SELECT id, label, plan, started_us, ended_us,
  CASE status WHEN 1 THEN 'running' WHEN 2 THEN 'complete' WHEN 3 THEN 'interrupted'
    WHEN 4 THEN 'cancelled' WHEN 5 THEN 'failed' ELSE 'unknown' END AS status,
  status_reason, controller_text AS controller, heartbeat_us,
  (SELECT count(*) FROM execution WHERE campaign_id = campaign.id) AS executions
FROM campaign;

CREATE VIEW executions AS
SELECT id, campaign_id, target, workload, mode, connections, rate_per_s, profiled, block, position,
  attempt, CASE status WHEN 1 THEN 'measured' WHEN 2 THEN 'failed' ELSE 'unknown' END AS status,
  failure, started_us, sent, ok, errors, timeouts, in_flight, duration_s, rps, mean_us, p50_us,
  p90_us, p95_us, p99_us, p999_us, p9999_us, max_us, server_cpu_us_per_request,
  generator_cpu_us_per_request, server_rss_bytes, samples_recorded, samples_lost, analysis_version
FROM execution;

-- Medians over the measured executions of each cell: the middle one, or the mean of the middle two. NULLs are ranked
-- last and not counted.
CREATE VIEW cells AS
WITH ranked AS (
  SELECT *,
    count(rps) OVER cell AS n_rps,
    row_number() OVER (cell ORDER BY rps IS NULL, rps) AS r_rps,
    count(p50_us) OVER cell AS n_p50,
    row_number() OVER (cell ORDER BY p50_us IS NULL, p50_us) AS r_p50,
    count(p99_us) OVER cell AS n_p99,
    row_number() OVER (cell ORDER BY p99_us IS NULL, p99_us) AS r_p99,
    count(server_cpu_us_per_request) OVER cell AS n_cpu,
    row_number() OVER (cell ORDER BY server_cpu_us_per_request IS NULL, server_cpu_us_per_request)
      AS r_cpu
  FROM execution
  WHERE status = 1
  WINDOW cell AS
    (PARTITION BY campaign_id, target, workload, mode, connections, rate_per_s, profiled)
)
SELECT campaign_id, target, workload, mode, connections, rate_per_s, profiled,
  count(*) AS executions,
  avg(CASE WHEN 2 * r_rps BETWEEN n_rps AND n_rps + 2 THEN rps END) AS rps,
  avg(CASE WHEN 2 * r_p50 BETWEEN n_p50 AND n_p50 + 2 THEN p50_us END) AS p50_us,
  avg(CASE WHEN 2 * r_p99 BETWEEN n_p99 AND n_p99 + 2 THEN p99_us END) AS p99_us,
  avg(CASE WHEN 2 * r_cpu BETWEEN n_cpu AND n_cpu + 2 THEN server_cpu_us_per_request END)
    AS server_cpu_us_per_request,
  avg(p50_us) AS mean_of_medians_us,
  sum(errors) AS errors, sum(timeouts) AS timeouts
FROM ranked
GROUP BY campaign_id, target, workload, mode, connections, rate_per_s, profiled;

CREATE VIEW gates AS
SELECT execution.campaign_id, execution.id AS execution_id, gate.name, gate.value, gate.limit_value,
  gate.unit,
  CASE gate.verdict WHEN 1 THEN 'pass' WHEN 2 THEN 'warn' WHEN 3 THEN 'invalid'
    WHEN 4 THEN 'unreadable' ELSE 'unknown' END AS verdict,
  gate.subject, gate.advice, gate.analysis_version
FROM gate JOIN execution ON execution.sequence = gate.execution;

CREATE VIEW seconds AS
SELECT execution.campaign_id, execution.id AS execution_id, second.load, second.second, second.sent,
  second.ok, second.errors, second.timeouts
FROM second JOIN execution ON execution.sequence = second.execution;
)sql";

// Profiles: chunks in the order of their arrival.
constexpr std::string_view kProfiles = R"sql(
CREATE TABLE profile_chunk (
  execution INTEGER NOT NULL REFERENCES execution (sequence) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  chunk BLOB NOT NULL,
  PRIMARY KEY (execution, ordinal)
) STRICT;
)sql";

// A hash for each row, so that damage is detected; row_hash.h lists the columns. Older rows have none.
constexpr std::string_view kHashes = R"sql(
ALTER TABLE campaign ADD COLUMN sha256 BLOB;
ALTER TABLE execution ADD COLUMN chunks_sha256 BLOB;
ALTER TABLE execution ADD COLUMN seconds INTEGER;
ALTER TABLE execution ADD COLUMN profile_chunks INTEGER;
ALTER TABLE execution ADD COLUMN sha256 BLOB;
ALTER TABLE second ADD COLUMN sha256 BLOB;
ALTER TABLE profile_chunk ADD COLUMN sha256 BLOB;

-- How many executions were committed, for campaigns that began with this version: a row that is gone is noticed.
CREATE TABLE execution_count (
  campaign_id TEXT PRIMARY KEY NOT NULL REFERENCES campaign (id) ON DELETE CASCADE,
  executions INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Retried requests, with a separate hash. NULL in older rows.
constexpr std::string_view kRetried = R"sql(
ALTER TABLE execution ADD COLUMN retried INTEGER;
ALTER TABLE execution ADD COLUMN retried_sha256 BLOB;
ALTER TABLE second ADD COLUMN retried INTEGER;
ALTER TABLE second ADD COLUMN retried_sha256 BLOB;

DROP VIEW executions;
CREATE VIEW executions AS
SELECT id, campaign_id, target, workload, mode, connections, rate_per_s, profiled, block, position,
  attempt, CASE status WHEN 1 THEN 'measured' WHEN 2 THEN 'failed' ELSE 'unknown' END AS status,
  failure, started_us, sent, ok, errors, timeouts, in_flight, duration_s, rps, mean_us, p50_us,
  p90_us, p95_us, p99_us, p999_us, p9999_us, max_us, server_cpu_us_per_request,
  generator_cpu_us_per_request, server_rss_bytes, samples_recorded, samples_lost, analysis_version,
  retried
FROM execution;

DROP VIEW cells;
CREATE VIEW cells AS
WITH ranked AS (
  SELECT *,
    count(rps) OVER cell AS n_rps,
    row_number() OVER (cell ORDER BY rps IS NULL, rps) AS r_rps,
    count(p50_us) OVER cell AS n_p50,
    row_number() OVER (cell ORDER BY p50_us IS NULL, p50_us) AS r_p50,
    count(p99_us) OVER cell AS n_p99,
    row_number() OVER (cell ORDER BY p99_us IS NULL, p99_us) AS r_p99,
    count(server_cpu_us_per_request) OVER cell AS n_cpu,
    row_number() OVER (cell ORDER BY server_cpu_us_per_request IS NULL, server_cpu_us_per_request)
      AS r_cpu
  FROM execution
  WHERE status = 1
  WINDOW cell AS
    (PARTITION BY campaign_id, target, workload, mode, connections, rate_per_s, profiled)
)
SELECT campaign_id, target, workload, mode, connections, rate_per_s, profiled,
  count(*) AS executions,
  avg(CASE WHEN 2 * r_rps BETWEEN n_rps AND n_rps + 2 THEN rps END) AS rps,
  avg(CASE WHEN 2 * r_p50 BETWEEN n_p50 AND n_p50 + 2 THEN p50_us END) AS p50_us,
  avg(CASE WHEN 2 * r_p99 BETWEEN n_p99 AND n_p99 + 2 THEN p99_us END) AS p99_us,
  avg(CASE WHEN 2 * r_cpu BETWEEN n_cpu AND n_cpu + 2 THEN server_cpu_us_per_request END)
    AS server_cpu_us_per_request,
  avg(p50_us) AS mean_of_medians_us,
  sum(errors) AS errors, sum(timeouts) AS timeouts, sum(retried) AS retried
FROM ranked
GROUP BY campaign_id, target, workload, mode, connections, rate_per_s, profiled;

DROP VIEW seconds;
CREATE VIEW seconds AS
SELECT execution.campaign_id, execution.id AS execution_id, second.load, second.second, second.sent,
  second.ok, second.errors, second.timeouts, second.retried
FROM second JOIN execution ON execution.sequence = second.execution;
)sql";

// A gate has another name. The records keep the old one: rules before version 3 judged them, so they are judged again.
constexpr std::string_view kGateNames = R"sql(
UPDATE gate SET name = 'wrong_responses' WHERE name = 'wrong_answers';
)sql";

constexpr SchemaStep kSteps[] = {
    {1, kFirst}, {2, kProfiles}, {3, kHashes}, {4, kRetried}, {5, kGateNames}};

}  // namespace

absl::Span<const SchemaStep> SqliteSchemaSteps() { return kSteps; }

}  // namespace assay::controller
