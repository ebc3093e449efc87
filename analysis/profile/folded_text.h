#ifndef ASSAY_ANALYSIS_PROFILE_FOLDED_TEXT_H_
#define ASSAY_ANALYSIS_PROFILE_FOLDED_TEXT_H_

#include <string>

#include "analysis/profile/function_tree.h"

namespace assay {

// Stacks in the folded format of flamegraph.pl and many other tools: one line per stack, with functions from the
// outermost, joined by ';', then a blank and the number of samples. Lines are in the order of the tree. A ';' in a
// name becomes ':', a line break becomes a blank.
std::string FoldedText(const FunctionTree& tree);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_FOLDED_TEXT_H_
