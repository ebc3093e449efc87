// Puts raw bytes in every text field of agents' messages and of stored records, and checks the output for people and
// programs: text, JSON, CSV and the report.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "analysis/fuzz_driver.h"
#include "analysis/latency_histogram.h"
#include "analysis/profile/categories.h"
#include "analysis/profile/stack_profile.h"
#include "analysis/profile/test_profile.h"
#include "common/json_text.h"
#include "common/utf8.h"
#include "controller/campaign/load_intake.h"
#include "controller/campaign/profile_intake.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/plan_rules.h"
#include "controller/report/profile_section.h"
#include "controller/report/report_page.h"
#include "controller/results/campaign_results.h"
#include "controller/results/imported_results.h"
#include "controller/results/profile_json.h"
#include "controller/results/profile_results.h"
#include "controller/results/results_json.h"
#include "controller/results/results_text.h"
#include "controller/store/store.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/text_format.h"
#include "nlohmann/json.hpp"
#include "proto/agent.pb.h"
#include "proto/convert/histogram_proto.h"
#include "proto/convert/stack_profile_proto.h"
#include "proto/results.pb.h"
#include "proto/text/grpc_text.h"

namespace assay::controller {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Recursive messages end at this depth.
constexpr int kDeepest = 6;
// Ends each text. If a page contains it unescaped, the page treats the text as HTML.
constexpr char kTag[] = "<zq>";
// Campaigns in one store before a new store is created.
constexpr int kMostCampaigns = 500;

[[noreturn]] void Die(std::string_view why, const absl::Status& status = absl::OkStatus()) {
  absl::FPrintF(stderr, "%s: %s\n", std::string(why), status.ToString());
  std::abort();
}

void Require(const absl::Status& status, std::string_view what) {
  if (!status.ok()) Die(what, status);
}

template <typename Type>
Type Value(absl::StatusOr<Type> value, std::string_view what) {
  Require(value.status(), what);
  return *std::move(value);
}

// The input as texts. One byte gives the length of each text. Starts again at the beginning after the end.
class Texts {
 public:
  Texts(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  std::string Next() {
    std::string text;
    if (size_ > 0) {
      const size_t length = Byte() % 24;
      for (size_t i = 0; i < length; ++i) text += static_cast<char>(Byte());
    }
    return text + kTag;
  }

  // Sets every text and bytes field, also in messages that are not present yet. Does not change numbers.
  void Fill(Message* message) { Fill(message, /*grow=*/true, 0); }
  // The same, but only in messages that are present, for messages whose presence has a meaning.
  void FillThere(Message* message) { Fill(message, /*grow=*/false, 0); }

 private:
  void Fill(Message* message, bool grow, int depth) {
    const Reflection& reflection = *message->GetReflection();
    const google::protobuf::Descriptor& type = *message->GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor* const field = type.field(i);
      const google::protobuf::OneofDescriptor* const choice = field->real_containing_oneof();
      // If a oneof is set, fills only the member that is set.
      if (choice != nullptr && reflection.HasOneof(*message, choice) &&
          !reflection.HasField(*message, field)) {
        continue;
      }
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        if (field->is_repeated()) {
          reflection.AddString(message, field, Next());
        } else {
          reflection.SetString(message, field, Next());
        }
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && depth < kDeepest) {
        FillMessages(message, reflection, field, grow, depth);
      }
    }
  }

  void FillMessages(Message* message, const Reflection& reflection, const FieldDescriptor* field,
                    bool grow, int depth) {
    if (!field->is_repeated()) {
      if (!grow && !reflection.HasField(*message, field)) return;
      Fill(reflection.MutableMessage(message, field), grow, depth + 1);
      return;
    }
    if (grow && reflection.FieldSize(*message, field) == 0) reflection.AddMessage(message, field);
    for (int i = 0; i < reflection.FieldSize(*message, field); ++i) {
      Fill(reflection.MutableRepeatedMessage(message, field, i), grow, depth + 1);
    }
  }

  uint8_t Byte() { return data_[at_++ % size_]; }

  const uint8_t* const data_;
  const size_t size_;
  size_t at_ = 0;
};

// The message as an agent that does not clean its text sends it, and as the controller reads it.
template <typename Type>
Type FromWire(const Type& sent) {
  std::string bytes;
  {
    const google::protobuf::LogSilencer silencer;
    bytes = sent.SerializeAsString();
  }
  const grpc::Slice slice(bytes);
  grpc::ByteBuffer buffer(&slice, 1);
  Type read;
  if (!grpc::SerializationTraits<Type>::Deserialize(&buffer, &read).ok())
    Die("a message does not parse");
  return read;
}

template <typename Type>
Type Parsed(const char* text) {
  Type message;
  if (!google::protobuf::TextFormat::ParseFromString(text, &message))
    Die("a base message does not parse");
  return message;
}

// The report of one agent on an execution, with raw text.
ControlEvent EventFrom(const char* base, Texts& texts) {
  ControlEvent event = Parsed<ControlEvent>(base);
  texts.Fill(&event);
  return FromWire(event);
}

CampaignRecord CampaignFrom(const std::string& id, Texts& texts) {
  CampaignRecord campaign = Parsed<CampaignRecord>("started_us: 1 status: COMPLETE");
  texts.Fill(&campaign);
  // Some messages of a plan decide what its cells are.
  Plan plan = Parsed<Plan>(R"(
    targets {} workloads {} load { closed { connections: 64 duration { seconds: 1 } } } blocks: 3
    profile { frequency_hz: 99 } thresholds {} pause {})");
  texts.FillThere(&plan);
  // Not the measured cell.
  campaign.mutable_skipped(0)->mutable_target()->append("skipped");
  AgentDescription description;
  texts.Fill(&description);
  *campaign.mutable_agents(0)->mutable_description() = FromWire(description);
  // A server that an agent starts. A server given by URL is a different case.
  plan.mutable_targets(0)->clear_url();
  *campaign.mutable_plan() = WithDefaults(plan);
  campaign.set_id(id);
  return campaign;
}

// The third execution of each campaign failed. The others are measured, and the second one has a profile.
ExecutionRecord ExecutionFrom(const CampaignRecord& campaign, uint32_t block, Texts& texts) {
  ExecutionRecord execution = Parsed<ExecutionRecord>("gates {} loads {}");
  texts.Fill(&execution);
  execution.clear_imported_profile();
  *execution.mutable_server_ready() = EventFrom("ready {}", texts).ready();
  *execution.mutable_server() =
      EventFrom("server_finished { cpu_ns: 9000000 rss_bytes: 4000000 }", texts).server_finished();
  *execution.mutable_loads(0)->mutable_finished() =
      EventFrom(R"(load_finished { sent: 1000 ok: 1000 connections: 64 duration_ns: 1000000000
                                   cpu_ns: 8000000 samples_recorded: 1000 })",
                texts)
          .load_finished();
  *execution.mutable_failure()->mutable_failure() = EventFrom("failure {}", texts).failure();
  const PlanTarget& target = campaign.plan().targets(0);
  execution.mutable_cell()->set_target(target.label().empty() ? target.name() : target.label());
  execution.mutable_cell()->set_workload(campaign.plan().workloads(0).name());
  execution.mutable_cell()->set_mode("closed");
  execution.mutable_cell()->set_connections(64);
  execution.mutable_cell()->set_profiled(true);
  execution.set_campaign_id(campaign.id());
  execution.set_id(absl::StrCat(campaign.id(), "-", block));
  execution.set_block(block);
  execution.set_status(block == 2 ? ExecutionRecord::FAILED : ExecutionRecord::MEASURED);
  if (block != 2) execution.clear_failure();
  LatencyHistogram latency;
  for (int i = 0; i < 1000; ++i) latency.Record(int64_t{100'000} + i);
  ToProto(latency, execution.mutable_latency());
  return execution;
}

// A valid profile with raw names, passed through the controller's intake.
std::vector<ProfileChunk> ProfileFrom(ProfileInfo& info, Texts& texts) {
  ProfileIntake intake;
  for (const ProfileChunk& chunk :
       ToProto(ProfileOf({{"main;work;[k]tcp_sendmsg", 7}, {"main;[c]recv", 3}}), 1'000)) {
    DataRecord record;
    *record.mutable_profile() = chunk;
    for (std::string& text : *record.mutable_profile()->mutable_strings()) text = texts.Next();
    intake.Take(FromWire(record).profile());
  }
  info.clear_refused();
  info.clear_remedy();
  return std::move(intake).Finish(&info);
}

// Records in which every text and byte is raw must be either rejected or read.
void TakeRecords(Store& store, const CampaignRecord& campaign, Texts& texts) {
  LoadRecord load;
  LoadIntake intake(store, campaign.id(), "raw", 0, load, nullptr,
                    IntakeLimits::Over(absl::Seconds(1)));
  for (const char* base : {"second {}", "samples {}", "profile {}"}) {
    DataRecord record = Parsed<DataRecord>(base);
    texts.Fill(&record);
    record = FromWire(record);
    intake.Take(record).IgnoreError();
    ProfileIntake profile;
    profile.Take(record.profile());
    ProfileInfo info;
    std::move(profile).Finish(&info);
    if (!IsUtf8(info.refused())) Die("a refusal is not UTF-8");
  }
  intake.Stage().IgnoreError();
  Require(intake.store_status(), "the store returns an error");
}

void CheckTerminal(const std::string& text) {
  if (TerminalLines(text) != text) Die("text contains terminal control characters");
}

void CheckJson(const nlohmann::ordered_json& json) {
  const std::string text = JsonText(json, 2);
  if (!IsUtf8(text)) Die("JSON is not UTF-8");
  if (nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false).is_discarded()) {
    Die("JSON does not parse");
  }
}

void CheckPage(const std::string& page) {
  if (!IsUtf8(page)) Die("the report is not UTF-8");
  if (page.find(kTag) != page.npos) Die("the report contains an unescaped text");
  for (const char c : page) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
      Die("the report contains a control character");
  }
}

// All output of the commands for a campaign.
void CheckOutput(Store& store, const std::string& id) {
  static const GateRules gates = Value(LoadGateRules(), "gates");
  static const CategoryRules categories = Value(LoadCategoryRules(), "categories");
  const CampaignRecord campaign = Value(store.Find(id), "the campaign cannot be read");
  const CampaignResults results =
      Value(ReadResults(store, gates, campaign), "the results cannot be derived");
  Require(results.Damage(), "damaged");
  size_t executions = 0;
  for (const CellResult& cell : results.cells) executions += cell.executions.size();
  // Each imported result is a cell of its own.
  const bool imported = IsImported(campaign);
  if (results.cells.size() != (imported ? 3 : 1) || executions != (imported ? 3 : 2)) {
    Die("executions are missing or unexpected",
        absl::InternalError(absl::StrCat(executions, " in ", results.cells.size(), " cells")));
  }
  const std::vector<CellProfiles> profiles =
      Value(ReadProfiles(store, campaign), "profiles cannot be read");
  if (!imported && (profiles.size() != 1 || profiles[0].runs.size() != 1)) {
    Die("the profile is missing");
  }
  const std::vector<AgentRecord> agents(campaign.agents().begin(), campaign.agents().end());
  const std::vector<CampaignSummary> list =
      Value(store.ListCampaigns(1), "the campaigns cannot be listed");
  for (const TextWidth width : {TextWidth::kScreen, TextWidth::kWide}) {
    // `show` and `agents` clean their whole output; `list` prints it unchanged.
    CheckTerminal(TerminalLines(ToText(results, width)));
    CheckTerminal(TerminalLines(ToText(agents, width)));
    CheckTerminal(ToText(list, width));
  }
  CheckTerminal(TerminalLines(CostText(profiles, categories, 100)));
  if (!IsUtf8(ToCsv(results)) || !IsUtf8(ToCsv(list))) Die("CSV is not UTF-8");
  CheckJson(ToJson(results));
  CheckJson(ToJson(list));
  CheckJson(ToJson(agents, {}));
  CheckJson(ToJson(profiles, categories));
  CheckPage(ReportPage(results, profiles, categories));
}

// A store in memory if the system has such a folder. It is recreated from time to time.
class ScratchStore {
 public:
  ~ScratchStore() { Remove(); }

  Store& Get() {
    if (store_ == nullptr || ++campaigns_ > kMostCampaigns) {
      Remove();
      std::string folder =
          std::filesystem::exists("/dev/shm") ? "/dev/shm/textXXXXXX" : "/tmp/textXXXXXX";
      if (mkdtemp(folder.data()) == nullptr) Die("the folder cannot be created");
      folder_ = folder;
      store_ = Value(Store::Open(folder_ + "/assay.db", Store::Mode::kWrite),
                     "the store cannot be opened");
      campaigns_ = 1;
    }
    return *store_;
  }
  std::string NextId() { return absl::StrFormat("%012x", ++drawn_); }

 private:
  void Remove() {
    store_.reset();
    std::error_code gone;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, gone);
  }

  std::unique_ptr<Store> store_;
  std::string folder_;
  int campaigns_ = 0;
  uint64_t drawn_ = 0;
};

// A campaign of our own, or one that was imported from another tool.
void CheckCampaign(Texts texts, bool imported) {
  static ScratchStore scratch;
  Store& store = scratch.Get();
  CampaignRecord campaign = CampaignFrom(scratch.NextId(), texts);
  if (!imported) {
    campaign.clear_imported_from();
  } else if (campaign.imported_from().empty()) {
    campaign.set_imported_from("wrk");
  }
  Require(store.CreateCampaign(campaign), "the campaign is not stored");
  TakeRecords(store, campaign, texts);
  for (uint32_t block = 0; block < 3; ++block) {
    ExecutionRecord execution = ExecutionFrom(campaign, block, texts);
    if (!imported) execution.clear_imported();
    std::vector<ProfileChunk> profile;
    if (block == 1) {
      profile = ProfileFrom(*execution.mutable_server()->mutable_profile(), texts);
    }
    LoadInterval second;
    texts.Fill(&second.second);
    Require(store.CommitExecution(execution, {}, {second}, profile), "the execution is not stored");
    Value(store.ReadExecution(execution.id()), "the execution cannot be read");
    Value(store.ReadSeconds(execution.id()), "its seconds cannot be read");
  }
  CheckOutput(store, campaign.id());
}

void Check(const Texts& texts) {
  for (const bool imported : {false, true}) CheckCampaign(texts, imported);
}

// Each text after its length.
std::string Seed(const std::vector<std::string_view>& texts) {
  std::string seed;
  for (const std::string_view text : texts) {
    seed += static_cast<char>(text.size());
    seed += text;
  }
  return seed;
}

}  // namespace

std::vector<std::string> Seeds() {
  using std::string_view_literals::operator""sv;
  return {Seed({"caf\xe9", "plain", "<script>", "\xe2\x82", "=1+1"}),
          Seed({"\x1b[2J", "\r\n", "\x7f", "\xc2\x9b", "\xe2\x80\xae"}),
          Seed({"\0"sv, "a\0b"sv, "\"\\", "</script>", "&amp;"}),
          Seed({"\xff\xfe\xff\xff", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf"}),
          Seed({"", "a"})};
}

}  // namespace assay::controller

std::vector<std::string> assay::FuzzSeeds() { return controller::Seeds(); }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  assay::controller::Check(assay::controller::Texts(data, size));
  return 0;
}
