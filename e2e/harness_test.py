"""Tests of the checks that the other tests of this folder use: a check that always passes would hide failures."""

import unittest

from e2e import harness


class Judged(harness.EndToEndTest):
    """A test whose campaign is voided by `gates`."""

    def __init__(self, *gates):
        super().__init__("assert_nothing_runs")
        self.gates = gates

    def show(self, identity="latest"):
        del identity
        return {"gates": [], "cells": [{"gates": [
            {"name": "idle_gaps", "verdict": "warn"}, *({"name": name, "verdict": "invalid"} for name in self.gates)]}]}


class AssertMeasuredTest(unittest.TestCase):
    def assert_refused(self, status, *gates):
        with self.assertRaises(AssertionError):
            Judged(*gates).assert_measured(harness.Ended(status, "", ""))

    def test_accepts_a_valid_result_with_status_0(self):
        Judged().assert_measured(harness.Ended(0, "", ""))
        self.assert_refused(3)
        self.assert_refused(1)
        self.assert_refused(4)

    def test_accepts_a_result_voided_by_a_busy_machine_with_status_3(self):
        Judged("idle_gaps", "start_skew").assert_measured(harness.Ended(3, "", ""))
        self.assert_refused(0, "idle_gaps")

    def test_refuses_a_result_voided_by_other_gates(self):
        for gate in ("errors", "wrong_responses", "accounting", "sample_loss"):
            self.assert_refused(3, gate)
            self.assert_refused(3, "idle_gaps", gate)


class TriedTwiceTest(unittest.TestCase):
    def tries(self, failures):
        """The number of runs of a test that fails that many times."""
        runs = []

        class Timed(unittest.TestCase):
            @harness.tried_twice
            def runTest(self):
                runs.append(1)
                self.assertGreater(len(runs), failures)

        result = unittest.TestResult()
        Timed().run(result)
        return len(runs), result.wasSuccessful()

    def test_retries_once(self):
        self.assertEqual(self.tries(0), (1, True))
        self.assertEqual(self.tries(1), (2, True))
        self.assertEqual(self.tries(2), (2, False))


if __name__ == "__main__":
    unittest.main()
