"""The first command of the README, and its results."""

import re

from e2e.harness import GATES_OF_THE_MACHINE, EndToEndTest

QUANTILES = ("p50", "p90", "p95", "p99", "p999")


class DemoTest(EndToEndTest):
    def test_demo_measures_stores_and_prints_the_next_step(self):
        demo = self.controller("demo", timeout_s=280)
        shown = self.show()
        invalid = self.invalid_gates(shown)
        self.assertLessEqual(invalid, GATES_OF_THE_MACHINE, f"\n{demo}")
        self.assert_status(demo, 3 if invalid else 0)

        # A table of at least two servers at three levels.
        cells = {(cell["target"], cell["level"]["connections"], cell["profiled"]) for cell in shown["cells"]}
        targets = {target for target, _, _ in cells}
        levels = {level for _, level, _ in cells}
        self.assertGreaterEqual(len(targets), 2, targets)
        self.assertGreaterEqual(len(levels), 3, levels)
        for target in targets:
            self.assertIn(target, demo.out)
        for level in levels:
            self.assertRegex(demo.out, rf"\b{level}\b")

        # A stored campaign, and a next step.
        identity = shown["campaign"]["id"]
        self.assertIn(identity, demo.out)
        self.assertIn(f"show {identity}", demo.out)
        self.assertEqual(shown["campaign"]["status"], "complete")

        self.check_contract_of_show(shown)
        self.check_list(identity)
        self.check_show_for_people(identity)
        self.check_csv(identity, cells)
        self.check_report(demo, targets)

    def check_contract_of_show(self, shown):
        for key in ("campaign", "plan", "environment", "skipped", "cells"):
            self.assertIn(key, shown)
        self.assertTrue(shown["environment"])
        for cell in shown["cells"]:
            for key in ("target", "workload", "mode", "level", "executions", "rps", "latency_us",
                        "mean_of_medians_us", "server_cpu_us_per_request", "generator_cpu_us_per_request",
                        "server_rss_bytes", "gates"):
                self.assertIn(key, cell)
            self.check_interval(cell["rps"], len(cell["executions"]))
            for quantile in QUANTILES:
                self.check_interval(cell["latency_us"][quantile], len(cell["executions"]))
                self.assertIn("pooled", cell["latency_us"][quantile])
            medians = [one["latency_us"]["p50"] for one in cell["executions"]]
            self.assertAlmostEqual(cell["mean_of_medians_us"], sum(medians) / len(medians), delta=0.01)
            self.assertGreater(cell["server_cpu_us_per_request"]["estimate"], 0)
            self.assertGreater(cell["server_rss_bytes"]["estimate"], 100_000)
            self.assertTrue(cell["gates"])
            for gate in cell["gates"]:
                self.assertEqual(sorted(set(gate) & {"name", "value", "limit", "verdict", "advice"}),
                                 ["advice", "limit", "name", "value", "verdict"])
                self.assertIn(gate["verdict"], ("pass", "warn", "invalid", "unreadable"), gate)

    def check_interval(self, figure, executions):
        self.assertIn("estimate", figure)
        if executions < 6:
            # Fewer blocks do not allow a 95 % interval.
            self.assertIsNone(figure["low"])
            self.assertIsNone(figure["high"])
        elif figure["estimate"] is not None:
            self.assertLessEqual(figure["low"], figure["estimate"])
            self.assertLessEqual(figure["estimate"], figure["high"])

    def check_list(self, identity):
        listed = self.controller("list", "--format=json")
        self.assert_status(listed, 0)
        campaigns = listed.json()["campaigns"]
        self.assertEqual([campaign["id"] for campaign in campaigns], [identity])
        for key in ("id", "label", "plan", "started", "status"):
            self.assertIn(key, campaigns[0])
        self.assertIn(identity, self.controller("list").out)

    def check_show_for_people(self, identity):
        shown = self.controller("show", identity[:6])
        self.assert_status(shown, 0)
        self.assertRegex(shown.out, re.compile("p50|median", re.IGNORECASE))
        self.assertLessEqual(max(len(line) for line in shown.out.splitlines()), 100, shown.out)
        shown = self.controller("show", identity[:6], "--wide")
        self.assert_status(shown, 0)
        self.assertRegex(shown.out, re.compile("mean of medians", re.IGNORECASE))

    def check_csv(self, identity, cells):
        shown = self.controller("show", identity, "--format=csv")
        self.assert_status(shown, 0)
        rows = shown.out.strip().split("\n")
        self.assertEqual(len(rows) - 1, len(cells), shown.out)

    def check_report(self, demo, targets):
        """The demo writes an HTML page, and names it at the end."""
        path = re.search(r"figures and flame graphs: (\S+\.html)", demo.out).group(1)
        page = self.read(path)
        for target in targets:
            self.assertIn(target, page)
        self.assertIn("</html>", page)
        self.assertNotRegex(page, r"(?:src|href)=[\"']?https?:")
