"""What the other tests of this folder rely on can fail: a check that passes whatever happens would hide what they find."""

import unittest

from e2e import harness


class Judged(harness.EndToEndTest):
    """Its campaign is void by `gates`."""

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

    def test_a_sound_result_ends_with_0(self):
        Judged().assert_measured(harness.Ended(0, "", ""))
        self.assert_refused(3)
        self.assert_refused(1)
        self.assert_refused(4)

    def test_what_a_busy_machine_voids_ends_with_3(self):
        Judged("idle_gaps", "start_skew").assert_measured(harness.Ended(3, "", ""))
        self.assert_refused(0, "idle_gaps")

    def test_what_no_machine_is_to_blame_for_is_refused(self):
        for gate in ("errors", "wrong_answers", "accounting", "sample_loss"):
            self.assert_refused(3, gate)
            self.assert_refused(3, "idle_gaps", gate)


class TriedTwiceTest(unittest.TestCase):
    def tries(self, failures):
        """How often a test that fails so many times is run."""
        runs = []

        class Timed(unittest.TestCase):
            @harness.tried_twice
            def runTest(self):
                runs.append(1)
                self.assertGreater(len(runs), failures)

        result = unittest.TestResult()
        Timed().run(result)
        return len(runs), result.wasSuccessful()

    def test_one_failure_is_forgiven_and_two_are_not(self):
        self.assertEqual(self.tries(0), (1, True))
        self.assertEqual(self.tries(1), (2, True))
        self.assertEqual(self.tries(2), (2, False))


if __name__ == "__main__":
    unittest.main()
