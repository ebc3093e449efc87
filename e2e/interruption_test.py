"""A campaign that ends early: measurements are kept, `resume` makes the missing ones, and no process is left."""

import csv
import json
import os
import signal

from e2e.harness import QUICK_PLAN, EndToEndTest, descendants, eventually, program

# Long enough to be interrupted: sixty blocks of a third of a second.
LONG_PLAN = QUICK_PLAN.replace("blocks: 1", "blocks: 60")


class InterruptionTest(EndToEndTest):
    def start_long(self, *arguments):
        running = self.start("run", self.write("plan.textproto", LONG_PLAN), "--label=long", *arguments)
        self.await_executions(2)
        return running

    def await_executions(self, count):
        def enough():
            listed = self.controller("list", "--format=json")
            campaigns = listed.json()["campaigns"] if listed.status == 0 else []
            return campaigns and campaigns[0]["executions"] >= count
        eventually(enough, what=f"{count} executions stored")

    def assert_kept(self, status):
        """At least two executions are complete, with their samples; returns their number."""
        shown = self.show("long")
        self.assertEqual(shown["campaign"]["status"], status)
        executions = shown["cells"][0]["executions"]
        self.assertGreaterEqual(len(executions), 2)
        self.assertLess(len(executions), 60)
        self.assertTrue(all(one["requests"] > 0 for one in executions))
        return len(executions)

    def assert_complete(self, blocks, before):
        """At the end each block was measured once, and the executions `before` are unchanged.

        A few blocks may be left out of the figures, because other programs disturbed the host in them.
        """
        shown = self.show()
        self.assertEqual((shown["campaign"]["status"], shown["campaign"]["finished_blocks"]), ("complete", blocks))
        cell = shown["cells"][0]
        left_out = [one["block"] for one in cell["left_out_blocks"]]
        self.assertEqual(sorted([one["block"] for one in cell["executions"]] + left_out), list(range(blocks)))
        self.assertEqual(cell["failed_executions"], 0, cell.get("failure"))
        self.assertLessEqual(len(set(before) - {one["id"] for one in cell["executions"]}), len(left_out))

    def test_sigint_keeps_measurements_and_leaves_no_child(self):
        running = self.start_long()
        children = descendants(running.pid)
        self.assertTrue(any("agent" in command for command in children.values()), children)
        running.send(signal.SIGINT)
        ended = running.wait()
        self.assert_status(ended, 1)
        # Its children have ended before it ends, not later.
        for pid, command in children.items():
            self.assertNotIn(pid, descendants(os.getpid()), command)
        self.assert_nothing_runs()
        self.assert_says(ended, "kept")
        self.assertIn("resume", ended.out + ended.err)
        self.assert_kept("interrupted")

    def test_resumes_an_interrupted_campaign_to_its_end(self):
        running = self.start_long("--set", "blocks=6")
        running.send(signal.SIGTERM)
        self.assert_status(running.wait(), 1)
        before = [one["id"] for one in self.show("long")["cells"][0]["executions"]]
        resumed = self.controller("resume", "long")
        self.assert_measured(resumed)
        self.assert_complete(6, before)

    def test_almost_equal_rates_stay_separate_cells_in_every_format_and_after_resume(self):
        rates = [1234.5671, 1234.5672, 0.5]
        load = f"curve {{ rates_per_s: {rates} connections: 4 duration {{ seconds: 1 }} }}"
        plan = QUICK_PLAN.replace("closed { connections: [4] duration { seconds: 0.3 } }", load)
        running = self.start("run", self.write("plan.textproto", plan.replace("blocks: 1", "blocks: 2")))
        self.await_executions(2)
        running.send(signal.SIGTERM)
        self.assert_status(running.wait(), 1)
        self.assert_measured(self.controller("resume", "latest"))
        shown = self.show()
        self.assertEqual([cell["level"]["rate"] for cell in shown["cells"]], rates)
        self.assertEqual([len(cell["executions"]) for cell in shown["cells"]], [2, 2, 2])
        self.assertEqual(shown["campaign"]["finished_blocks"], 2)
        rows = list(csv.DictReader(self.controller("show", "latest", "--format=csv").out.splitlines()))
        self.assertEqual([(float(row["rate"]), row["executions"]) for row in rows], [(rate, "2") for rate in rates])
        report = self.path("report.html")
        self.assert_status(self.controller("report", "latest", "-o", report), 0)
        page = self.read(report)
        table = self.controller("show", "latest").out
        for rate in rates:
            self.assertIn(f"{rate}/s", table)
            self.assertIn(f">{rate}</text>", page)
        folder = self.path("logs")
        self.assert_status(self.controller("export", "latest", "--format=hdr", "-o", folder), 0)
        self.assertEqual(len(os.listdir(folder)), 3)

    def test_a_killed_controller_leaves_nothing_running(self):
        running = self.start_long()
        running.send(signal.SIGKILL)
        running.wait()
        self.assert_nothing_runs()
        self.assert_kept("interrupted")

    def test_the_server_of_a_killed_controller_is_stopped_by_its_lease(self):
        # The agent is not a child of the controller here: only the lease shows that the controller is gone.
        agent = self.agent()
        running = self.start_long(f"--agents={agent.address}")
        eventually(lambda: descendants(agent.pid), what="the agent has started something")
        running.send(signal.SIGKILL)
        running.wait()
        eventually(lambda: not descendants(agent.pid), what="the agent has stopped everything")
        self.assert_status(self.controller("agents", f"--agents={agent.address}"), 0)

    def test_a_killed_agent_is_named_and_its_processes_end(self):
        serving, loading = self.agent(), self.agent()
        running = self.start_long(f"--agents={serving.address},{loading.address}")
        children = eventually(lambda: descendants(serving.pid), what="the server has been started")
        serving.kill()
        eventually(lambda: not set(children) & set(descendants(os.getpid())), what="the dead agent's children are gone")
        ended = running.wait()
        self.assert_status(ended, 1)
        self.assertIn(serving.address, ended.out + ended.err)
        self.assert_kept("interrupted")

    def test_a_campaign_continues_with_a_new_agent_after_a_kill(self):
        serving, loading = self.agent(), self.agent()
        agents = f"--agents={serving.address},{loading.address}"
        running = self.start_long(agents, "--set", "blocks=12")
        serving.kill()
        self.assert_status(running.wait(), 1)
        shown = self.show("long")
        self.assertEqual(shown["campaign"]["status"], "interrupted")
        before = {one["id"] for one in shown["cells"][0]["executions"]}
        self.agent(listen=serving.address)
        self.assert_measured(self.controller("resume", "long", agents))
        self.assert_complete(12, before)

    def test_cancel_from_another_terminal_keeps_finished_executions(self):
        running = self.start_long()
        cancelled = self.controller("cancel", "long")
        self.assert_status(cancelled, 0)
        ended = running.wait()
        self.assert_status(ended, 1)
        self.assert_kept("cancelled")


class FailedExecutionTest(EndToEndTest):
    # Fails once: while the file exists, which it then removes.
    MOODY = 'if rm "$0" 2>/dev/null; then echo "out of widgets" >&2; exit 7; fi; exec "$1" --listen="$2"'

    def test_resume_repeats_failed_executions_of_a_complete_campaign(self):
        catalogue = self.write("catalogue.textproto", f"""
            targets {{
              name: "moody" description: "fails once" contract: true
              argv: "sh" argv: "-c" argv: {json.dumps(self.MOODY)}
              argv: "{{catalogue}}/broken" argv: "{program("server/server")}" argv: "{{address}}"
            }}""")
        agents = f"--agents={self.agent(f'--catalogue={catalogue}').address}"
        plan = self.write("plan.textproto", QUICK_PLAN.replace('"epoll"', '"moody"'))
        self.write("broken", "")
        ran = self.controller("run", plan, "--set", "blocks=2", agents)
        self.assert_status(ran, 1)
        self.assert_says(ran, "failed", "resume")
        self.assertIn("out of widgets", ran.out + ran.err)
        shown = self.show()
        self.assertEqual((shown["campaign"]["status"], shown["campaign"]["finished_blocks"]), ("complete", 1))
        cell = shown["cells"][0]
        self.assertEqual([one["block"] for one in cell["executions"]], [1])
        self.assertEqual(cell["failed_executions"], 1)
        self.assertIn("exit 7", cell["failure"])

        self.assert_measured(self.controller("resume", "latest", agents))
        shown = self.show()
        self.assertEqual((shown["campaign"]["status"], shown["campaign"]["finished_blocks"]), ("complete", 2))
        attempts = {one["block"]: one["attempt"] for one in shown["cells"][0]["executions"]}
        self.assertEqual(attempts, {0: 1, 1: 0})
        self.assertEqual(shown["cells"][0]["failed_executions"], 0)
        self.assertNotIn("failure", shown["cells"][0])

        # Nothing remains to be done.
        again = self.controller("resume", "latest", agents)
        self.assert_status(again, 1)
        self.assert_says(again, "complete", "rerun")
