"""Profiles beyond the report: export to other tools, import, and unavailable profiles."""

import glob

from e2e.harness import QUICK_PLAN, EndToEndTest


class ProfilesOfOtherToolsTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        plan = QUICK_PLAN + "profile { frequency_hz: 997 separate_execution { seconds: 0.5 } }"
        self.assert_measured(self.controller("run", self.write("plan.textproto", plan)))
        self.shown = self.show()
        if self.shown["profiles"][0].get("refused"):
            self.skipTest(self.shown["profiles"][0]["refused"])
        cells = {cell["profiled"]: cell for cell in self.shown["cells"]}
        self.plain = cells[False]["executions"][0]["id"]
        self.profiled = cells[True]["executions"][0]["id"]

    def test_imports_the_output_of_perf_script(self):
        self.assert_status(self.controller("export", "latest", "--format=perf-script", "-o", self.path("out")), 0)
        (text,) = glob.glob(self.path("out/*.txt"))
        imported = self.controller("import", text, f"--execution={self.plain}")
        self.assert_status(imported, 0)
        self.assertIn(self.plain, imported.out)
        ours, theirs = sorted(self.show()["profiles"], key=lambda profile: "imported" in "".join(profile["notes"]))
        self.assertIn("imported from", theirs["notes"][0])
        self.assertEqual(theirs["event"], ours["event"])
        self.assertEqual(theirs["runs"][0]["samples"], ours["runs"][0]["samples"])
        calls = lambda profile: {call["name"]: call["share"] for call in profile["system_calls"]}
        self.assertEqual(calls(theirs).keys(), calls(ours).keys())
        for name, share in calls(ours).items():
            self.assertAlmostEqual(calls(theirs)[name], share, places=3)

    def test_refuses_an_invalid_profile_or_run(self):
        notes = self.write("notes.txt", "these are my notes\n")
        ended = self.controller("import", notes, f"--execution={self.plain}")
        self.assert_status(ended, 2)
        self.assert_says(ended, "notes.txt: line 1")
        ended = self.controller("import", self.path("none"), f"--execution={self.plain}")
        self.assert_status(ended, 1)
        self.assert_says(ended, "none")
        self.assert_status(self.controller("import", notes, "--execution=0123"), 1)
        self.assert_status(self.controller("export", "latest", "--format=perf-script", "-o", self.path("out")), 0)
        (text,) = glob.glob(self.path("out/*.txt"))
        ended = self.controller("import", text, f"--execution={self.profiled}")
        self.assert_status(ended, 1)
        self.assert_says(ended, "already has a profile that Assay took")

    def test_exports_latencies_for_hdrhistogram(self):
        self.assert_status(self.controller("export", "latest", "--format=hdr", "-o", self.path("hdr")), 0)
        for path in glob.glob(self.path("hdr/*.hlog")):
            self.assertIn("#[Histogram log format version 1.3]", self.read(path))
        self.assertEqual(len(glob.glob(self.path("hdr/*.hlog"))), 2)
