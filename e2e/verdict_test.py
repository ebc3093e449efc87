"""The verdict, as users read it: interleaved targets with a known difference, two campaigns, and bad input."""

from e2e.harness import EndToEndTest

# Each request of "slow" burns several times what it costs otherwise, so any machine finds the difference.
PLAN = """
name: "known difference"
targets { name: "epoll" label: "fast" }
targets { name: "epoll" label: "slow" options { key: "burn_ns" value: "100000" } }
targets { name: "epoll" label: "fast again" }
workloads { name: "json" path: "/json" }
load { closed { connections: [4] duration { seconds: 0.3 } } warmup { seconds: 0.05 } }
blocks: 7
"""


class VerdictTest(EndToEndTest):
    def run_plan(self, *arguments):
        return self.controller("run", self.write("plan.textproto", PLAN), *arguments)

    def test_a_known_difference_is_the_first_thing_that_run_prints(self):
        ended = self.run_plan("--label=first")
        # A busy machine may void the result.
        self.assert_measured(ended)
        invalid = ended.status == 3
        compared = self.controller("compare", "first", "--format=json").json()
        self.assertEqual(compared["design"], "interleaved")
        primary = [one for one in compared["comparisons"] if one["primary"]]
        self.assertEqual([(one["baseline"], one["candidate"]) for one in primary], [("fast", "slow")])
        ratio = primary[0]["ratio"]
        self.assertGreater(ratio["low"], 2)
        self.assertLess(ratio["low"], ratio["estimate"])
        self.assertEqual(primary[0]["verdict"], "invalid" if invalid else "slower")
        self.assertEqual(primary[0]["blocks"], 7)
        self.assertGreater(primary[0]["slot_pairs"], 7 * 3)
        # The control under another label is no candidate.
        self.assertEqual({(one["baseline"], one["candidate"]) for one in compared["aa"]}, {("fast", "fast again")})
        first = " ".join(ended.out.split())
        if not invalid:
            self.assertRegex(first, r"^slow needs \d+ % \[[\d, ]+\] more server CPU a request than fast ")
            self.assertIn("(slower)", first)
        self.assertIn("A/A control", first)
        # `compare` prints the same sentences, and nothing is wider than 100 columns.
        text = self.controller("compare", "first").out
        self.assertEqual(text.splitlines()[0], ended.out.splitlines()[0])
        self.assertLessEqual(max(len(line) for line in text.splitlines()), 100)

    def test_targets_one_after_the_other_are_compared_too(self):
        self.run_plan("--set", "design=SEQUENTIAL")
        compared = self.controller("compare", "latest", "--format=json").json()
        self.assertEqual(compared["design"], "sequential")
        self.assertGreater(next(one for one in compared["comparisons"] if one["primary"])["ratio"]["low"], 2)

    def test_two_campaigns_are_compared_cell_by_cell_and_said_not_to_be_interleaved(self):
        for label in ("before", "after"):
            self.run_plan(f"--label={label}")
        ended = self.controller("compare", "before", "after", "--format=json")
        compared = ended.json()
        void = [one for one in [*compared["gates"], *compared["comparisons"], *compared["aa"]] if one["verdict"] == "invalid"]
        void += [gate for label in ("before", "after") for gate in self.invalid_gates(self.show(label))]
        self.assert_status(ended, 3 if void else 0)
        self.assertEqual(compared["design"], "two campaigns")
        self.assertIn("not_interleaved", {gate["name"] for gate in compared["gates"]})
        self.assertEqual({one["target"] for one in compared["comparisons"]}, {"fast", "slow", "fast again"})

    def test_what_cannot_be_compared_is_refused(self):
        self.assert_status(self.controller("compare", "latest"), 1)
        self.run_plan("--set", "blocks=1", "--label=one")
        ended = self.controller("compare", "one", "--baseline=fst")
        self.assert_status(ended, 2)
        self.assertIn("fast", ended.err)
        self.assert_status(self.controller("compare", "one", "none"), 1)
        self.assert_status(self.controller("compare", "one", "one", "--baseline=fast"), 2)
        # One block decides nothing. (On a busy machine, another gate may be the first to be named.)
        few = self.controller("compare", "one")
        self.assert_status(few, 3)
        self.assertIn("too_few_blocks", few.out)
