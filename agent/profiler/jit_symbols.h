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

// Names of code that a process generates at run time. Node.js, Java and others write them for perf as lines
// "START SIZE NAME" (hexadecimal) to /tmp/perf-PID.map.
//
// Any user can create a file of that name, and an earlier process may have left one: in a PID namespace of its own,
// every target has the same pid. A map is trusted only if it is a regular file and not a symbolic link, belongs to the
// process's user or to root, and was written after the process started.
class JitSymbols {
 public:
  struct Function {
    std::string name;
    uint64_t start = 0;
    uint64_t size = 0;
  };

  // `path` is the path of the map as this process sees it; the file need not exist. `pid` is the process that the map
  // describes.
  JitSymbols(std::string path, pid_t pid);

  // The function that contains `address`; nullptr if the map does not name it. Reads lines that were added to the map,
  // at most ten times per second by `now_ns`. Valid until the next call.
  const Function* Find(uint64_t address, int64_t now_ns);

  // Adds lines of a map. A later function replaces those that it overlaps, as recompiled code does.
  void Add(std::string_view lines);

 private:
  const Function* Look(uint64_t address) const;
  void ReadMore();
  // Whether the map can be trusted.
  bool IsOfProcess(const struct stat& file);

  const std::string path_;
  const pid_t pid_;
  // Start time of the process on CLOCK_REALTIME. If it is not known, no map is trusted.
  std::optional<int64_t> started_ns_;
  // The last known user of the process, which may change it.
  std::optional<uid_t> user_;
  std::map<uint64_t, Function> by_start_;
  // Bytes of the map that have been read, in whole lines.
  int64_t read_to_ = 0;
  int64_t next_read_ns_ = 0;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_JIT_SYMBOLS_H_
