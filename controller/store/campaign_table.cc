#include "controller/store/campaign_table.h"

#include <unistd.h>

#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/status_macros.h"
#include "controller/store/engine/row_hash.h"
#include "controller/store/record_bytes.h"

namespace assay::controller {
namespace {

// The largest number of campaigns that a message lists.
constexpr int kNamedInMessage = 8;

int64_t NowMicros() { return absl::ToUnixMicros(absl::Now()); }

// Whether the process `controller`, whose last heartbeat was at that time, is alive.
bool Lives(const std::string& controller, int64_t heartbeat_us) {
  const std::optional<ProcessIdentity> identity = ProcessIdentity::Parse(controller);
  if (!identity.has_value()) return false;
  const std::optional<bool> known = identity->Lives();
  if (known.has_value()) return *known;
  return NowMicros() - heartbeat_us < absl::ToInt64Microseconds(Store::kHeartbeatLimit);
}

std::string DeadReason(const std::string& controller_text) {
  return absl::StrCat("its controller (", controller_text,
                      ") ended unexpectedly; `resume` continues the campaign");
}

std::string StatusName(CampaignRecord::Status status) {
  return absl::AsciiStrToLower(CampaignRecord::Status_Name(status));
}

std::string SelfText() { return absl::StrCat(HostName(), ", process ", getpid()); }

// Serialises a campaign. An error names the campaign.
absl::StatusOr<std::string> RecordOf(const CampaignRecord& campaign) {
  return RecordBytes(campaign, absl::StrCat("campaign ", campaign.id()));
}

}  // namespace

bool CampaignTable::Standing::running() const {
  return status == CampaignRecord::RUNNING && Lives(controller, heartbeat_us);
}

void CampaignTable::BindColumns(const CampaignRecord& campaign, const std::string& blob,
                                Statement* statement) {
  statement->BindText(1, campaign.label())
      .BindText(2, campaign.plan().name())
      .Bind(3, int64_t{campaign.started_us()})
      .Bind(4, int64_t{campaign.ended_us()})
      .Bind(5, int64_t{campaign.status()})
      .BindText(6, campaign.status_reason())
      .BindBlob(7, blob);
}

absl::Status CampaignTable::Create(const CampaignRecord& campaign) {
  ASSAY_ASSIGN_OR_RETURN(const std::string blob, RecordOf(campaign));
  const bool claims = campaign.status() == CampaignRecord::RUNNING;
  {
    ASSAY_ASSIGN_OR_RETURN(Statement there,
                           database_.Prepare("SELECT 1 FROM campaign WHERE id = ?1"));
    there.BindText(1, campaign.id());
    ASSAY_ASSIGN_OR_RETURN(const bool taken, there.Step());
    if (taken) {
      return absl::AlreadyExistsError(
          absl::StrCat("the store ", database_.name(), " already has a campaign ", campaign.id()));
    }
  }
  ASSAY_ASSIGN_OR_RETURN(
      Statement insert,
      database_.Prepare("INSERT INTO campaign (label, plan, started_us, ended_us, status, "
                        "status_reason, record, id, controller, controller_text, heartbeat_us) "
                        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"));
  BindColumns(campaign, blob, &insert);
  insert.BindText(8, campaign.id())
      .BindText(9, claims ? self_ : "")
      .BindText(10, claims ? SelfText() : "")
      .Bind(11, claims ? NowMicros() : int64_t{0});
  ASSAY_RETURN_IF_ERROR(insert.Run());
  ASSAY_ASSIGN_OR_RETURN(
      Statement count,
      database_.Prepare("INSERT INTO execution_count (campaign_id, executions) VALUES (?1, 0)"));
  ASSAY_RETURN_IF_ERROR(count.BindText(1, campaign.id()).Run());
  return Seal(campaign.id());
}

absl::Status CampaignTable::Update(const CampaignRecord& campaign) {
  ASSAY_ASSIGN_OR_RETURN(const std::string blob, RecordOf(campaign));
  const bool claims = campaign.status() == CampaignRecord::RUNNING;
  ASSAY_ASSIGN_OR_RETURN(const Standing standing, StandingOf(campaign.id()));
  if (standing.controller != self_ && standing.running()) {
    return absl::FailedPreconditionError(absl::StrCat("campaign ", campaign.id(), " is run by ",
                                                      standing.controller_text,
                                                      "; wait for it, or `cancel` it first"));
  }
  const bool claims_anew = claims && standing.controller != self_;
  ASSAY_ASSIGN_OR_RETURN(
      Statement update,
      database_.Prepare(
          "UPDATE campaign SET label = ?1, plan = ?2, started_us = ?3, ended_us = ?4, status = ?5, "
          "status_reason = ?6, record = ?7, controller = ?9, "
          "controller_text = CASE WHEN ?10 = '' THEN controller_text ELSE ?10 END, "
          "heartbeat_us = CASE WHEN heartbeat_us < ?11 THEN ?11 ELSE heartbeat_us END, "
          "cancel_requested_us = CASE WHEN ?12 = 1 THEN 0 ELSE cancel_requested_us END "
          "WHERE id = ?8"));
  BindColumns(campaign, blob, &update);
  update.BindText(8, campaign.id())
      .BindText(9, claims ? self_ : "")
      .BindText(10, claims ? SelfText() : "")
      .Bind(11, claims ? NowMicros() : int64_t{0})
      .Bind(12, int64_t{claims_anew});
  ASSAY_RETURN_IF_ERROR(update.Run());
  return Seal(campaign.id());
}

absl::Status CampaignTable::Seal(std::string_view id) {
  ASSAY_ASSIGN_OR_RETURN(Statement select,
                         database_.Prepare(absl::StrCat("SELECT ", std::string(kCampaignHash),
                                                        " FROM campaign WHERE id = ?1")));
  ASSAY_ASSIGN_OR_RETURN(const bool row, select.BindText(1, id).Step());
  if (!row) return NoSuchCampaign(id);
  const std::string hash = HashOf(select, 0, ColumnsOf(kCampaignHash));
  ASSAY_ASSIGN_OR_RETURN(Statement seal,
                         database_.Prepare("UPDATE campaign SET sha256 = ?2 WHERE id = ?1"));
  return seal.BindText(1, id).BindBlob(2, hash).Run();
}

absl::StatusOr<CampaignTable::Standing> CampaignTable::StandingOf(std::string_view id) {
  ASSAY_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare("SELECT status, controller, controller_text, heartbeat_us FROM campaign "
                        "WHERE id = ?1"));
  select.BindText(1, id);
  ASSAY_ASSIGN_OR_RETURN(const bool row, select.Step());
  if (!row) return NoSuchCampaign(id);
  Standing standing;
  standing.status = static_cast<CampaignRecord::Status>(select.Int(0));
  standing.controller = select.Bytes(1);
  standing.controller_text = select.Bytes(2);
  standing.heartbeat_us = select.Int(3);
  return standing;
}

absl::StatusOr<std::vector<std::string>> CampaignTable::QueryIds(std::string_view sql,
                                                                 std::string_view name) {
  ASSAY_ASSIGN_OR_RETURN(Statement select, database_.Prepare(sql));
  if (!name.empty()) select.BindText(1, name);
  std::vector<std::string> ids;
  for (;;) {
    ASSAY_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return ids;
    ids.push_back(select.Bytes(0));
  }
}

absl::StatusOr<std::vector<std::string>> CampaignTable::Described(
    const std::vector<std::string>& ids) {
  std::vector<std::string> described;
  for (const std::string& id : ids) {
    if (described.size() == kNamedInMessage) {
      described.push_back("...");
      break;
    }
    ASSAY_ASSIGN_OR_RETURN(
        Statement select,
        database_.Prepare("SELECT CASE WHEN label = '' THEN plan ELSE label END FROM campaign "
                          "WHERE id = ?1"));
    select.BindText(1, id);
    ASSAY_ASSIGN_OR_RETURN(const bool row, select.Step());
    described.push_back(row ? absl::StrCat(id, " (", select.Bytes(0), ")") : id);
  }
  return described;
}

absl::Status CampaignTable::NoSuchCampaign(std::string_view name) {
  ASSAY_ASSIGN_OR_RETURN(
      const std::vector<std::string> newest,
      QueryIds("SELECT id FROM campaign ORDER BY started_us DESC, rowid DESC LIMIT 9", ""));
  if (newest.empty()) {
    return absl::NotFoundError(absl::StrCat("the store ", database_.name(),
                                            " has no campaigns; create one with `demo` or `run`"));
  }
  ASSAY_ASSIGN_OR_RETURN(const std::vector<std::string> there, Described(newest));
  return absl::NotFoundError(
      absl::StrCat("the store ", database_.name(), " has no campaign \"", std::string(name),
                   "\"; its campaigns, newest first: ", absl::StrJoin(there, ", ")));
}

absl::Status CampaignTable::Ambiguous(std::string_view prefix,
                                      const std::vector<std::string>& ids) {
  ASSAY_ASSIGN_OR_RETURN(const std::vector<std::string> candidates, Described(ids));
  return absl::InvalidArgumentError(absl::StrCat("\"", std::string(prefix),
                                                 "\" is a prefix of the ids of ", ids.size(),
                                                 " campaigns: ", absl::StrJoin(candidates, ", ")));
}

absl::StatusOr<std::string> CampaignTable::Resolve(std::string_view name) {
  if (name.empty()) return NoSuchCampaign(name);
  ASSAY_ASSIGN_OR_RETURN(std::vector<std::string> ids,
                         QueryIds("SELECT id FROM campaign WHERE id = ?1", name));
  if (!ids.empty()) return ids[0];
  if (name == "latest") {
    ASSAY_ASSIGN_OR_RETURN(
        ids, QueryIds("SELECT id FROM campaign ORDER BY started_us DESC, rowid DESC LIMIT 1", ""));
    if (ids.empty()) return NoSuchCampaign(name);
    return ids[0];
  }
  ASSAY_ASSIGN_OR_RETURN(ids, QueryIds("SELECT id FROM campaign WHERE label = ?1 "
                                       "ORDER BY started_us DESC, rowid DESC LIMIT 1",
                                       name));
  if (!ids.empty()) return ids[0];
  ASSAY_ASSIGN_OR_RETURN(
      ids, QueryIds("SELECT id FROM campaign WHERE substr(id, 1, length(CAST(?1 AS TEXT))) = "
                    "lower(CAST(?1 AS TEXT)) ORDER BY started_us DESC, rowid DESC",
                    name));
  if (ids.empty()) return NoSuchCampaign(name);
  if (ids.size() > 1) return Ambiguous(name, ids);
  return ids[0];
}

absl::StatusOr<CampaignRecord> CampaignTable::Find(std::string_view name) {
  ASSAY_ASSIGN_OR_RETURN(const std::string id, Resolve(name));
  ASSAY_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare(absl::StrCat("SELECT record, sha256, ", std::string(kCampaignHash),
                                     " FROM campaign WHERE id = ?1")));
  select.BindText(1, id);
  ASSAY_ASSIGN_OR_RETURN(const bool row, select.Step());
  CampaignRecord campaign;
  if (!row || !IsSound(select, 1, 2, ColumnsOf(kCampaignHash)) ||
      !ReadRecord(select.View(0), &campaign)) {
    return absl::DataLossError(
        absl::StrCat("the store ", database_.name(), ": campaign ", id,
                     " cannot be read: its record is damaged; restore the store from a copy"));
  }
  if (campaign.status() != CampaignRecord::RUNNING) return campaign;
  ASSAY_ASSIGN_OR_RETURN(const Standing standing, StandingOf(id));
  if (standing.running()) return campaign;
  campaign.set_status(CampaignRecord::INTERRUPTED);
  campaign.set_status_reason(DeadReason(standing.controller_text));
  campaign.set_ended_us(standing.heartbeat_us);
  return campaign;
}

absl::StatusOr<std::vector<CampaignSummary>> CampaignTable::List(int limit) {
  ASSAY_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare(absl::StrCat(
          "SELECT ", std::string(kCampaignHash),
          ", sha256, controller, controller_text, heartbeat_us, "
          "(SELECT count(*) FROM execution WHERE campaign_id = campaign.id), "
          "(SELECT count(*) FROM execution WHERE campaign_id = campaign.id AND status = 2) "
          "FROM campaign ORDER BY started_us DESC, rowid DESC LIMIT ?1")));
  select.Bind(1, int64_t{limit});
  std::vector<CampaignSummary> campaigns;
  for (;;) {
    ASSAY_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return campaigns;
    CampaignSummary& one = campaigns.emplace_back();
    one.id = select.Bytes(0);
    one.label = select.Bytes(1);
    one.plan = select.Bytes(2);
    one.started_us = select.Int(3);
    one.ended_us = select.Int(4);
    one.status = static_cast<CampaignRecord::Status>(select.Int(5));
    one.status_reason = select.Bytes(6);
    constexpr int kHash = ColumnsOf(kCampaignHash);
    one.damaged = !IsSound(select, kHash, 0, kHash);
    one.controller = select.Bytes(kHash + 2);
    const int64_t heartbeat_us = select.Int(kHash + 3);
    one.executions = select.Int(kHash + 4);
    one.failed_executions = select.Int(kHash + 5);
    if (one.status == CampaignRecord::RUNNING && !Lives(select.Bytes(kHash + 1), heartbeat_us)) {
      one.status = CampaignRecord::INTERRUPTED;
      one.status_reason = DeadReason(one.controller);
      one.ended_us = heartbeat_us;
    }
  }
}

absl::Status CampaignTable::Heartbeat(std::string_view id) {
  ASSAY_ASSIGN_OR_RETURN(
      Statement update,
      database_.Prepare("UPDATE campaign SET heartbeat_us = ?1 WHERE id = ?2 AND controller = ?3"));
  update.Bind(1, NowMicros()).BindText(2, id).BindText(3, self_);
  ASSAY_RETURN_IF_ERROR(update.Run());
  if (database_.changes() == 0) {
    ASSAY_ASSIGN_OR_RETURN(const Standing standing, StandingOf(id));
    return absl::FailedPreconditionError(
        absl::StrCat("campaign ", std::string(id), " is run by ",
                     standing.controller.empty() ? "no process" : standing.controller_text,
                     ", not by this process"));
  }
  return absl::OkStatus();
}

absl::Status CampaignTable::RequestCancel(std::string_view id) {
  ASSAY_ASSIGN_OR_RETURN(const Standing standing, StandingOf(id));
  if (!standing.running()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "campaign ", std::string(id), " is not running, so there is nothing to cancel: ",
        standing.status == CampaignRecord::RUNNING ? DeadReason(standing.controller_text)
                                                   : "it is " + StatusName(standing.status)));
  }
  ASSAY_ASSIGN_OR_RETURN(
      Statement update,
      database_.Prepare("UPDATE campaign SET cancel_requested_us = ?1 WHERE id = ?2"));
  return update.Bind(1, NowMicros()).BindText(2, id).Run();
}

absl::StatusOr<bool> CampaignTable::CancelRequested(std::string_view id) {
  ASSAY_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare("SELECT cancel_requested_us FROM campaign WHERE id = ?1"));
  select.BindText(1, id);
  ASSAY_ASSIGN_OR_RETURN(const bool row, select.Step());
  if (!row) return NoSuchCampaign(id);
  return select.Int(0) != 0;
}

absl::StatusOr<bool> CampaignTable::ControllerLives(const std::string& controller) {
  if (controller == self_) return true;
  ASSAY_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare("SELECT max(heartbeat_us) FROM campaign WHERE controller = ?1"));
  select.BindText(1, controller);
  ASSAY_ASSIGN_OR_RETURN(const bool row, select.Step());
  return Lives(controller, row ? select.Int(0) : 0);
}

}  // namespace assay::controller
