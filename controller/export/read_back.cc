#include "controller/export/read_back.h"

#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "gtest/gtest.h"

namespace assay::controller {

ReadBack ReadBackOf(const std::string& format, std::string_view content) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/read_back.", format);
  EXPECT_TRUE(WriteFileAtomically(path, content).ok());
  // Debian's own, which finds the modules of Debian's packages.
  const std::string command = absl::StrCat("/usr/bin/python3 -B controller/export/read_back.py ",
                                           format, " '", path, "' 2>&1");
  FILE* const pipe = popen(command.c_str(), "r");
  ReadBack read;
  std::array<char, 4096> buffer{};
  while (const size_t got = fread(buffer.data(), 1, buffer.size(), pipe))
    read.output.append(buffer.data(), got);
  const int status = pclose(pipe);
  read.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return read;
}

}  // namespace assay::controller
