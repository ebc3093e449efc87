#ifndef ASSAY_CONTROLLER_STORE_RECORD_ID_H_
#define ASSAY_CONTROLLER_STORE_RECORD_ID_H_

#include <string>

namespace assay::controller {

// Draws the id of a campaign from the kernel's random numbers: 12 hexadecimal digits. The store rejects an id that it
// already has.
std::string DrawCampaignId();

// Draws the id of an execution: 32 hexadecimal digits, globally unique.
std::string DrawExecutionId();

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_RECORD_ID_H_
