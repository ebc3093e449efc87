#ifndef ASSAY_COMMON_VERSION_H_
#define ASSAY_COMMON_VERSION_H_

namespace assay {

// The version of all programs of the project, which are released together.
inline constexpr char kAssayVersion[] = "0.1.0";

}  // namespace assay

#endif  // ASSAY_COMMON_VERSION_H_
