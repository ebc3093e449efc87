"""The exit status of a measurement: 0, 3 if a gate makes it invalid, 4 if only a threshold is missed."""

import os

from e2e.harness import QUICK_PLAN, EndToEndTest

# The generator is idle most of the time, so that no machine is too slow for it.
CALM_PLAN = QUICK_PLAN.replace('path: "/plaintext"', 'path: "/plaintext" think { seconds: 0.01 }')
COMPARING_PLAN = QUICK_PLAN.replace("verdict: NONE", "verdict: COMPARE")
# No server responds within a nanosecond, and none takes a minute.
MISSED = 'thresholds { metric: "p50_us" max: 0.001 }\n'
MET = 'thresholds { metric: "p50_us" max: 60000000 }\n'


class ExitStatusTest(EndToEndTest):
    def run_plan(self, text):
        return self.controller("run", self.write("plan.textproto", text))

    def gate(self, gates, name):
        return next(gate for gate in gates if gate["name"] == name)

    def assert_void(self, ended, name):
        self.assert_status(ended, 3)
        self.assertIn(f"invalid: {name} ", ended.out)
        self.assertIn("an invalid gate voids this result", ended.out)

    def test_too_few_blocks_for_a_verdict_end_with_3(self):
        self.assert_void(self.run_plan(COMPARING_PLAN), "too_few_blocks")
        gate = self.gate(self.show()["gates"], "too_few_blocks")
        self.assertEqual((gate["verdict"], gate["value"], gate["limit"]), ("invalid", 1, 6))
        self.assertIn("blocks", gate["advice"])

    def test_server_and_load_on_one_cpu_end_with_3(self):
        cpu = min(os.sched_getaffinity(0))
        placement = f'placement {{ server_cpus: "{cpu}" load_cpus: "{cpu}" }}\n'
        self.assert_void(self.run_plan(CALM_PLAN + placement), "pinning_overlap")
        gate = self.gate(self.show()["cells"][0]["gates"], "pinning_overlap")
        self.assertEqual((gate["verdict"], gate["value"], gate["limit"]), ("invalid", 1, 0))
        self.assertIn("placement", gate["advice"])

    def test_an_invalid_result_outranks_a_missed_threshold(self):
        ended = self.run_plan(COMPARING_PLAN + MISSED)
        self.assert_void(ended, "too_few_blocks")
        self.assertIn("threshold missed: p50_us", ended.out)

    def test_a_missed_threshold_of_a_valid_result_ends_with_4(self):
        ended, shown = self.run_undisturbed("run", self.write("plan.textproto", CALM_PLAN + MISSED))
        self.assert_status(ended, 4)
        self.assertIn("threshold missed: p50_us", ended.out)
        self.assertEqual([threshold["met"] for threshold in shown["thresholds"]], [False])

    def test_a_met_threshold_of_a_valid_result_ends_with_0(self):
        ended, shown = self.run_undisturbed("run", self.write("plan.textproto", CALM_PLAN + MET))
        self.assert_status(ended, 0)
        self.assertNotIn("threshold missed", ended.out)
        self.assertEqual([threshold["met"] for threshold in shown["thresholds"]], [True])
