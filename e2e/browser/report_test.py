"""Tests the report of a real campaign: measures, writes the report, opens it in Chromium, searches and zooms."""

import os
import unittest

from e2e import harness
from e2e.browser import browser

PLAN = """
name: "report"
targets { name: "epoll" }
targets { name: "libmicrohttpd" }
workloads { name: "json" path: "/json" }
load { closed { connections: [16, 64] duration { seconds: 0.3 } } warmup { seconds: 0.1 } }
blocks: 5
verdict: NONE
profile { frequency_hz: 499 separate_execution { seconds: 0.5 } }
"""


class ReportTest(harness.EndToEndTest):
    """One campaign and one visit of a browser."""

    def test_a_report_is_read_searched_and_zoomed(self):
        browser.skip_without_browser()
        self.assert_measured(self.controller("run", self.write("plan.textproto", PLAN)))
        if self.show()["profiles"][0].get("refused"):
            self.skipTest(self.show()["profiles"][0]["refused"])
        os.mkdir(self.path("pages"))
        self.assert_status(self.controller("report", "latest", "-o", self.path("pages/report.html")), 0)
        facts = browser.visit("report.mjs", self.path("pages"))
        self.assertEqual(facts["errors"], [])
        self.assertEqual(set(facts["requests"]) - {"file:", "data:"}, set())
        seen = facts["report"]
        for heading in ("Results", "By load level", "Gates", "Profiles", "Hosts"):
            self.assertIn(heading, seen["headings"])
        self.assertEqual(seen["rows"], 6, "two targets at two levels, and each profiled")
        self.assertGreaterEqual(seen["figures"], 2, "latency and throughput over concurrency")
        # Each target; the two compared by category, by system call and by whole stacks; time off the CPU if there was any.
        self.assertGreaterEqual(seen["graphs"], 5)
        self.assertIn("System calls", seen["captions"])
        self.assertTrue(seen["no_sideways"])
        self.assertIn("of all 100.0 %", seen["whole"])
        self.assertNotEqual(seen["zoomed"], seen["whole"])
        for words in ("of the zoomed frame", "samples", "per request"):
            self.assertIn(words, seen["tip"])
        self.assertRegex(seen["found"], r"^\d+\.\d+ % matched, \d+\.\d+ µs per request")
        self.assertTrue(facts["still"], "the picture for readers without a script")
        # Printed on A4: everything stands within the margins, and its letters can be read.
        width, height = facts["report_page"]
        self.assertGreater(width, height, "across")
        self.assertEqual(facts["paper"]["too_wide"], [])
        self.assertGreaterEqual(facts["paper"]["letters_pt"], 6.5)
        self.assertAlmostEqual(facts["paper"]["table_pt"], 8.5, places=1)


if __name__ == "__main__":
    unittest.main()
