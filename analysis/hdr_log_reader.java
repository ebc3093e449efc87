import java.io.File;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;
import org.HdrHistogram.HistogramLogReader;

// Prints a log as HdrHistogram reads it, for hdr_log_test. For each line it prints the tag, its times in milliseconds
// since the epoch and its number of samples, then the lowest and highest value of each nonempty bucket and its count.
class HdrLogReader {
  public static void main(String[] arguments) throws Exception {
    HistogramLogReader reader = new HistogramLogReader(new File(arguments[0]));
    while (reader.hasNext()) {
      Histogram histogram = (Histogram) reader.nextIntervalHistogram();
      System.out.println("histogram " + (histogram.getTag() == null ? "-" : histogram.getTag()) + " "
          + histogram.getStartTimeStamp() + " " + histogram.getEndTimeStamp() + " " + histogram.getTotalCount());
      for (HistogramIterationValue value : histogram.recordedValues()) {
        System.out.println(histogram.lowestEquivalentValue(value.getValueIteratedTo()) + " "
            + histogram.highestEquivalentValue(value.getValueIteratedTo()) + " " + value.getCountAddedInThisIterationStep());
      }
    }
  }
}
