#include "controller/plan/plan_rules.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "analysis/metrics.h"
#include "common/testing/load_limit_cases.h"
#include "controller/plan/plan_loader.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "proto/plan.pb.h"

namespace assay::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kGood[] = R"pb(
  name: "x"
  targets { name: "epoll" }
  targets { name: "epoll" label: "epoll (again)" }
  targets { url: "http://127.0.0.1:8080" }
  workloads {
    name: "json"
    path: "/json?a=b%20c"
    headers { name: "Accept" value: "*/*" }
  }
  workloads {
    name: "post"
    path: "/json"
    body: "{}"
    pipeline: 4
    think { seconds: 0 }
  }
  load {
    closed {
      connections: [ 16, 64 ]
      duration { seconds: 0.4 }
    }
    warmup { seconds: 0 }
    timeout { seconds: 1 }
  }
  blocks: 8
  pause { seconds: 0 }
  verdict: COMPARE
  baseline: "epoll (again)"
  placement { server_cpus: "0" load_cpus: "1-2,4" }
  thresholds { metric: "p99_us" target: "epoll" workload: "json" max: 20000 min: 1 }
)pb";

// Whether the valid plan stays valid after the change.
template <typename Change>
bool IsGood(const Change& change) {
  Plan plan;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kGood, &plan));
  change(plan);
  return Validate(plan).ok();
}

// The valid plan with overrides.
LoadedPlan Changed(const std::vector<std::string>& overrides) {
  const absl::StatusOr<LoadedPlan> plan =
      ParsePlan(kGood, PlanFormat::kText, "p.textproto", "", overrides);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? *plan : LoadedPlan();
}

// The faults of the valid plan with overrides, each as "FIELD: WHAT".
std::vector<std::string> Faults(const std::vector<std::string>& overrides) {
  std::vector<std::string> lines;
  for (const PlanFault& fault : FaultsOf(Changed(overrides).plan)) {
    lines.push_back(fault.field + ": " + fault.what);
  }
  return lines;
}

TEST(PlanRulesTest, AValidPlanHasNoFaults) {
  EXPECT_THAT(Faults({}), IsEmpty());
  EXPECT_TRUE(Validate(Changed({})).ok());
  EXPECT_TRUE(Validate(Changed({}).plan).ok());
}

// Otherwise the author must run the command once for each fault.
TEST(PlanRulesTest, ReportsAllFaultsInTheOrderOfTheFields) {
  const std::vector<std::string> faults =
      Faults({"name=", "targets[1].label=epoll", "workloads[0].path=json",
              "load.closed.connections=0", "baseline=nginx"});
  ASSERT_EQ(faults.size(), 5);
  EXPECT_THAT(faults[0], HasSubstr("name: is empty"));
  EXPECT_THAT(faults[1], HasSubstr("targets[1].label: \"epoll\" is the label of targets[0]"));
  EXPECT_THAT(faults[2], HasSubstr("workloads[0].path: \"json\" does not begin with a slash"));
  EXPECT_THAT(faults[3], HasSubstr("load.closed.connections[0]: 0 connections send no request"));
  EXPECT_THAT(faults[4],
              HasSubstr("baseline: there is no target \"nginx\"; there are: epoll, epoll, http"));
}

TEST(PlanRulesTest, ReportsThePositionOrTheOverrideOfEachFault) {
  const absl::StatusOr<LoadedPlan> plan = ParsePlan(
      "name: \"x\"\nworkloads {\n  name: \"w\"\n  path: \"w\" }\n"
      "targets { }\nload { closed { connections: 1 } }",
      PlanFormat::kText, "p.textproto", "", {"blocks=20000"});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(Validate(*plan).message(),
            "p.textproto:5:1: targets[0]: has neither name nor url; set exactly one of them\n"
            "p.textproto:4:3: workloads[0].path: \"w\" does not begin with a slash\n"
            "p.textproto:6:8: load.closed: has neither requests nor duration; set exactly one, "
            "such as duration { seconds: 10 }\n"
            "--set blocks=20000: blocks: 20000 is more than 10000");
}

TEST(PlanRulesTest, ReportsTheMissingFieldsOfAnEmptyPlan) {
  const absl::Status status = Validate(Plan());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  for (const std::string_view field : {"name: ", "targets: ", "workloads: ", "load: "}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(field)));
  }
}

TEST(PlanRulesTest, ATargetHasEitherANameOrAUrl) {
  EXPECT_THAT(Faults({"targets[0].url=http://h:1"}),
              ElementsAre(HasSubstr("targets[0]: has both name and url")));
}

TEST(PlanRulesTest, AUrlHasASchemeAHostAndAPort) {
  for (const char* url : {"http://h", "HTTPS://h", "http://localhost:1", "http://[::1]:8080",
                          "http://a-b.example:65535/", "https://h:1"}) {
    EXPECT_THAT(Faults({std::string("targets[2].url=") + url}), IsEmpty()) << url;
  }
  for (const char* url :
       {"localhost:1", "ftp://h:1", "http://h:0", "http://h:65536", "http://:1", "http://h:1/path",
        "http://a@b:1", "http://h:1x", "http://[::1:1", "http://h\r\n:1", "http://::1:80"}) {
    EXPECT_THAT(Faults({std::string("targets[2].url=") + url}),
                ElementsAre(HasSubstr("targets[2].url: ")))
        << url;
  }
}

TEST(PlanRulesTest, Http2NeedsAUrl) {
  EXPECT_THAT(Faults({"targets[2].http2=true"}), IsEmpty());
  EXPECT_THAT(Faults({"targets[0].http2=true"}),
              ElementsAre(HasSubstr("targets[0].http2: needs a url")));
}

TEST(PlanRulesTest, AServerGivenByUrlTakesNoOptions) {
  EXPECT_THAT(Faults({"targets[2].options.threads=2"}),
              ElementsAre(HasSubstr("targets[2].options: ")));
}

TEST(PlanRulesTest, WorkloadNamesAreUnique) {
  EXPECT_THAT(Faults({"workloads[1].name=json", "thresholds="}),
              ElementsAre(HasSubstr("workloads[1].name: \"json\" is the name of workloads[0]")));
  EXPECT_THAT(Faults({"workloads[1].name="}),
              ElementsAre(HasSubstr("workloads[1].name: is empty")));
}

// A plan must not smuggle a second request into the first.
TEST(PlanRulesTest, RejectsTextThatCouldEndARequestEarly) {
  for (const char* path : {"/a b", "/a\r\nX: y", "/a\tb", "/a#b", "/\xc3\xa9", "/a\x7f"}) {
    EXPECT_THAT(Faults({std::string("workloads[0].path=") + path}),
                ElementsAre(HasSubstr("workloads[0].path: ")))
        << path;
  }
  EXPECT_THAT(Faults({"workloads[0].headers[0].value=a\r\nX: y"}),
              ElementsAre(HasSubstr("headers[0].value: has a line break")));
  EXPECT_THAT(Faults({"workloads[0].headers[0].name=X\r\n"}),
              ElementsAre(HasSubstr("headers[0].name: ")));
  EXPECT_THAT(Faults({"workloads[0].headers[0].name=X:"}),
              ElementsAre(HasSubstr("headers[0].name: ")));
  EXPECT_THAT(Faults({"workloads[0].method=GET /x"}),
              ElementsAre(HasSubstr("workloads[0].method: ")));
}

TEST(PlanRulesTest, RejectsFramingHeaders) {
  for (const char* name : {"Content-Length", "transfer-encoding", "Connection"}) {
    EXPECT_THAT(Faults({std::string("workloads[0].headers[0].name=") + name}),
                ElementsAre(HasSubstr("is set by the load generator")))
        << name;
  }
  EXPECT_THAT(Faults({"workloads[0].headers[0].name=Host"}), IsEmpty());
}

TEST(PlanRulesTest, DurationsAreFiniteAndNotNegative) {
  for (const char* value : {"-1", "inf", "1e9"}) {
    EXPECT_THAT(Faults({std::string("pause.seconds=") + value}),
                ElementsAre(HasSubstr("pause.seconds: ")))
        << value;
  }
  EXPECT_THAT(Faults({"load.warmup.seconds=-0.1"}),
              ElementsAre(HasSubstr("load.warmup.seconds: ")));
  EXPECT_THAT(Faults({"load.timeout.seconds=0"}),
              ElementsAre(HasSubstr("load.timeout.seconds: 0 is out of range: at least 0.001")));
  EXPECT_THAT(Faults({"load.closed.duration.seconds=0"}),
              ElementsAre(HasSubstr("load.closed.duration.seconds: ")));
}

// Agents and loadgen accept the same values; their tests use the same cases.
TEST(PlanRulesTest, LimitsTimesCountsAndRatesAsTheLoadGeneratorDoes) {
  for (const auto& [value, good] : kSecondsOfWindow) {
    const double seconds = value;
    EXPECT_EQ(IsGood([&](Plan& plan) {
                // The windows of interleaved targets must fit into a day together.
                plan.set_design(Plan::SEQUENTIAL);
                plan.mutable_load()->mutable_closed()->mutable_duration()->set_seconds(seconds);
              }),
              good)
        << seconds;
    EXPECT_EQ(
        IsGood([&](Plan& plan) { plan.mutable_load()->mutable_timeout()->set_seconds(seconds); }),
        good)
        << seconds;
    EXPECT_EQ(IsGood([&](Plan& plan) {
                plan.mutable_profile()->mutable_separate_execution()->set_seconds(seconds);
              }),
              good)
        << seconds;
  }
  for (const auto& [value, good] : kSecondsOrNone) {
    const double seconds = value;
    EXPECT_EQ(IsGood([&](Plan& plan) {
                plan.mutable_load()->mutable_warmup()->set_seconds(seconds);
                plan.mutable_pause()->set_seconds(seconds);
                plan.mutable_workloads(0)->mutable_think()->set_seconds(seconds);
              }),
              good)
        << seconds;
  }
  for (const auto& [value, good] : kCountsOfRequests) {
    const uint64_t requests = value;
    EXPECT_EQ(
        IsGood([&](Plan& plan) { plan.mutable_load()->mutable_closed()->set_requests(requests); }),
        good)
        << requests;
  }
  for (const auto& [value, good] : kRates) {
    const double rate = value;
    const auto open = [&](Plan& plan) {
      plan.mutable_workloads(1)->clear_pipeline();
      OpenLoop& open_loop = *plan.mutable_load()->mutable_open();
      open_loop.set_rate_per_s(rate);
      open_loop.mutable_duration()->set_seconds(1);
    };
    EXPECT_EQ(IsGood(open), good) << rate;
  }
  for (const auto& [value, good] : kProfileRates) {
    const uint32_t hz = value;
    EXPECT_EQ(IsGood([&](Plan& plan) { plan.mutable_profile()->set_frequency_hz(hz); }), good)
        << hz;
  }
}

TEST(PlanRulesTest, LimitsRequestsAsTheLoadGeneratorDoes) {
  const auto is_good = [](const auto& change) {
    return IsGood([&](Plan& plan) { change(*plan.mutable_workloads(0)); });
  };
  for (const auto& [value, good] : kPipelines) {
    const uint32_t pipeline = value;
    EXPECT_EQ(is_good([&](Workload& workload) { workload.set_pipeline(pipeline); }), good);
  }
  for (const auto& [value, good] : kStatuses) {
    const uint32_t status = value;
    EXPECT_EQ(is_good([&](Workload& workload) { workload.mutable_expect()->set_status(status); }),
              good)
        << status;
  }
  for (const LimitCase<std::string>& one : kMethods) {
    EXPECT_EQ(is_good([&](Workload& workload) { workload.set_method(one.value); }), one.good)
        << one.value;
  }
  for (const LimitCase<std::string>& one : kPaths) {
    EXPECT_EQ(is_good([&](Workload& workload) { workload.set_path(one.value); }), one.good)
        << one.value;
  }
  for (const LimitCase<std::string>& one : kHeaderValues) {
    EXPECT_EQ(is_good([&](Workload& workload) {
                workload.mutable_headers(0)->set_name("X");
                workload.mutable_headers(0)->set_value(one.value);
              }),
              one.good)
        << one.value.size();
  }
  for (const auto& [value, good] : kCountsOfHeaders) {
    const int count = value;
    EXPECT_EQ(is_good([&](Workload& workload) {
                workload.clear_headers();
                for (int i = 0; i < count; ++i) workload.add_headers()->set_name("X");
              }),
              good)
        << count;
  }
  EXPECT_FALSE(is_good([](Workload& workload) {
    workload.set_body(std::string(2 << 20, 'x'));
    workload.mutable_expect()->set_body(std::string(2 << 20, 'x'));
  })) << "the two travel in one message";
}

TEST(PlanRulesTest, LimitsTargetsAsTheLoadGeneratorDoes) {
  for (const LimitCase<std::string>& one : kServerNames) {
    EXPECT_EQ(IsGood([&](Plan& plan) {
                plan.mutable_targets(2)->set_url("https://127.0.0.1:8443");
                plan.mutable_targets(2)->set_tls_server_name(one.value);
              }),
              one.good)
        << one.value;
  }
  for (const LimitCase<std::string>& one : kHeaderNamesOfHttp2) {
    EXPECT_EQ(IsGood([&](Plan& plan) {
                plan.mutable_targets(2)->set_http2(true);
                plan.mutable_workloads(0)->mutable_headers(0)->set_name(one.value);
              }),
              one.good)
        << one.value;
  }
  const auto with_option = [](size_t name, size_t value) {
    return IsGood([&](Plan& plan) {
      (*plan.mutable_targets(0)->mutable_options())[std::string(name, 'n')] =
          std::string(value, 'v');
    });
  };
  EXPECT_TRUE(with_option(100, 4'096));
  EXPECT_FALSE(with_option(101, 1));
  EXPECT_FALSE(with_option(1, 4'097));
}

TEST(PlanRulesTest, LimitsTheCpusOfALoadAgent) {
  EXPECT_THAT(Faults({"placement.load_cpus=0-255"}), IsEmpty());
  EXPECT_THAT(Faults({"placement.load_cpus=0-256"}),
              ElementsAre(HasSubstr("placement.load_cpus: has 257 CPUs")));
}

// A longer window would be aborted in the run.
TEST(PlanRulesTest, RejectsThinkTimeThatMakesACountedWindowLongerThanAnHour) {
  const auto think = [](const std::string& seconds) {
    return Faults({"load.closed.connections=10", "load.closed.requests=1010",
                   "workloads[0].think.seconds=" + seconds});
  };
  EXPECT_THAT(think("36"), IsEmpty());
  EXPECT_THAT(think("37"), ElementsAre(HasSubstr("workloads[0].think: makes 1010 requests on 10")));
}

TEST(PlanRulesTest, LevelsArePresentPositiveAndDistinct) {
  EXPECT_THAT(Faults({"load.closed.connections="}),
              ElementsAre(HasSubstr("load.closed.connections: has no level")));
  EXPECT_THAT(Faults({"load.closed.connections=8,0,8"}),
              ElementsAre(HasSubstr("connections[1]: 0 connections"),
                          HasSubstr("connections[2]: 8 appears twice")));
  EXPECT_THAT(Faults({"load.closed.connections=1000001"}),
              ElementsAre(HasSubstr("is more than 1000000")));
  EXPECT_THAT(Faults({"load.closed.requests=0"}),
              ElementsAre(HasSubstr("load.closed.requests: 0")));
}

TEST(PlanRulesTest, AnOpenLoopHasARateAndADuration) {
  const std::vector<std::string> fit = {"workloads[1].pipeline=1"};
  const auto open = [&](std::vector<std::string> more) {
    more.insert(more.end(), fit.begin(), fit.end());
    return Faults(more);
  };
  EXPECT_THAT(open({"load.open.rate_per_s=100", "load.open.duration.seconds=1"}), IsEmpty());
  EXPECT_THAT(
      open({"load.open.rate_per_s=0", "load.open.duration.seconds=1"}),
      ElementsAre(HasSubstr("load.open.rate_per_s: 0 requests per second is out of range")));
  EXPECT_THAT(open({"load.open.rate_per_s=100"}),
              ElementsAre(HasSubstr("load.open.duration.seconds: 0 is out of range")));
  EXPECT_THAT(open({"load.curve.rates_per_s=10,20", "load.curve.duration.seconds=1"}), IsEmpty());
  EXPECT_THAT(open({"load.curve.rates_per_s=10,10", "load.curve.duration.seconds=1"}),
              ElementsAre(HasSubstr("load.curve.rates_per_s[1]: 10 appears twice")));
  EXPECT_THAT(open({"load.curve.duration.seconds=1"}), ElementsAre(HasSubstr("has no level")));
  // Messages show all digits of the plan.
  EXPECT_THAT(
      open({"load.curve.rates_per_s=1234.5671,1234.5672,0.5", "load.curve.duration.seconds=1"}),
      IsEmpty());
  EXPECT_THAT(
      open({"load.curve.rates_per_s=1234567.25,1234567.25", "load.curve.duration.seconds=1"}),
      ElementsAre(HasSubstr("rates_per_s[1]: 1234567.25 appears twice")));
  EXPECT_THAT(open({"load.open.rate_per_s=123456789.5", "load.open.duration.seconds=1"}),
              ElementsAre(::testing::AllOf(
                  HasSubstr("123456789.5 requests per second is out of range: at least "),
                  HasSubstr(", and at most 100000000"))));
  EXPECT_THAT(Faults({"load.open.rate_per_s=100", "load.open.duration.seconds=1"}),
              ElementsAre(HasSubstr("workloads[1].pipeline: needs a closed loop")));
}

TEST(PlanRulesTest, ASearchHasAnObjectiveThatRisesWithTheLoad) {
  const auto find = [](std::vector<std::string> more) {
    for (const char* const fit : {"workloads[1].pipeline=1", "load.find.metric=p99_us",
                                  "load.find.max=5000", "load.find.duration.seconds=2"}) {
      more.insert(more.begin(), fit);
    }
    return Faults(more);
  };
  EXPECT_THAT(find({}), IsEmpty());
  EXPECT_THAT(find({"load.find.metric=mean_us"}), IsEmpty());
  EXPECT_THAT(
      find({"load.find.metric=rps"}),
      ElementsAre(HasSubstr("load.find.metric: \"rps\" is not a metric of an objective; use "
                            "p50_us, p90_us")));
  EXPECT_THAT(find({"load.find.metric="}), ElementsAre(HasSubstr("load.find.metric: \"\"")));
  EXPECT_THAT(find({"load.find.max=0"}), ElementsAre(HasSubstr("load.find.max: 0 is not")));
  EXPECT_THAT(find({"load.find.max=inf"}), ElementsAre(HasSubstr("load.find.max: inf is not")));
  EXPECT_THAT(find({"load.find.connections=1000001"}),
              ElementsAre(HasSubstr("load.find.connections: 1000001 is more than")));
  EXPECT_THAT(find({"load.find.duration.seconds=0.2"}),
              ElementsAre(HasSubstr("load.find.duration.seconds: 0.2 is out of range")));
  EXPECT_THAT(find({"workloads[1].pipeline=4"}),
              ElementsAre(HasSubstr("workloads[1].pipeline: needs a closed loop")));
}

TEST(PlanRulesTest, ASearchIsSequentialAndComparesCapacities) {
  const auto find = [](std::vector<std::string> more) {
    for (const char* const fit : {"workloads[1].pipeline=1", "load.find.metric=p99_us",
                                  "load.find.max=5000", "load.find.duration.seconds=2"}) {
      more.insert(more.begin(), fit);
    }
    return Faults(more);
  };
  EXPECT_THAT(find({"design=SEQUENTIAL"}), IsEmpty());
  EXPECT_THAT(find({"design=INTERLEAVED"}),
              ElementsAre(HasSubstr("design: the targets cannot be interleaved: a search")));
  EXPECT_THAT(find({"interleave.slot.seconds=0.1"}),
              ElementsAre(HasSubstr("interleave: has no effect: a search")));
  EXPECT_THAT(find({"profile.frequency_hz=99"}),
              ElementsAre(HasSubstr("profile: cannot be used with load.find")));
  EXPECT_THAT(find({"primary_metric=p99_us"}),
              ElementsAre(HasSubstr("primary_metric: p99_us does not compare capacities")));
  EXPECT_THAT(find({"primary_metric=capacity_rps"}), IsEmpty());
  EXPECT_THAT(find({"thresholds[0].metric=capacity_rps"}), IsEmpty());
  EXPECT_THAT(
      find({"thresholds=", "thresholds[0].metric=p99_us", "thresholds[0].regression_percent=3"}),
      ElementsAre(HasSubstr("thresholds[0].regression_percent: cannot be used with")));
  // Other loads have no capacity.
  EXPECT_THAT(Faults({"primary_metric=capacity_rps"}),
              ElementsAre(HasSubstr("primary_metric: capacity_rps is known only with load.find")));
  EXPECT_THAT(Faults({"thresholds[0].metric=capacity_rps"}),
              ElementsAre(HasSubstr("thresholds[0].metric: capacity_rps is known only")));
}

// A search makes many executions.
TEST(PlanRulesTest, SearchesCountAsAllTheirExecutions) {
  const std::vector<std::string> find = {"workloads[1].pipeline=1", "load.find.metric=p99_us",
                                         "load.find.max=5000", "load.find.duration.seconds=2"};
  std::vector<std::string> many = find;
  many.push_back("blocks=5000");
  EXPECT_THAT(Faults(many), ElementsAre(HasSubstr("make 1560000 executions")));
}

TEST(PlanRulesTest, RejectsMalformedCpuLists) {
  EXPECT_THAT(Faults({"placement.server_cpus=0-x"}),
              ElementsAre(HasSubstr("placement.server_cpus: ")));
  EXPECT_THAT(Faults({"placement.load_cpus=3-1"}), ElementsAre(HasSubstr("placement.load_cpus: ")));
}

TEST(PlanRulesTest, ThresholdsUseKnownNamesAndValidLimits) {
  EXPECT_THAT(Faults({"thresholds[0].metric=p99us"}),
              ElementsAre(HasSubstr("thresholds[0].metric: there is no metric \"p99us\"; did you "
                                    "mean \"p99_us\"?")));
  EXPECT_THAT(Faults({"thresholds[0].target=hyper"}),
              ElementsAre(HasSubstr("thresholds[0].target: there is no target \"hyper\"")));
  EXPECT_THAT(Faults({"thresholds[0].workload=jason"}),
              ElementsAre(HasSubstr("did you mean \"json\"?")));
  EXPECT_THAT(Faults({"thresholds[0].max=", "thresholds[0].min="}),
              ElementsAre(HasSubstr("has neither max nor min")));
  EXPECT_THAT(Faults({"thresholds[0].max=0.5"}), ElementsAre(HasSubstr("max 0.5 is below min 1")));
  EXPECT_THAT(Faults({"thresholds[0].max=inf"}), ElementsAre(HasSubstr("finite")));
}

TEST(PlanRulesTest, ARegressionThresholdHasNoOtherLimit) {
  EXPECT_THAT(
      Faults({"thresholds[0].max=", "thresholds[0].min=", "thresholds[0].regression_percent=5"}),
      IsEmpty());
  EXPECT_THAT(Faults({"thresholds[0].regression_percent=5"}),
              ElementsAre(HasSubstr("has both regression_percent and a max or min")));
  for (const char* const percent : {"-1", "inf"}) {
    EXPECT_THAT(Faults({"thresholds[0].max=", "thresholds[0].min=",
                        std::string("thresholds[0].regression_percent=") + percent}),
                ElementsAre(HasSubstr("thresholds[0].regression_percent: ")));
  }
  EXPECT_THAT(
      Faults({"thresholds[0].max=", "thresholds[0].min=", "thresholds[0].metric=mean_of_medians_us",
              "thresholds[0].regression_percent=5"}),
      ElementsAre(HasSubstr("cannot be compared between campaigns")));
}

TEST(PlanRulesTest, AThresholdMayUseEveryMetric) {
  for (const Metric& metric : AllMetrics()) {
    if (metric.name == kCapacityMetric) continue;  // Only with load.find.
    EXPECT_THAT(Faults({"thresholds[0].metric=" + std::string(metric.name)}), IsEmpty());
  }
}

TEST(PlanRulesTest, ServerCpuCannotBeThePrimaryMetricOfAServerGivenByUrl) {
  EXPECT_THAT(Faults({"primary_metric=server_cpu_us_per_request"}),
              ElementsAre(HasSubstr("primary_metric: ")));
  EXPECT_THAT(Faults({"primary_metric=p95_us"}), IsEmpty());
}

// gRPC would reject a larger body with a message that does not name the workload.
TEST(PlanRulesTest, RejectsABodyThatDoesNotFitIntoAMessage) {
  EXPECT_THAT(Faults({"workloads[1].body=" + std::string((3 << 20) + 1, 'x')}),
              ElementsAre(HasSubstr("workloads[1].body: is 3145729 bytes long")));
}

TEST(PlanRulesTest, LimitsTheNumberOfExecutions) {
  EXPECT_THAT(Faults({"blocks=10001"}), ElementsAre(HasSubstr("blocks: 10001 is more than")));
}

// 30,000 targets and a threshold for each took 40 s when each threshold went through all targets. The time limit of the
// test decides.
TEST(PlanRulesTest, ALargePlanIsCheckedInOnePass) {
  constexpr int kTargets = 30'000;
  constexpr int kThresholds = 40'000;
  std::string text =
      "name: 'x' workloads { name: 'w' } load { closed { connections: 1 requests: 1 } } blocks: 1";
  for (int i = 0; i < kTargets; ++i) {
    absl::StrAppend(&text, "\ntargets { name: 'epoll' label: 'label-", i, "' }");
  }
  for (int i = 0; i < kThresholds; ++i) {
    absl::StrAppend(&text, "\nthresholds { metric: 'p99_us' target: 'label-", i % kTargets,
                    "' max: 1 }");
  }
  const absl::StatusOr<LoadedPlan> loaded = ParsePlan(text, PlanFormat::kText, "p", "");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(Validate(*loaded).ok());
  const Plan full = WithDefaults(loaded->plan);
  EXPECT_EQ(full.targets(kTargets - 1).label(), "label-29999");
  EXPECT_EQ(WithDefaults(WithoutDerivedDefaults(full)).SerializeAsString(),
            full.SerializeAsString());

  // Nor do many faults take long, each of which could list all labels.
  Plan wrong = loaded->plan;
  for (Threshold& one : *wrong.mutable_thresholds()) one.set_target("lable-1");
  const absl::Status refused = Validate(wrong);
  EXPECT_LT(refused.message().size(), 100'000);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("did you mean \"label-1\"?"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("and 39900 more faults"));
}

TEST(PlanRulesTest, LimitsTheComparisonsOfAllThresholds) {
  Plan plan = Changed({}).plan;
  Threshold every = plan.thresholds(0);
  every.clear_target();
  every.clear_workload();
  for (int i = 0; i <= 1'000'000 / (3 * 2 * 2); ++i) *plan.add_thresholds() = every;
  EXPECT_THAT(std::string(Validate(plan).message()),
              HasSubstr("thresholds: thresholds, targets, workloads and levels make more than"));
}

TEST(PlanRulesTest, RejectsNamesThatGiveTwoCellsTheSameText) {
  EXPECT_THAT(Faults({"targets[0].label=a", "targets[1].label=a b", "workloads[0].name=b c",
                      "workloads[1].name=c", "thresholds=", "baseline="}),
              ElementsAre(HasSubstr("\"a b c\" could be a cell of two targets")));
}

// The readers of text and JSON accept these values, but they cannot be stored.
TEST(PlanRulesTest, RejectsValuesThatAStoredMessageCannotHold) {
  Plan plan = Changed({}).plan;
  plan.mutable_targets(1)->set_label("\xff");
  plan.set_baseline("");
  plan.set_verdict(static_cast<Plan::Verdict>(99));
  const std::string message(Validate(plan).message());
  EXPECT_THAT(message, HasSubstr("targets[1].label: is not UTF-8"));
  EXPECT_THAT(message, HasSubstr("verdict: 99 is not one of COMPARE, NONE"));
}

TEST(PlanRulesTest, RejectsLongNamesAndControlCharacters) {
  EXPECT_THAT(Faults({"name=a\nb"}), ElementsAre(HasSubstr("name: has a control character")));
  EXPECT_THAT(Faults({"name=" + std::string(101, 'a')}),
              ElementsAre(HasSubstr("name: is 101 bytes long")));
}

TEST(WithDefaultsTest, FillsInUnsetFields) {
  const absl::StatusOr<LoadedPlan> loaded = ParsePlan(
      "name: \"x\" targets { name: \"epoll\" } workloads { name: \"get\" } "
      "workloads { name: \"post\" body: \"\" expect { } } "
      "load { closed { connections: 1 duration { seconds: 1 } } }",
      PlanFormat::kText, "p", "");
  ASSERT_TRUE(loaded.ok());
  const Plan plan = WithDefaults(loaded->plan);
  EXPECT_EQ(plan.targets(0).label(), "epoll");
  EXPECT_EQ(plan.workloads(0).method(), "GET");
  EXPECT_EQ(plan.workloads(0).path(), "/");
  EXPECT_EQ(plan.workloads(0).pipeline(), 1);
  EXPECT_FALSE(plan.workloads(0).has_expect()) << "the contract says what is right";
  EXPECT_EQ(plan.workloads(1).method(), "POST") << "an empty body is a body";
  EXPECT_EQ(plan.workloads(1).expect().status(), 200);
  EXPECT_EQ(plan.load().warmup().seconds(), 0.5);
  EXPECT_EQ(plan.load().timeout().seconds(), 5);
  EXPECT_EQ(plan.blocks(), 10);
  EXPECT_EQ(plan.seed(), 1);
  EXPECT_EQ(plan.verdict(), Plan::COMPARE);
  EXPECT_EQ(plan.on_failure(), Plan::CONTINUE);
  EXPECT_EQ(plan.baseline(), "epoll");
  EXPECT_EQ(plan.primary_metric(), "server_cpu_us_per_request");
}

// `rerun --set targets[0].name=hyper` must not call hyper "epoll".
TEST(WithoutDerivedDefaultsTest, ClearsOnlyDefaultsThatDependOnOtherFields) {
  const Plan full = WithDefaults(Changed({"targets[1].label=mine", "baseline="}).plan);
  Plan bare = WithoutDerivedDefaults(full);
  EXPECT_EQ(WithDefaults(bare).SerializeAsString(), full.SerializeAsString());
  EXPECT_EQ(bare.targets(1).label(), "mine");
  EXPECT_EQ(bare.blocks(), full.blocks());
  bare.mutable_targets(0)->set_name("hyper");
  EXPECT_EQ(WithDefaults(bare).targets(0).label(), "hyper");
  EXPECT_EQ(WithDefaults(bare).baseline(), "hyper");
  bare.mutable_workloads(0)->set_body("{}");
  EXPECT_EQ(WithDefaults(bare).workloads(0).method(), "POST");
}

// The original experiment counted all requests from the first one on.
TEST(WithDefaultsTest, ACountedWindowHasNoWarmUp) {
  EXPECT_EQ(WithDefaults(Changed({"load.closed.requests=10", "load.warmup="}).plan)
                .load()
                .warmup()
                .seconds(),
            0);
}

TEST(WithDefaultsTest, AnOpenLoopIsJudgedByItsTail) {
  const Plan plan =
      WithDefaults(Changed({"load.curve.rates_per_s=10,20", "load.curve.duration.seconds=1"}).plan);
  EXPECT_EQ(plan.primary_metric(), "p99_us");
  EXPECT_EQ(plan.load().curve().connections(), 64);
  EXPECT_EQ(plan.load().curve().arrivals(), OpenLoop::CONSTANT);
}

TEST(WithDefaultsTest, AServerByUrlIsJudgedByItsLatency) {
  EXPECT_EQ(WithDefaults(Changed({}).plan).primary_metric(), "p50_us");
}

TEST(WithDefaultsTest, KeepsSetFieldsStaysValidAndIsIdempotent) {
  const Plan plan = WithDefaults(Changed({}).plan);
  EXPECT_EQ(plan.blocks(), 8);
  EXPECT_EQ(plan.load().warmup().seconds(), 0);
  EXPECT_EQ(plan.targets(1).label(), "epoll (again)");
  EXPECT_TRUE(Validate(plan).ok()) << Validate(plan);
  EXPECT_EQ(WithDefaults(plan).SerializeAsString(), plan.SerializeAsString());
}

TEST(PlanRulesTest, MeasuresTheCostOfProfilingOnlyInLongEnoughExecutions) {
  EXPECT_THAT(Faults({"profile.measure_cost=true"}),
              ElementsAre(HasSubstr("profile.measure_cost: needs a separate_execution of 4 s")));
  EXPECT_THAT(Faults({"profile.separate_execution.seconds=3", "profile.measure_cost=true"}),
              ElementsAre(HasSubstr("profile.measure_cost: needs")));
  EXPECT_THAT(Faults({"profile.separate_execution.seconds=4", "profile.measure_cost=true"}),
              IsEmpty());
  const auto measured = [](const std::vector<std::string>& overrides) {
    return WithDefaults(Changed(overrides).plan).profile().measure_cost();
  };
  EXPECT_TRUE(measured({"profile.separate_execution.seconds=4"}));
  EXPECT_FALSE(measured({"profile.separate_execution.seconds=3"}));
  EXPECT_FALSE(measured({"profile.frequency_hz=99"}));
  EXPECT_FALSE(measured({"profile.separate_execution.seconds=4", "profile.measure_cost=false"}));
}

}  // namespace
}  // namespace assay::controller
