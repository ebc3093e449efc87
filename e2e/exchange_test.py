"""Exports for pull requests, CI and Prometheus, raw samples, and results of other tools."""

import csv
import io
import xml.etree.ElementTree

from e2e.harness import QUICK_PLAN, EndToEndTest

# The output of wrk 4.1.0 with --latency.
WRK = """Running 1s test @ http://127.0.0.1:18999/json
  1 threads and 2 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    50.46ms    8.19ms  67.78ms   74.36%
    Req/Sec    37.44      8.63    49.00     66.67%
  Latency Distribution
     50%   49.34ms
     99%   67.78ms
  39 requests in 1.04s, 4.53KB read
Requests/sec:     37.43
Transfer/sec:      4.34KB
"""


class ExportTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.assert_measured(self.controller("run", self.write("plan.textproto", QUICK_PLAN)))
        self.shown = self.show()

    def export(self, name, *more):
        ended = self.controller("export", "latest", f"--format={name}", "-o", "/dev/stdout", *more)
        self.assert_status(ended, 0)
        return ended.out

    def test_junit_has_a_case_for_each_gate(self):
        root = xml.etree.ElementTree.fromstring(self.export("junit"))
        names = [case.get("name") for case in root.findall("testsuite[@name='gates']/testcase")]
        for cell in self.shown["cells"]:
            for gate in cell["gates"]:
                self.assertTrue(any(name.startswith(f"{gate['name']} in {cell['target']} ") for name in names), gate)
        self.assertEqual(int(root.get("errors")) > 0, bool(self.invalid_gates(self.shown)))

    def test_markdown_and_openmetrics_have_the_figures(self):
        self.assertIn(f"rerun {self.shown['campaign']['id']}", self.export("markdown"))
        metrics = self.export("openmetrics")
        self.assertTrue(metrics.endswith("# EOF\n"))
        rps = [line for line in metrics.splitlines() if line.startswith("assay_rps{")]
        self.assertEqual([float(line.split()[-2]) for line in rps],
                         [cell["rps"]["estimate"] for cell in self.shown["cells"]])

    def test_samples_are_the_requests_of_the_window(self):
        rows = list(csv.DictReader(io.StringIO(self.export("samples"))))
        for cell in self.shown["cells"]:
            for execution in cell["executions"]:
                of_execution = [row for row in rows if row["execution"] == execution["id"]]
                self.assertEqual(len(of_execution), execution["requests"])
        late = self.export("samples", "--from=0.05")
        self.assertLess(late.count("\n"), len(rows) + 1)
        self.assertTrue(all(float(row["at_ns"]) >= 5e7 for row in csv.DictReader(io.StringIO(late))))

    def test_a_range_without_samples_is_bad_usage(self):
        ended = self.controller("export", "latest", "--from=1", "-o", "out")
        self.assert_status(ended, 2)
        self.assert_says(ended, "--format=samples")


class ImportTest(EndToEndTest):
    def test_results_of_another_tool_are_shown_and_marked(self):
        imported = self.controller("import", self.write("epoll.txt", WRK), "--label=other")
        self.assert_status(imported, 0)
        shown = self.controller("show", "other")
        self.assert_status(shown, 0)
        self.assertIn("imported from wrk", shown.out)
        cell = self.show("other")["cells"][0]
        self.assertEqual(cell["latency_us"]["p99"]["estimate"], 67780)
        self.assertIsNone(cell["latency_us"]["p999"]["estimate"])
        self.assertIn("imported from wrk", self.controller("list").out)
        self.assert_status(self.controller("report", "other", "-o", "report.html"), 0)
        self.assert_status(self.controller("export", "other", "--format=csv", "-o", "out"), 0)

    def test_what_an_imported_campaign_cannot_do_is_refused(self):
        self.assert_status(self.controller("import", self.write("epoll.txt", WRK), "--label=other"), 0)
        for command in (("compare", "other"), ("rerun", "other"), ("resume", "other"),
                        ("export", "other", "--format=hdr", "-o", "out"),
                        ("export", "other", "--format=samples", "-o", "out")):
            with self.subTest(command=command):
                ended = self.controller(*command)
                self.assert_status(ended, 1)
                self.assert_says(ended, "imported from wrk")

    def test_a_fault_is_named_with_file_and_line_and_nothing_is_stored(self):
        good = self.write("good.txt", WRK)
        bad = self.write("bad.txt", WRK.replace("49.34ms", "fast"))
        ended = self.controller("import", good, bad)
        self.assert_status(ended, 2)
        self.assert_says(ended, "bad.txt: line 7: ")
        self.assertNotIn("imported", self.controller("list").out)
