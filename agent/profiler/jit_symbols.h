#ifndef ASSAY_AGENT_PROFILER_JIT_SYMBOLS_H_
#define ASSAY_AGENT_PROFILER_JIT_SYMBOLS_H_

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace assay::profiler {

// Names of code that a process made at run time, as Node.js, Java and others write them for perf: lines
// "START SIZE NAME" (hexadecimal) in /tmp/perf-PID.map.
//
// Everybody may put a file of that name there, and a process before may have left one: in a PID namespace of its own every
// target has the same number. A map is believed when it is a regular file and no link, of the process's user or of root's,
// and was written since the process started.
class JitSymbols {
 public:
  struct Function {
    std::string name;
    uint64_t start = 0;
    uint64_t size = 0;
  };

  // `path`: of the map, as this process sees it. It need not be there. `pid`: of the process whose code it names.
  JitSymbols(std::string path, pid_t pid);

  // nullptr where the map does not name it. Reads what has been added to the map, at most ten times a second by
  // `now_ns`. Valid until the next call.
  const Function* Find(uint64_t address, int64_t now_ns);

  // Takes lines; what is named later replaces what it overlaps, as code does that is compiled again.
  void Add(std::string_view lines);

 private:
  const Function* Look(uint64_t address) const;
  void ReadMore();
  // Whether this is a file to believe.
  bool IsOfProcess(const struct stat& file);

  const std::string path_;
  const pid_t pid_;
  // When it started, of CLOCK_REALTIME. Nothing is believed where that cannot be known.
  std::optional<int64_t> started_ns_;
  // The last known, as a process may change it.
  std::optional<uid_t> user_;
  std::map<uint64_t, Function> by_start_;
  // How far the map has been read: whole lines.
  int64_t read_to_ = 0;
  int64_t next_read_ns_ = 0;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_JIT_SYMBOLS_H_
