#ifndef ASSAY_AGENT_PROFILER_JIT_SYMBOLS_H_
#define ASSAY_AGENT_PROFILER_JIT_SYMBOLS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace assay::profiler {

// Names of code that a process made at run time, as Node.js, Java and others write them for perf: lines
// "START SIZE NAME" (hexadecimal) in /tmp/perf-PID.map.
class JitSymbols {
 public:
  struct Function {
    std::string name;
    uint64_t start = 0;
    uint64_t size = 0;
  };

  // `path`: of the map, as this process sees it. It need not be there.
  explicit JitSymbols(std::string path) : path_(std::move(path)) {}

  // nullptr where the map does not name it. Reads what has been added to the map, at most ten times a second by
  // `now_ns`. Valid until the next call.
  const Function* Find(uint64_t address, int64_t now_ns);

  // Takes lines; what is named later replaces what it overlaps, as code does that is compiled again.
  void Add(std::string_view lines);

 private:
  const Function* Look(uint64_t address) const;
  void ReadMore();

  const std::string path_;
  std::map<uint64_t, Function> by_start_;
  // How far the map has been read: whole lines.
  int64_t read_to_ = 0;
  int64_t next_read_ns_ = 0;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_JIT_SYMBOLS_H_
