// Tests of the search for a capacity against simulated servers.

#include "controller/plan/capacity_search.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "analysis/random_stream.h"
#include "controller/plan/cells.h"
#include "controller/plan/plan_rules.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

using Kind = RateEvidence::Kind;
using Limit = SearchResult::Limit;

// What an execution of a simulated server shows.
using Server = std::function<RateEvidence(const SearchStep&)>;

RateEvidence Met() { return {Kind::kMet, ""}; }
RateEvidence Missed() { return {Kind::kMissed, "p99_us is 6000"}; }
RateEvidence GeneratorLimit() { return {Kind::kGeneratorLimit, "generator_saturated is 0.99"}; }
RateEvidence Disturbed() { return {Kind::kNone, "foreign_cpu is 0.5"}; }

Server WithKnee(double knee) {
  return [knee](const SearchStep& step) { return step.rate_per_s <= knee ? Met() : Missed(); };
}

struct Made {
  SearchResult result;
  std::vector<SearchStep> steps;
  int confirmations = 0;
};

Made Search(const Server& server, const SearchRules& rules = {}) {
  Made made;
  CapacitySearch search(rules);
  while (search.Next().has_value()) {
    made.steps.push_back(*search.Next());
    search.Record(server(*search.Next()));
  }
  made.result = search.result();
  made.confirmations = search.confirmations();
  EXPECT_LE(search.probes(), rules.most_probes);
  EXPECT_LE(search.confirmations(), rules.most_confirmations);
  return made;
}

TEST(CapacitySearchTest, FindsTheKneeToWithinThePrecisionAndConfirmsItAtFullLength) {
  for (const double knee : {40.0, 999.0, 1'000.0, 7'310.0, 61'234.0, 2'500'000.0}) {
    const Made made = Search(WithKnee(knee));
    ASSERT_TRUE(made.result.confirmed.has_value()) << knee;
    EXPECT_LE(*made.result.confirmed, knee);
    EXPECT_GE(*made.result.confirmed, 0.97 * knee);
    EXPECT_EQ(made.result.limit, Limit::kObjective) << knee;
    EXPECT_FALSE(made.result.at_least());
    EXPECT_GT(*made.result.limiting_rate, knee);
    EXPECT_EQ(made.result.why, "p99_us is 6000");
    // Two full-length executions: one confirms the rate, and one shows that the next is too high.
    EXPECT_EQ(made.confirmations, 2);
    const SearchStep& confirming = made.steps[made.steps.size() - 2];
    EXPECT_TRUE(confirming.full_length);
    EXPECT_EQ(confirming.rate_per_s, *made.result.confirmed);
    EXPECT_TRUE(made.steps.back().full_length);
    EXPECT_EQ(made.steps.back().rate_per_s, *made.result.limiting_rate);
    // `check` says that most searches make fewer than half of the executions that they may.
    const SearchRules rules;
    EXPECT_LT(made.steps.size(), (rules.most_probes + rules.most_confirmations) / 2) << knee;
  }
}

// A stall of the machine makes one execution miss, whatever the server can do.
TEST(CapacitySearchTest, DisturbancesOfSingleExecutionsHardlyMoveTheResult) {
  constexpr double kKnee = 50'000;
  int close = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    RandomStream random(seed, 0);
    const Made made = Search([&](const SearchStep& step) {
      const bool stalls = random.Next() % 10 == 0;
      return step.rate_per_s <= kKnee && !stalls ? Met() : Missed();
    });
    ASSERT_TRUE(made.result.confirmed.has_value()) << seed;
    EXPECT_LE(*made.result.confirmed, kKnee);
    close += *made.result.confirmed >= 0.95 * kKnee ? 1 : 0;
  }
  EXPECT_GE(close, 195);
}

// Near its knee a server meets the objective in some executions only.
// Two probes in a row are disturbed long before the knee. The full length shows that the rate is not too high.
TEST(CapacitySearchTest, ARateThatOnlyDisturbedProbesMissedDoesNotEndTheSearch) {
  const Server server = WithKnee(50'000);
  int disturbed = 0;
  const Made made = Search([&](const SearchStep& step) {
    if (step.rate_per_s == 8'000 && !step.full_length && ++disturbed <= 2) return Missed();
    return server(step);
  });
  EXPECT_EQ(made.result.limit, Limit::kObjective);
  EXPECT_NEAR(*made.result.confirmed, 50'000, 1'500);
}

TEST(CapacitySearchTest, AGradualKneeGivesARateWithinItsRange) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    RandomStream random(seed, 0);
    const Made made = Search([&](const SearchStep& step) {
      const double beyond = (step.rate_per_s - 45'000) / 10'000;
      const double drawn = static_cast<double>(random.Next() % 1'000) / 1'000;
      return drawn >= beyond ? Met() : Missed();
    });
    ASSERT_TRUE(made.result.confirmed.has_value()) << seed;
    EXPECT_GE(*made.result.confirmed, 38'000) << seed;
    EXPECT_LE(*made.result.confirmed, 55'000) << seed;
  }
}

// The full length shows what a probe is too short for.
TEST(CapacitySearchTest, StepsDownTwiceAsFarEachTimeUntilAFullLengthExecutionConfirms) {
  const Made made = Search([](const SearchStep& step) {
    return step.rate_per_s <= (step.full_length ? 9'000 : 10'000) ? Met() : Missed();
  });
  ASSERT_TRUE(made.result.confirmed.has_value());
  EXPECT_LE(*made.result.confirmed, 9'000);
  EXPECT_GE(*made.result.confirmed, 8'400);
  EXPECT_EQ(made.result.limit, Limit::kObjective);
  std::vector<double> rates;
  for (const SearchStep& step : made.steps) {
    if (step.full_length && (rates.empty() || rates.back() != step.rate_per_s))
      rates.push_back(step.rate_per_s);
  }
  ASSERT_EQ(rates.size(), 4);
  EXPECT_NEAR(rates[1] / rates[0], 0.98, 0.005);
  EXPECT_NEAR(rates[2] / rates[1], 0.96, 0.005);
  EXPECT_NEAR(rates[3] / rates[2], 0.92, 0.005);
  EXPECT_EQ(*made.result.limiting_rate, rates[2]);
}

TEST(CapacitySearchTest, TheLimitOfTheLoadGeneratorIsNotTheServers) {
  const Made made = Search(
      [](const SearchStep& step) { return step.rate_per_s <= 80'000 ? Met() : GeneratorLimit(); });
  ASSERT_TRUE(made.result.confirmed.has_value());
  EXPECT_LE(*made.result.confirmed, 80'000);
  EXPECT_GE(*made.result.confirmed, 0.97 * 80'000);
  EXPECT_EQ(made.result.limit, Limit::kGenerator);
  EXPECT_TRUE(made.result.at_least());
  EXPECT_EQ(made.result.why, "generator_saturated is 0.99");
}

// Of two executions at one rate, one was perhaps the generator's fault.
TEST(CapacitySearchTest, ARateThatServerAndGeneratorMissIsTheGeneratorsLimit) {
  int at_high = 0;
  const Made made = Search([&](const SearchStep& step) {
    if (step.rate_per_s <= 3'000) return Met();
    return ++at_high % 2 == 0 ? GeneratorLimit() : Missed();
  });
  EXPECT_TRUE(made.result.at_least());
  EXPECT_EQ(made.result.limit, Limit::kGenerator);
}

// Once the server itself is the limit below the generator's, its capacity is known.
TEST(CapacitySearchTest, AServerThatIsSlowerThanTheLoadGeneratorHasACapacity) {
  const Made made = Search([](const SearchStep& step) {
    if (step.rate_per_s > 60'000) return GeneratorLimit();
    return step.rate_per_s <= 50'000 ? Met() : Missed();
  });
  EXPECT_EQ(made.result.limit, Limit::kObjective);
  EXPECT_NEAR(*made.result.confirmed, 50'000, 1'500);
}

TEST(CapacitySearchTest, AServerThatNeverMeetsTheObjectiveEndsTheSearchAtTheLowestRate) {
  const SearchRules rules = {.lowest_rate = 300};
  const Made made = Search([](const SearchStep&) { return Missed(); }, rules);
  EXPECT_EQ(made.result.confirmed, std::nullopt);
  EXPECT_TRUE(made.result.none_meets());
  EXPECT_EQ(*made.result.limiting_rate, 300);
  EXPECT_EQ(made.steps.back().rate_per_s, 300);
  EXPECT_EQ(made.confirmations, 0);
}

TEST(CapacitySearchTest, AServerThatAlwaysMeetsItHasAtLeastTheHighestRate) {
  const SearchRules rules = {.highest_rate = 100'000};
  const Made made = Search([](const SearchStep&) { return Met(); }, rules);
  EXPECT_EQ(made.result.confirmed, 100'000);
  EXPECT_EQ(made.result.limit, Limit::kHighestRate);
  EXPECT_TRUE(made.result.at_least());
  EXPECT_EQ(made.result.limiting_rate, std::nullopt);
}

// A disturbance is no evidence against the server: the rate is tried again.
TEST(CapacitySearchTest, ADisturbedExecutionIsRepeatedAndChangesNothing) {
  int made_so_far = 0;
  const Server server = WithKnee(20'000);
  const Made made = Search(
      [&](const SearchStep& step) { return ++made_so_far % 4 == 0 ? Disturbed() : server(step); });
  EXPECT_EQ(made.result.limit, Limit::kObjective);
  EXPECT_EQ(made.result.confirmed, Search(server).result.confirmed);
}

TEST(CapacitySearchTest, LastingDisturbancesEndTheSearchWithWhatLowerRatesShowed) {
  const Made made =
      Search([](const SearchStep& step) { return step.rate_per_s < 10'000 ? Met() : Disturbed(); });
  EXPECT_EQ(made.result.confirmed, 8'000);
  EXPECT_EQ(made.result.limit, Limit::kNoEvidence);
  EXPECT_TRUE(made.result.at_least());
  EXPECT_EQ(made.result.why, "foreign_cpu is 0.5");
  // Four that met it, three at 16,000, one full-length.
  EXPECT_EQ(made.steps.size(), 8);

  const Made nothing = Search([](const SearchStep&) { return Disturbed(); });
  EXPECT_EQ(nothing.result.confirmed, std::nullopt);
  EXPECT_FALSE(nothing.result.none_meets());
  EXPECT_EQ(nothing.steps.size(), 3);

  // What only probes showed is not confirmed.
  const Made unconfirmed = Search([](const SearchStep& step) {
    return step.full_length ? Disturbed() : WithKnee(5'000)(step);
  });
  EXPECT_EQ(unconfirmed.result.confirmed, std::nullopt);
  EXPECT_EQ(unconfirmed.result.limit, Limit::kNoEvidence);
}

TEST(CapacitySearchTest, ASearchThatIsNotDoneAfterItsExecutionsSaysSo) {
  const SearchRules few = {.most_probes = 4};
  const Made made = Search(WithKnee(100'000), few);
  EXPECT_EQ(made.result.confirmed, 8'000);
  EXPECT_EQ(made.result.limit, Limit::kExecutions);
  EXPECT_TRUE(made.result.at_least());
  const Made never =
      Search([](const SearchStep& step) { return step.full_length ? Missed() : Met(); },
             {.highest_rate = 4'000, .most_confirmations = 5});
  EXPECT_EQ(never.result.confirmed, std::nullopt);
  EXPECT_EQ(never.result.limit, Limit::kExecutions);
}

// Whatever executions show, a search ends within its limits, after a few executions at each rate.
TEST(CapacitySearchTest, EndsWhateverExecutionsShow) {
  for (uint64_t seed = 1; seed <= 2'000; ++seed) {
    RandomStream random(seed, 1);
    const Made made = Search([&](const SearchStep&) {
      switch (random.Next() % 4) {
        case 0:
          return Met();
        case 1:
          return Missed();
        case 2:
          return GeneratorLimit();
        default:
          return Disturbed();
      }
    });
    int in_a_row = 1;
    for (size_t i = 1; i < made.steps.size(); ++i) {
      const SearchStep& before = made.steps[i - 1];
      const SearchStep& step = made.steps[i];
      const bool same =
          before.rate_per_s == step.rate_per_s && before.full_length == step.full_length;
      in_a_row = same ? in_a_row + 1 : 1;
      EXPECT_LE(in_a_row, 5) << seed << ": " << step.rate_per_s;
    }
    if (made.result.confirmed.has_value() && made.result.limiting_rate.has_value()) {
      EXPECT_LT(*made.result.confirmed, *made.result.limiting_rate) << seed;
    }
  }
}

Plan FindPlan(const std::string& find) {
  Plan plan;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "name: 'find' targets { name: 'epoll' } targets { name: 'nginx' } workloads { name: 'json' "
      "path: '/json' } blocks: 2 load { warmup { seconds: 0.1 } find { " +
          find + " } }",
      &plan));
  EXPECT_TRUE(Validate(plan).ok()) << Validate(plan);
  return WithDefaults(plan);
}

// A probe at the lowest rate has enough requests for the quantile of the objective.
TEST(CapacitySearchTest, ProbesAreLongEnoughForTheMetric) {
  const Plan p99 = FindPlan("metric: 'p99_us' max: 5000 duration { seconds: 2 }");
  EXPECT_EQ(ProbeLengthOf(p99.load().find()), absl::Milliseconds(500));
  EXPECT_NEAR(SearchRulesOf(p99).lowest_rate, 368 * 1.2 / 0.5, 10);
  EXPECT_EQ(SearchRulesOf(p99).first_rate, 1'000);
  const Plan p999 = FindPlan("metric: 'p999_us' max: 5000 duration { seconds: 20 }");
  EXPECT_EQ(ProbeLengthOf(p999.load().find()), absl::Seconds(5));
  // No longer than the full length; the lowest rate is then higher.
  const Plan p9999 = FindPlan("metric: 'p9999_us' max: 5000 duration { seconds: 2 }");
  EXPECT_EQ(ProbeLengthOf(p9999.load().find()), absl::Seconds(2));
  EXPECT_NEAR(SearchRulesOf(p9999).lowest_rate, 36'887 * 1.2 / 2, 200);
  EXPECT_EQ(SearchRulesOf(p9999).first_rate, SearchRulesOf(p9999).lowest_rate);
}

TEST(CapacitySearchTest, APlanHasOneSearchForEachTargetAndWorkloadInEachBlock) {
  const Plan plan = FindPlan("metric: 'p99_us' max: 5000 duration { seconds: 2 }");
  EXPECT_EQ(plan.design(), Plan::SEQUENTIAL);
  EXPECT_EQ(plan.primary_metric(), "capacity_rps");
  EXPECT_EQ(plan.load().find().connections(), 64);
  const std::vector<Cell> cells = CellsOf(plan);
  ASSERT_EQ(cells.size(), 2);
  EXPECT_EQ(CellText(cells[0]), "epoll json capacity");
  EXPECT_TRUE(IsSearch(cells[0]));
  EXPECT_EQ(ScheduleOf(plan).size(), 4);
  // An execution belongs to its search.
  const Cell cell = CellOfStep(cells[0], 70'700);
  EXPECT_EQ(CellText(cell), "epoll json 70700/s");
  EXPECT_FALSE(IsSearch(cell));
  EXPECT_EQ(CellText(SearchOfCell(cell)), CellText(cells[0]));
  // The longest that four searches can take: 40 probes of 0.5 s and 12 executions of 2 s, each with its warm-up.
  const CampaignLength length = LengthOf(plan, 4);
  EXPECT_EQ(length.measuring, 4 * (40 * absl::Seconds(0.6) + 12 * absl::Seconds(2.1)));
  EXPECT_GT(length.total, length.measuring);
}

TEST(CapacitySearchTest, AStepIsAnOpenLoopOfTheSamePlan) {
  const Plan plan = FindPlan("metric: 'p99_us' max: 5000 connections: 8 duration { seconds: 2 }");
  const Plan probe = PlanOfStep(plan, {.rate_per_s = 4'000});
  EXPECT_EQ(probe.load().open().rate_per_s(), 4'000);
  EXPECT_EQ(probe.load().open().connections(), 8);
  EXPECT_EQ(probe.load().open().arrivals(), OpenLoop::POISSON);
  EXPECT_EQ(probe.load().open().duration().seconds(), 0.5);
  EXPECT_EQ(probe.load().warmup().seconds(), 0.1);
  EXPECT_EQ(
      PlanOfStep(plan, {.rate_per_s = 1, .full_length = true}).load().open().duration().seconds(),
      2);
}

}  // namespace
}  // namespace assay::controller
