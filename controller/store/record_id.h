#ifndef ASSAY_CONTROLLER_STORE_RECORD_ID_H_
#define ASSAY_CONTROLLER_STORE_RECORD_ID_H_

#include <string>

namespace assay::controller {

// Draws the id of a campaign from the kernel's randomness: 12 hexadecimal digits. The store refuses
// one it has.
std::string DrawCampaignId();

// Draws the id of an execution: 32 hexadecimal digits, unique for ever.
std::string DrawExecutionId();

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_RECORD_ID_H_
