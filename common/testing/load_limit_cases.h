#ifndef ASSAY_COMMON_TESTING_LOAD_LIMIT_CASES_H_
#define ASSAY_COMMON_TESTING_LOAD_LIMIT_CASES_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace assay {

// Values just inside and just outside the limits of a load. The tests of the plan's rules, of the agent's check and of
// loadgen's flags all use them, so that all three accept the same values.
template <typename T>
struct LimitCase {
  T value;
  bool good;
};

// Windows and timeouts.
inline const std::vector<LimitCase<double>> kSecondsOfWindow = {
    {0.001, true},    {0.0009, false},
    {86'400, true},   {86'401, false},
    {604'800, false}, {0, false},
    {1e-300, false},  {-1, false},
    {1e300, false},   {std::numeric_limits<double>::infinity(), false}};
// Warm-ups and think times.
inline const std::vector<LimitCase<double>> kSecondsOrNone = {
    {0, true},       {0.0001, true},   {1e-7, true},  {86'400, true},
    {86'401, false}, {604'800, false}, {1e300, false}};
inline const std::vector<LimitCase<uint64_t>> kCountsOfRequests = {
    {1, true},
    {10'000'000'000, true},
    {10'000'000'001, false},
    {std::numeric_limits<uint64_t>::max(), false}};
inline const std::vector<LimitCase<double>> kRates = {
    {1e-12, true},   {0.5, true},    {1e8, true},    {0.9e-12, false},
    {1e-300, false}, {1.1e8, false}, {1e300, false}, {-1, false}};
inline const std::vector<LimitCase<uint32_t>> kPipelines = {
    {1, true}, {1'024, true}, {1'025, false}};
inline const std::vector<LimitCase<uint32_t>> kStatuses = {
    {200, true}, {999, true}, {199, false}, {100, false}, {1'000, false}};
inline const std::vector<LimitCase<uint32_t>> kProfileRates = {
    {1, true}, {10'000, true}, {10'001, false}};
inline const std::vector<LimitCase<std::string>> kMethods = {{"GET", true},
                                                             {"m-search", true},
                                                             {std::string(100, 'A'), true},
                                                             {"CONNECT", false},
                                                             {std::string(101, 'A'), false},
                                                             {"GET /", false},
                                                             {"GET\r\nX", false}};
inline const std::vector<LimitCase<std::string>> kPaths = {{"/", true},
                                                           {"/a?b=%20", true},
                                                           {"/" + std::string(8191, 'a'), true},
                                                           {"/" + std::string(8192, 'a'), false},
                                                           {"a", false},
                                                           {"/a b", false},
                                                           {"/a#b", false},
                                                           {"/\x7f", false},
                                                           {"/\xc3\xa9", false},
                                                           {"/a\r\n", false}};
inline const std::vector<LimitCase<std::string>> kHeaderValues = {
    {"", true},
    {"a\tb", true},
    {"\xc3\xa9", true},
    {"a\r\nB: c", false},
    {"a\x01", false},
    {"a\x7f", false},
    {std::string(65'535, 'a'), true},
    {std::string(65'536, 'a'), false}};
// The number of X-N headers.
inline const std::vector<LimitCase<int>> kCountsOfHeaders = {{100, true}, {101, false}};
inline const std::vector<LimitCase<std::string>> kServerNames = {{"www.example.org", true},
                                                                 {"127.0.0.1", false},
                                                                 {"a b", false},
                                                                 {std::string(254, 'a'), false}};
// Header names over HTTP/2.
inline const std::vector<LimitCase<std::string>> kHeaderNamesOfHttp2 = {
    {"accept", true}, {"Keep-Alive", false}, {"proxy-connection", false}, {"upgrade", false}};

}  // namespace assay

#endif  // ASSAY_COMMON_TESTING_LOAD_LIMIT_CASES_H_
