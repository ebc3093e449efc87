"""The plans that come with Assay, and the use of a campaign after its measurement."""

import os
import sys
import time

from e2e.harness import QUICK_PLAN, EndToEndTest, program, tried_twice


class OriginalExperimentTest(EndToEndTest):
    def test_c_vs_rust_runs_for_the_targets_that_are_installed(self):
        plan = program("plans/c_vs_rust.textproto")
        # The plan of the original experiment, without its pauses between runs.
        ran = self.controller("run", plan, "--set", "pause.seconds=0", "--set", "profile.separate_execution.seconds=1",
                              timeout_s=280)
        shown = self.show()
        # The gates and the threshold are for a quiet machine, and this machine may be busy. The status says what they say.
        missed = any(not one["met"] for one in shown["thresholds"])
        self.assert_status(ran, 3 if self.invalid_gates(shown) else 4 if missed else 0)
        measured = {cell["target"] for cell in shown["cells"]}
        skipped = {entry["target"]: entry["reason"] for entry in shown["skipped"]}
        self.assertIn("libmicrohttpd", measured)
        self.assertIn("epoll", measured)
        self.assertIn("hyper", measured | set(skipped))
        if "hyper" in skipped:
            self.assertRegex(skipped["hyper"], "install")
        self.assertEqual({cell["level"]["connections"] for cell in shown["cells"]}, {250, 500, 750})
        self.assertEqual({cell["target"] for cell in shown["cells"] if cell["profiled"]}, measured)
        for cell in shown["cells"]:
            if cell["profiled"]:
                continue
            # On a busy machine some requests may have no response when the drain ends; they were sent nevertheless.
            self.assertEqual([one["sent"] for one in cell["executions"]], [10_000] * 3)
            # Three executions allow no interval; the report has the original experiment's figure, labelled as such.
            self.assertIsNone(cell["latency_us"]["p50"]["low"])
            self.assertGreater(cell["mean_of_medians_us"], 0)

        self.check_profiles(ran, measured)

    def check_profiles(self, ran, measured):
        """Each target has a flame graph, the system calls have a table, and everything is exported as files."""
        folder = self.path("profiles")
        exported = self.controller("export", "latest", "--format=folded", "-o", folder)
        if exported.status == 1:
            # This machine refuses perf events: the run continued, and the message says why and what to do.
            self.assert_says(exported, "no profile was taken")
            self.assertRegex(ran.out, "no profile of ")
            print("skipped: this machine lets nobody profile: " + exported.err, file=sys.stderr)
            return
        self.assert_status(exported, 0)
        self.assertRegex(ran.out, r"system call +libmicrohttpd share")
        self.assertRegex(ran.out, r"(?m)^recv +\d")
        stacks = {name: self.read(os.path.join(folder, name)) for name in os.listdir(folder)}
        self.assertEqual(len(stacks), len(measured))
        for name, text in stacks.items():
            self.assertGreater(sum(int(line.rpartition(" ")[2]) for line in text.splitlines()), 20, name)
        for name in ("flamegraph", "pprof", "speedscope", "perf-script"):
            self.assert_status(self.controller("export", "latest", f"--format={name}", "-o", folder), 0)
        report = self.path("report.html")
        self.assert_status(self.controller("report", "latest", "-o", report), 0)
        page = self.read(report)
        for target in measured:
            self.assertIn(target, page)
        self.assertNotRegex(page, r"(?:src|href)=[\"']?https?:")

    def test_check_prints_the_schedule_and_changes_nothing(self):
        checked = self.controller("check", program("plans/c_vs_rust.textproto"), "--format=json")
        self.assert_status(checked, 0)
        schedule = checked.json()["schedule"]
        self.assertEqual({one["block"] for one in schedule}, {0, 1, 2})
        again = self.controller("check", program("plans/c_vs_rust.textproto"), "--format=json")
        self.assertEqual(again.json()["schedule"], schedule)
        other = self.controller("check", program("plans/c_vs_rust.textproto"), "--format=json", "--set", "seed=2")
        self.assertNotEqual(other.json()["schedule"], schedule)
        self.assertEqual(self.controller("list", "--format=json").json()["campaigns"], [])


class LoadCurveTest(EndToEndTest):
    def test_a_curve_offers_each_rate_and_reports_the_responses(self):
        plan = program("plans/load_curve.textproto")
        ran = self.controller("run", plan, "--set", "load.curve.rates_per_s=500,2000", "--set",
                              "load.curve.duration.seconds=0.5", timeout_s=280)
        # Half a second has too few requests for a verdict.
        self.assert_measured(ran, also=("too_short_requests",))
        self.assertRegex(ran.out, r"2,?000/s")
        cells = self.show()["cells"]
        self.assertEqual({cell["level"]["rate"] for cell in cells}, {500, 2000})
        for cell in cells:
            self.assertEqual(cell["mode"], "open")
            gates = {gate["name"] for gate in cell["gates"]}
            self.assertLessEqual({"load_not_delivered", "queue_overflow", "send_lag"}, gates)
            for one in cell["executions"]:
                # Poisson arrivals: the expected number, within five standard deviations.
                due = cell["level"]["rate"] * 0.5
                self.assertLess(abs(one["sent"] - due), 5 * due ** 0.5 + 1)


class CampaignLifeTest(EndToEndTest):
    def test_a_campaign_is_found_by_its_label_and_repeated_from_the_store(self):
        plan = self.write("quick.textproto", QUICK_PLAN)
        self.assert_measured(self.controller("run", plan, "--label=first"))
        first = self.show("first")
        again = self.controller("rerun", "first", "--label=second")
        self.assert_measured(again)
        second = self.show("second")
        self.assertNotEqual(first["campaign"]["id"], second["campaign"]["id"])
        self.assertEqual(first["plan"]["text"], second["plan"]["text"])
        # A complete campaign has nothing to resume.
        resumed = self.controller("resume", "first")
        self.assert_status(resumed, 1)
        self.assert_says(resumed, "complete")

    @tried_twice
    def test_a_campaign_takes_about_as_long_as_check_predicts(self):
        plan = self.write("quick.textproto", QUICK_PLAN)
        arguments = (plan, "--set", "blocks=8", "--set", "pause.seconds=0.1", "--format=json")
        checked = self.controller("check", *arguments)
        self.assert_status(checked, 0)
        forecast = checked.json()
        self.assertFalse(forecast["guessed"])
        self.assertAlmostEqual(forecast["measuring_s"], 8 * (0.1 + 0.3))
        begin = time.monotonic()
        ran = self.controller("run", *arguments)
        took = time.monotonic() - begin
        self.assert_measured(ran)
        # Windows and the pauses between them have a fixed length; the remaining time depends on the machine.
        self.assertGreaterEqual(took, forecast["measuring_s"] + 7 * 0.1)
        # The prediction excludes executions that were retried two seconds later, and the start of the controller.
        again = sum(one["disturbed_starts"] for one in ran.json()["cells"][0]["executions"])
        self.assertLessEqual(took - 4 * again, 3 * forecast["total_s"] + 5)

    def test_measure_loads_a_target_at_each_level(self):
        agent = self.agent()
        measured = self.controller(
            "measure", "epoll", "--path=/json", "--connections=2,4", "--duration=0.3", "--set", "blocks=1", f"--agents={agent.address}")
        self.assert_measured(measured)
        self.assertEqual({cell["level"]["connections"] for cell in self.show()["cells"]}, {2, 4})

    def test_progress_goes_to_standard_error_and_can_be_silenced(self):
        plan = self.write("quick.textproto", QUICK_PLAN)
        ran = self.controller("run", plan, "--format=json")
        self.assert_measured(ran)
        self.assertEqual(ran.json()["campaign"]["status"], "complete")
        self.assertTrue(ran.err)
        quiet = self.controller("run", plan, "--format=json", "--quiet")
        self.assertEqual(quiet.err, "")
