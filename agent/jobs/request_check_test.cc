#include "agent/jobs/request_check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "common/testing/load_limit_cases.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

OpenRequest ServerRequest() {
  OpenRequest request;
  request.mutable_job()->set_execution_id("e");
  request.mutable_job()->set_role(JobId::SERVER);
  request.set_lease_ms(10'000);
  request.mutable_server()->set_target("epoll");
  request.mutable_server()->mutable_verify()->set_path("/json");
  request.mutable_server()->mutable_window()->set_requests(10'000);
  return request;
}

OpenRequest LoadRequest() {
  OpenRequest request;
  request.mutable_job()->set_execution_id("e");
  request.mutable_job()->set_role(JobId::LOAD);
  request.set_lease_ms(10'000);
  LoadSpec& load = *request.mutable_load();
  load.set_destination("127.0.0.1:9000");
  load.mutable_workload()->set_path("/json");
  load.mutable_window()->set_duration_ns(1'000'000'000);
  load.mutable_closed()->set_connections(64);
  load.set_timeout_ns(5'000'000'000);
  return request;
}

// The request, with one thing changed, is refused by a message that begins with the field's name.
void ExpectWrong(OpenRequest request, const std::function<void(OpenRequest&)>& change,
                 const std::string& field) {
  ASSERT_TRUE(CheckOpenRequest(request).ok()) << CheckOpenRequest(request);
  change(request);
  const absl::Status wrong = CheckOpenRequest(request);
  EXPECT_TRUE(absl::IsInvalidArgument(wrong)) << field << ": " << wrong;
  EXPECT_EQ(std::string(wrong.message()).rfind(field + ":", 0), 0u) << wrong;
}

TEST(RequestCheckTest, NamesTheFieldOfThePartThatIsWrong) {
  const OpenRequest good = ServerRequest();
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_job()->clear_execution_id(); }, "job.execution_id");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_job()->set_execution_id("a b"); }, "job.execution_id");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_job()->set_execution_id("\x1b[2J"); },
      "job.execution_id");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_job()->set_execution_id(std::string(201, 'a')); },
      "job.execution_id");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_job()->clear_role(); }, "job.role");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_job()->set_role(JobId::LOAD); }, "load");
  ExpectWrong(
      good, [](OpenRequest& r) { r.set_lease_ms(999); }, "lease_ms");
  ExpectWrong(
      good, [](OpenRequest& r) { r.set_lease_ms(600'001); }, "lease_ms");
}

TEST(RequestCheckTest, NamesTheFieldOfTheServerThatIsWrong) {
  const OpenRequest good = ServerRequest();
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_server()->clear_target(); }, "server.target");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_server()->set_port(65'536); }, "server.port");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_server()->clear_window(); }, "server.window");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_server()->mutable_window()->set_duration_ns(1); },
      "server.window");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_server()->mutable_verify()->set_body_file("b"); },
      "server.verify.body_file");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_server()->mutable_verify()->set_path("json"); },
      "server.verify.path");
}

TEST(RequestCheckTest, NamesTheFieldOfTheLoadThatIsWrong) {
  const OpenRequest good = LoadRequest();
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->clear_destination(); }, "load.destination");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->clear_closed(); }, "load");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->mutable_closed()->set_connections(0); },
      "load.closed.connections");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->set_threads(65); }, "load.threads");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->set_timeout_ns(0); }, "load.timeout_ns");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->mutable_open()->set_connections(5); },
      "load.open.rate_per_s");
  ExpectWrong(
      good,
      [](OpenRequest& r) {
        r.mutable_load()->set_share_count(2);
        r.mutable_load()->set_share_index(2);
      },
      "load.share_index");
}

SlotSchedule Slots() {
  SlotSchedule slots;
  slots.set_period_ns(25'000'000);
  slots.set_slot_ns(20'000'000);
  slots.set_count(4);
  slots.add_own(1);
  slots.add_own(2);
  return slots;
}

TEST(RequestCheckTest, NamesTheFieldOfTheSlotsThatIsWrong) {
  OpenRequest server = ServerRequest();
  server.mutable_server()->mutable_window()->clear_requests();
  server.mutable_server()->mutable_window()->set_duration_ns(40'000'000);
  *server.mutable_server()->mutable_slots() = Slots();
  OpenRequest load = LoadRequest();
  *load.mutable_load()->mutable_slots() = Slots();
  ExpectWrong(
      server, [](OpenRequest& r) { r.mutable_server()->mutable_slots()->set_count(2); },
      "server.slots");
  ExpectWrong(
      load, [](OpenRequest& r) { r.mutable_load()->mutable_slots()->set_count(2); }, "load.slots");
  ExpectWrong(
      server, [](OpenRequest& r) { r.mutable_server()->mutable_window()->set_requests(10); },
      "server.slots");
  ExpectWrong(
      load, [](OpenRequest& r) { r.mutable_load()->mutable_window()->set_warmup_ns(1); },
      "load.window");
  // The profiler's cost would be part of the slots' CPU time.
  ExpectWrong(
      server,
      [](OpenRequest& r) { r.mutable_server()->mutable_profile()->set_frequency_hz(1'000); },
      "server.profile");
}

TEST(RequestCheckTest, BoundsTheGroupAndThePadding) {
  OpenRequest good = ServerRequest();
  good.set_group("b1.json.64");
  good.mutable_server()->set_environment_padding(4'096);
  ExpectWrong(
      good, [](OpenRequest& r) { r.set_group("a b"); }, "group");
  ExpectWrong(
      good, [](OpenRequest& r) { r.set_group(std::string(201, 'a')); }, "group");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_server()->set_environment_padding(4'097); },
      "server.environment_padding");
}

// A header with a line end in it would be two, or a second request.
TEST(RequestCheckTest, RefusesWhatWouldSmuggleIntoARequest) {
  const OpenRequest good = LoadRequest();
  ExpectWrong(
      good,
      [](OpenRequest& r) {
        Header& header = *r.mutable_load()->mutable_workload()->add_headers();
        header.set_name("X-A");
        header.set_value("1\r\nX-B: 2");
      },
      "load.workload.headers");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->mutable_workload()->set_method("GET /x"); },
      "load.workload.method");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->mutable_workload()->set_path("/a\r\nb"); },
      "load.workload.path");
}

template <typename Change>
bool Takes(OpenRequest request, const Change& change) {
  change(request);
  return CheckOpenRequest(request).ok();
}

uint64_t Nanos(double seconds) {
  // As the controller counts them, which refuses the others itself.
  return seconds < 0 ? 0 : static_cast<uint64_t>(std::min(seconds, 1e9) * 1e9);
}

// A plan and loadgen have the same: their tests go through the same values.
TEST(RequestCheckTest, TimesCountsAndRatesHaveTheBoundsOfALoad) {
  for (const auto& [seconds, good] : kSecondsOfWindow) {
    const uint64_t ns = Nanos(seconds);
    EXPECT_EQ(
        Takes(LoadRequest(),
              [&](OpenRequest& r) { r.mutable_load()->mutable_window()->set_duration_ns(ns); }),
        good)
        << ns;
    EXPECT_EQ(Takes(LoadRequest(), [&](OpenRequest& r) { r.mutable_load()->set_timeout_ns(ns); }),
              good)
        << ns;
    EXPECT_EQ(Takes(ServerRequest(),
                    [&](OpenRequest& r) {
                      r.mutable_server()->mutable_window()->clear_requests();
                      r.mutable_server()->mutable_window()->set_duration_ns(ns);
                    }),
              good)
        << ns;
  }
  for (const auto& [value, good] : kSecondsOrNone) {
    const double seconds = value;
    EXPECT_EQ(Takes(LoadRequest(),
                    [&](OpenRequest& r) {
                      r.mutable_load()->mutable_window()->set_warmup_ns(Nanos(seconds));
                    }),
              good)
        << seconds;
    EXPECT_EQ(Takes(LoadRequest(),
                    [&](OpenRequest& r) {
                      r.mutable_load()->mutable_workload()->mutable_think()->set_seconds(seconds);
                    }),
              good)
        << seconds;
  }
  for (const auto& [value, good] : kCountsOfRequests) {
    const uint64_t requests = value;
    const auto counted = [&](OpenRequest& r) {
      r.mutable_load()->mutable_window()->clear_duration_ns();
      r.mutable_load()->mutable_window()->set_requests(requests);
    };
    EXPECT_EQ(Takes(LoadRequest(), counted), good) << requests;
  }
  for (const auto& [value, good] : kRates) {
    const double rate = value;
    const auto open = [&](OpenRequest& r) {
      r.mutable_load()->mutable_open()->set_connections(64);
      r.mutable_load()->mutable_open()->set_rate_per_s(rate / 3);
      r.mutable_load()->set_share_count(3);
    };
    // Three agents may have a third of the lowest rate each; none may have more than the highest.
    if (rate < 1) EXPECT_EQ(Takes(LoadRequest(), open), good) << rate;
    const auto alone = [&](OpenRequest& r) {
      open(r);
      r.mutable_load()->mutable_open()->set_rate_per_s(rate);
      r.mutable_load()->set_share_count(1);
    };
    EXPECT_EQ(Takes(LoadRequest(), alone), good) << rate;
  }
  for (const auto& [value, good] : kProfileRates) {
    const uint32_t hz = value;
    EXPECT_EQ(
        Takes(ServerRequest(),
              [&](OpenRequest& r) { r.mutable_server()->mutable_profile()->set_frequency_hz(hz); }),
        good)
        << hz;
  }
}

TEST(RequestCheckTest, RequestsHaveTheBoundsOfALoad) {
  const auto takes = [](const auto& change) {
    const bool loads = Takes(
        LoadRequest(), [&](OpenRequest& r) { change(*r.mutable_load()->mutable_workload()); });
    const bool serves = Takes(
        ServerRequest(), [&](OpenRequest& r) { change(*r.mutable_server()->mutable_verify()); });
    EXPECT_EQ(loads, serves);
    return loads;
  };
  for (const auto& [value, good] : kPipelines) {
    const uint32_t pipeline = value;
    EXPECT_EQ(takes([&](Workload& workload) { workload.set_pipeline(pipeline); }), good);
  }
  for (const auto& [value, good] : kStatuses) {
    const uint32_t status = value;
    EXPECT_EQ(takes([&](Workload& workload) { workload.mutable_expect()->set_status(status); }),
              good)
        << status;
  }
  for (const LimitCase<std::string>& one : kMethods) {
    EXPECT_EQ(takes([&](Workload& workload) { workload.set_method(one.value); }), one.good)
        << one.value;
  }
  for (const LimitCase<std::string>& one : kPaths) {
    EXPECT_EQ(takes([&](Workload& workload) { workload.set_path(one.value); }), one.good)
        << one.value;
  }
  for (const LimitCase<std::string>& one : kHeaderValues) {
    EXPECT_EQ(takes([&](Workload& workload) {
                Header& header = *workload.add_headers();
                header.set_name("X");
                header.set_value(one.value);
              }),
              one.good)
        << one.value.size();
  }
  for (const auto& [value, good] : kCountsOfHeaders) {
    const int count = value;
    EXPECT_EQ(takes([&](Workload& workload) {
                for (int i = 0; i < count; ++i) workload.add_headers()->set_name("X");
              }),
              good)
        << count;
  }
  EXPECT_FALSE(takes([](Workload& workload) {
    workload.set_body(std::string(2 << 20, 'x'));
    workload.mutable_expect()->set_body(std::string(2 << 20, 'x'));
  }));
}

TEST(RequestCheckTest, TransportsAndOptionsHaveTheBoundsOfALoad) {
  for (const LimitCase<std::string>& one : kServerNames) {
    EXPECT_EQ(Takes(LoadRequest(),
                    [&](OpenRequest& r) {
                      r.mutable_load()->set_tls(true);
                      r.mutable_load()->set_tls_server_name(one.value);
                    }),
              one.good)
        << one.value;
  }
  for (const LimitCase<std::string>& one : kHeaderNamesOfHttp2) {
    EXPECT_EQ(Takes(LoadRequest(),
                    [&](OpenRequest& r) {
                      r.mutable_load()->set_http2(true);
                      r.mutable_load()->mutable_workload()->add_headers()->set_name(one.value);
                    }),
              one.good)
        << one.value;
  }
  const auto with_option = [](size_t name, size_t value) {
    return Takes(ServerRequest(), [&](OpenRequest& r) {
      (*r.mutable_server()->mutable_options())[std::string(name, 'n')] = std::string(value, 'v');
    });
  };
  EXPECT_TRUE(with_option(100, 4'096));
  EXPECT_FALSE(with_option(101, 1));
  EXPECT_FALSE(with_option(1, 4'097));
}

}  // namespace
}  // namespace assay::agent
