#ifndef ASSAY_CONTROLLER_RESULTS_CELL_TABLE_H_
#define ASSAY_CONTROLLER_RESULTS_CELL_TABLE_H_

#include <string>
#include <vector>

#include "controller/results/campaign_results.h"

namespace assay::controller {

// The table of a campaign's cells as texts. The text and HTML renderers only lay it out.
struct CellTable {
  // A text, or a figure with its interval.
  struct Entry {
    std::string text;
    // "[11.9, 12.8]"; empty without an interval.
    std::string interval;
    // The larger distance from the figure to an end of the interval, "±4%"; empty without an interval.
    std::string plus_minus;
  };
  struct Column {
    std::string title;
    // For a narrow table.
    std::string short_title;
    // The column holds names, not numbers.
    bool is_name = false;
    // The column may be left out of a narrow table.
    bool optional = false;
  };

  // Those that have a text in at least one row.
  std::vector<Column> columns;
  // As many entries in each as there are columns.
  std::vector<std::vector<Entry>> rows;
};

CellTable CellTableOf(const CampaignResults& results);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_CELL_TABLE_H_
