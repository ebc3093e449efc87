#ifndef ASSAY_CONTROLLER_EXPORT_READ_BACK_H_
#define ASSAY_CONTROLLER_EXPORT_READ_BACK_H_

#include <string>
#include <string_view>

namespace assay::controller {

// What read_back.py prints of an exported file, and its exit status.
struct ReadBack {
  std::string output;
  int status = 0;
};

// Status of a reader whose program is not installed; `output` then names the package.
inline constexpr int kReaderMissing = 77;

// For tests: writes `content` to a file and reads it with `format` of read_back.py.
ReadBack ReadBackOf(const std::string& format, std::string_view content);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_EXPORT_READ_BACK_H_
