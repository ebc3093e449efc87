#ifndef ASSAY_CONTROLLER_IMPORT_TOOL_OUTPUTS_H_
#define ASSAY_CONTROLLER_IMPORT_TOOL_OUTPUTS_H_

namespace assay::controller {

// Outputs of the tools that `import` reads, for tests. Those of wrk, h2load and hey were printed by Debian 12's versions;
// the others follow the sources of the tools.

// wrk 4.1.0, wrk -t1 -c2 -d1s --latency.
inline constexpr char kWrkOutput[] = R"out(Running 1s test @ http://127.0.0.1:18999/json
  1 threads and 2 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    50.46ms    8.19ms  67.78ms   74.36%
    Req/Sec    37.44      8.63    49.00     66.67%
  Latency Distribution
     50%   49.34ms
     75%   55.94ms
     90%  600.89us
     99%   67.78ms
  39 requests in 1.04s, 4.53KB read
Requests/sec:     37.43
Transfer/sec:      4.34KB
)out";

// wrk 4.1.0 against a path that does not exist, without --latency; with the line of socket errors of src/wrk.c.
inline constexpr char kWrkErrorsOutput[] = R"out(Running 1s test @ http://127.0.0.1:18999/none
  1 threads and 2 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    56.53ms   33.23ms 180.18ms   86.36%
    Req/Sec    38.90     11.69    60.00     80.00%
  40 requests in 1.10s, 5.04KB read
  Socket errors: connect 1, read 2, write 3, timeout 4
  Non-2xx or 3xx responses: 40
Requests/sec:     36.52
Transfer/sec:      4.60KB
)out";

inline constexpr char kWrk2Output[] = R"out(Running 30s test @ http://127.0.0.1:80/index.html
  2 threads and 100 connections
  Thread calibration: mean lat.: 9747 usec, rate sampling interval: 21 msec
  Thread calibration: mean lat.: 9631 usec, rate sampling interval: 21 msec
  Thread Stats   Avg      Stdev     99%   +/- Stdev
    Latency     6.46ms    1.93ms  11.50ms   67.66%
    Req/Sec     1.05k     1.12k    2.50k    64.84%
  Latency Distribution (HdrHistogram - Recorded Latency)
 50.000%    6.67ms
 75.000%    7.78ms
 90.000%    9.14ms
 99.000%   11.18ms
 99.900%   12.30ms
 99.990%   12.45ms
 99.999%   12.50ms
100.000%   12.50ms

  Detailed Percentile spectrum:
       Value   Percentile   TotalCount 1/(1-Percentile)

       0.921     0.000000            1         1.00
      12.495     1.000000        60018          inf
#[Mean    =        6.602, StdDeviation   =        1.921]
#[Max     =       12.496, Total count    =        60018]
#[Buckets =           27, SubBuckets     =         2048]
----------------------------------------------------------

  Latency Distribution (HdrHistogram - Uncorrected Latency (measured without taking delayed starts into account))
 50.000%    1.11ms
100.000%    2.22ms
  60017 requests in 30.01s, 19.81MB read
Requests/sec:   2000.15
Transfer/sec:    676.14KB
)out";

// h2load of nghttp2 1.52.0, h2load --h1 -n 40 -c 2.
inline constexpr char kH2loadOutput[] = R"out(starting benchmark...
spawning thread #0: 2 total client(s). 40 total requests
Application protocol: http/1.1
progress: 10% done
progress: 100% done

finished in 963.56ms, 41.51 req/s, 4.70KB/s
requests: 40 total, 40 started, 40 done, 38 succeeded, 2 failed, 0 errored, 0 timeout
status codes: 38 2xx, 0 3xx, 2 4xx, 0 5xx
traffic: 4.53KB (4640) total, 3.13KB (3200) headers (space savings 0.00%), 200B (200) data
                     min         max         mean         sd        +/- sd
time for request:     4.04ms     68.13ms     47.32ms     12.12ms    85.00%
time for connect:      332us     14.24ms      7.29ms      9.83ms   100.00%
time to 1st byte:     4.51ms     18.28ms     11.40ms      9.74ms   100.00%
req/s           :      20.80       21.10       20.95        0.21   100.00%
)out";

// hey 0.1.4, hey -n 40 -c 2.
inline constexpr char kHeyOutput[] =
    "\n"
    "Summary:\n"
    "  Total:\t1.2083 secs\n"
    "  Slowest:\t0.0911 secs\n"
    "  Fastest:\t0.0258 secs\n"
    "  Average:\t0.0556 secs\n"
    "  Requests/sec:\t33.1044\n"
    "  \n"
    "  Total data:\t200 bytes\n"
    "  Size/request:\t5 bytes\n"
    "\n"
    "Response time histogram:\n"
    "  0.026 [1]\t|■■■\n"
    "  0.032 [0]\t|\n"
    "\n"
    "\n"
    "Latency distribution:\n"
    "  10% in 0.0434 secs\n"
    "  25% in 0.0440 secs\n"
    "  50% in 0.0481 secs\n"
    "  75% in 0.0644 secs\n"
    "  90% in 0.0804 secs\n"
    "  95% in 0.0865 secs\n"
    "  0% in 0.0000 secs\n"
    "\n"
    "Details (average, fastest, slowest):\n"
    "  DNS+dialup:\t0.0003 secs, 0.0258 secs, 0.0911 secs\n"
    "  DNS-lookup:\t0.0000 secs, 0.0000 secs, 0.0000 secs\n"
    "\n"
    "Status code distribution:\n"
    "  [200]\t40 responses\n"
    "\n"
    "\n"
    "\n";

// hey 0.1.4 against a port without a server.
inline constexpr char kHeyErrorsOutput[] =
    "\n"
    "Summary:\n"
    "  Total:\t0.0088 secs\n"
    "  Slowest:\t0.0000 secs\n"
    "  Fastest:\t0.0000 secs\n"
    "  Average:\t NaN secs\n"
    "  Requests/sec:\t2268.6586\n"
    "  \n"
    "\n"
    "Response time histogram:\n"
    "\n"
    "\n"
    "Latency distribution:\n"
    "\n"
    "Details (average, fastest, slowest):\n"
    "  DNS+dialup:\t NaN secs, 0.0000 secs, 0.0000 secs\n"
    "\n"
    "Status code distribution:\n"
    "\n"
    "Error distribution:\n"
    "  [20]\tGet \"http://127.0.0.1:18998/json\": dial tcp 127.0.0.1:18998: connect: connection "
    "refused\n"
    "\n";

inline constexpr char kOhaTextOutput[] =
    "Summary:\n"
    "  Success rate:\t100.00%\n"
    "  Total:\t305.3 ms\n"
    "  Slowest:\t0.2916 sec\n"
    "  Fastest:\t0.0027 sec\n"
    "  Average:\t0.0213 sec\n"
    "  Requests/sec:\t655.0246\n"
    "\n"
    "  Total data:\t1.20 KiB\n"
    "  Size/request:\t6 B\n"
    "  Size/sec:\t3.93 KiB\n"
    "\n"
    "Response time histogram:\n"
    "  0.003 [1]  |\n"
    "  0.032 [99] |■■■■\n"
    "\n"
    "Response time distribution:\n"
    "  10.00% in 0.0030 sec\n"
    "  50.00% in 0.0057 sec\n"
    "  99.00% in 0.2864 sec\n"
    "  99.90% in 0.2916 sec\n"
    "  99.99% in 0.2916 sec\n"
    "\n"
    "\n"
    "Details (average, fastest, slowest):\n"
    "  DNS+dialup:\t0.1456 sec, 0.1375 sec, 0.1527 sec\n"
    "  DNS-lookup:\t0.0013 sec, 0.0000 sec, 0.0082 sec\n"
    "\n"
    "Status code distribution:\n"
    "  [200] 198 responses\n"
    "  [500] 2 responses\n"
    "\n"
    "Error distribution:\n"
    "  [3] aborted due to deadline\n";

inline constexpr char kOhaJsonOutput[] = R"out({
  "summary": {
    "successRate": 1.0,
    "total": 0.0305,
    "slowest": 0.0012345,
    "fastest": 0.000021,
    "average": 0.00057,
    "requestsPerSec": 6550.246,
    "totalData": 1200,
    "sizePerRequest": 6,
    "sizePerSec": 39300.0
  },
  "responseTimeHistogram": {"0.000021": 1, "0.0012345": 199},
  "latencyPercentiles": {
    "p10": 0.0001, "p25": 0.0002, "p50": 0.00041, "p75": 0.0006, "p90": 0.0009, "p95": 0.001,
    "p99": 0.0011, "p99.9": 0.0012345, "p99.99": null
  },
  "rps": {"mean": 6500.0, "stddev": 10.0, "max": 7000.0, "min": 6000.0, "percentiles": {"p50": 6500.0}},
  "details": {"DNSDialup": {"average": 0.0003, "fastest": 0.0002, "slowest": 0.0004}},
  "statusCodeDistribution": {"200": 198, "404": 2},
  "errorDistribution": {"aborted due to deadline": 3}
}
)out";

// k6 run --summary-export.
inline constexpr char kK6Output[] = R"out({
    "root_group": {"name": "", "path": "", "id": "d41d8cd98f00b204e9800998ecf8427e", "groups": {}, "checks": {}},
    "metrics": {
        "http_req_duration": {
            "max": 12.3456,
            "p(90)": 1.5,
            "p(95)": 2.25,
            "avg": 0.57,
            "min": 0.021,
            "med": 0.41
        },
        "http_req_failed": {"passes": 3, "fails": 997, "value": 0.003},
        "http_reqs": {"count": 1000, "rate": 99.75},
        "vus": {"value": 10, "min": 10, "max": 10}
    }
}
)out";

// What k6 passes to handleSummary().
inline constexpr char kK6HandleSummaryOutput[] = R"out({
  "options": {"summaryTrendStats": ["avg", "p(99)", "p(99.9)"]},
  "state": {"isStdOutTTY": false, "testRunDurationMs": 10025.5},
  "metrics": {
    "http_req_duration": {"type": "trend", "contains": "time", "values": {"avg": 0.57, "p(99)": 3.5, "p(99.9)": 4.5}},
    "http_reqs": {"type": "counter", "contains": "default", "values": {"count": 1000, "rate": 99.75}}
  }
}
)out";

inline constexpr char kFortioOutput[] = R"out({
  "RunType": "HTTP",
  "Labels": "127.0.0.1:8080",
  "StartTime": "2026-11-30T10:00:00.123456789Z",
  "RequestedQPS": "1000",
  "RequestedDuration": "10s",
  "ActualQPS": 999.75,
  "ActualDuration": 10002500000,
  "NumThreads": 8,
  "Version": "1.60.3",
  "DurationHistogram": {
    "Count": 10000,
    "Min": 0.000081,
    "Max": 0.0123456,
    "Sum": 3.5,
    "Avg": 0.00035,
    "StdDev": 0.0002,
    "Data": [{"Start": 0.000081, "End": 0.0123456, "Percent": 100, "Count": 10000}],
    "Percentiles": [
      {"Percentile": 50, "Value": 0.0003},
      {"Percentile": 99, "Value": 0.00125},
      {"Percentile": 99.9, "Value": 0.0075}
    ]
  },
  "Exactly": 0,
  "RetCodes": {"200": 9990, "503": 7, "-1": 3},
  "URL": "http://127.0.0.1:8080/echo?size=100",
  "SocketCount": 8
}
)out";

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_IMPORT_TOOL_OUTPUTS_H_
