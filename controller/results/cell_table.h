#ifndef ASSAY_CONTROLLER_RESULTS_CELL_TABLE_H_
#define ASSAY_CONTROLLER_RESULTS_CELL_TABLE_H_

#include <string>
#include <vector>

#include "controller/results/campaign_results.h"

namespace assay::controller {

// The table of a campaign's cells in words and numbers, for every renderer: text and HTML only lay it out.
struct CellTable {
  // A text, or a figure with its interval.
  struct Entry {
    std::string text;
    // "[11.9, 12.8]"; empty where there is no interval.
    std::string interval;
    // The same as the larger of the two distances, "±4%"; empty where there is no interval.
    std::string plus_minus;
  };
  struct Column {
    std::string title;
    // For a narrow table.
    std::string short_title;
    // A name, and no number.
    bool is_name = false;
    // May be left out where there is no room.
    bool optional = false;
  };

  std::vector<Column> columns;
  // As many entries each as there are columns.
  std::vector<std::vector<Entry>> rows;
};

CellTable CellTableOf(const CampaignResults& results);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_CELL_TABLE_H_
