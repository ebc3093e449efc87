"""Campaigns over several agents: one serves, the others load, and merging their results loses nothing."""

import json
import os
import re
import subprocess

from e2e.harness import QUICK_PLAN, EndToEndTest, Running, program


class SeveralAgentsTest(EndToEndTest):
    def run_over(self, count, *overrides):
        """Runs the quick plan over that many agents; returns their addresses and the output of `show`."""
        agents = [self.agent() for _ in range(count)]
        addresses = [agent.address for agent in agents]
        plan = self.write("quick.textproto", QUICK_PLAN)
        arguments = [word for override in overrides for word in ("--set", override)]
        ran = self.controller("run", plan, f"--agents={','.join(addresses)}", *arguments)
        # On two CPUs, the agents of one machine share the CPU that is left for the load.
        self.assert_measured(ran, also=("pinning_overlap",))
        return addresses, self.show()

    def audit(self):
        """The figures that e2e/store_audit computes from the raw samples: one object per execution."""
        audited = Running([program("e2e/store_audit"), self.store], self.env, self.home).wait()
        self.assert_status(audited, 0)
        return [json.loads(line) for line in audited.out.splitlines()]

    def test_two_agents_one_serves_and_one_loads(self):
        addresses, shown = self.run_over(2, "blocks=2")
        self.assertEqual([agent["address"] for agent in shown["agents"]], addresses)
        self.assertEqual(len(shown["cells"][0]["executions"]), 2)
        for execution in self.audit():
            self.assertEqual([load["agent"] for load in execution["loads"]], [addresses[1]])

    def test_merged_histograms_equal_the_histogram_of_all_samples(self):
        addresses, shown = self.run_over(3, "blocks=2", "load.closed.connections=8")
        executions = self.audit()
        self.assertEqual(len(executions), 2)
        requests = [one["requests"] for one in shown["cells"][0]["executions"]]
        for execution in executions:
            self.assertEqual([load["agent"] for load in execution["loads"]], addresses[1:])
            # The number of connections is a total, split evenly.
            self.assertEqual([load["connections"] for load in execution["loads"]], [4, 4])
            self.assertTrue(execution["stored_equals_sum_of_loads"], execution)
            self.assertTrue(execution["stored_equals_samples"], execution)
            self.assertGreater(execution["samples"], 100)
            self.assertEqual(execution["samples"], sum(load["recorded"] for load in execution["loads"]))
            self.assertEqual([load["lost"] for load in execution["loads"]], [0, 0])
            for load in execution["loads"]:
                self.assertEqual(load["sent"], load["ok"] + load["errors"] + load["timeouts"] + load["in_flight"])
        self.assertEqual(sorted(requests), sorted(sum(
            load["ok"] + load["errors"] + load["timeouts"] for load in one["loads"]) for one in executions))

    def test_reports_a_bound_of_the_start_skew(self):
        # All agents share this machine's clock, so the test knows the true skew.
        self.run_over(3, "blocks=3", "load.closed.connections=8")
        for execution in self.audit():
            begins = [load["start_ns"] + load["lateness_ns"] for load in execution["loads"]]
            true_skew = max(begins) - min(begins)
            self.assertGreater(execution["skew_bound_ns"], 0)
            self.assertLessEqual(true_skew, execution["skew_bound_ns"], execution)
            # A useless bound would pass too.
            self.assertLess(execution["skew_bound_ns"], 1_000_000_000, execution)
            # The recorded samples begin at the start that the agents report.
            first_sends = [load["first_send_ns"] for load in execution["loads"]]
            for begin, first_send in zip(begins, first_sends):
                self.assertGreaterEqual(first_send, begin, execution)
        skews = [one["start_skew_us"] for one in self.show()["cells"][0]["executions"]]
        self.assertEqual(len(skews), 3)
        self.assertGreater(min(skews), 0)
        self.assertIn(f"largest difference between the starts of load agents: {max(skews):.0f} us\n",
                      self.controller("show", "latest").out)

    def test_agents_command_lists_clocks_and_targets(self):
        agent = self.agent()
        listed = self.controller("agents", f"--agents={agent.address}", "--format=json")
        self.assert_status(listed, 0)
        entry = listed.json()["agents"][0]
        self.assertEqual(entry["address"], agent.address)
        self.assertLess(abs(entry["clock_offset_us"]), entry["clock_uncertainty_us"] + 1)
        targets = {target["name"]: target for target in entry["targets"]}
        self.assertTrue(targets["epoll"]["installed"])
        self.assertTrue(targets["libmicrohttpd"]["installed"])
        self.assertIn(agent.address, self.controller("agents", f"--agents={agent.address}").out)


class MutualTlsTest(EndToEndTest):
    def make_certificates(self, folder):
        """Creates the certificates with the commands of docs/operations.md, for this host."""
        with open(program("docs/operations.md"), encoding="utf-8") as file:
            script = re.search(r"^```\n(new_key=.*?)^```", file.read(), re.MULTILINE | re.DOTALL)[1]
        os.mkdir(self.path(folder))
        script = "set -e\n" + script.replace("10.0.0.1 10.0.0.2", "127.0.0.1")
        subprocess.run(["sh", "-c", script], cwd=self.path(folder), check=True, capture_output=True)

    def flags(self, folder, name):
        return [f"--tls-ca={self.path(folder)}/ca.pem", f"--tls-cert={self.path(folder)}/{name}.pem",
                f"--tls-key={self.path(folder)}/{name}.key"]

    def test_requires_a_certificate_of_the_same_ca(self):
        self.make_certificates("ours")
        self.make_certificates("theirs")
        agent = self.agent(*self.flags("ours", "127.0.0.1"))
        arguments = ("agents", f"--agents={agent.address}")
        self.assert_status(self.controller(*arguments, *self.flags("ours", "controller")), 0)
        plan = self.write("quick.textproto", QUICK_PLAN)
        self.assert_measured(self.controller("run", plan, arguments[1], *self.flags("ours", "controller")))
        for intruder in (arguments, (*arguments, *self.flags("theirs", "controller"))):
            refused = self.controller(*intruder)
            self.assert_status(refused, 1)
            self.assert_says(refused, agent.address)


class AgentUsageTest(EndToEndTest):
    def test_beyond_loopback_it_requires_tls_or_an_explicit_flag(self):
        refused = Running(
            [program("agent/agent"), "--listen=0.0.0.0:0", f"--spool={self.home}"], self.env, self.home).wait()
        self.assert_status(refused, 2)
        self.assert_says(refused, "tls", "--insecure-listen")

    def test_sigterm_ends_an_idle_agent_with_status_0(self):
        self.assert_status(self.agent().stop(), 0)

    def test_names_a_port_in_use(self):
        agent = self.agent()
        second = Running([program("agent/agent"), f"--listen={agent.address}", f"--spool={self.home}"],
                         self.env, self.home).wait()
        self.assert_status(second, 1)
        self.assert_says(second, agent.address, "in use")


class DoctorTest(EndToEndTest):
    def test_doctor_reports_each_check_with_a_figure_and_a_remedy(self):
        ended = self.controller("doctor", "--format=json")
        self.assert_status(ended, 0)
        findings = ended.json()["findings"]
        checks = {one["check"]: one for one in findings}
        for check in ("cpus", "foreign_cpu", "steal", "clock_source", "perf_events", "open_files", "spool_disk", "store_disk"):
            self.assertIn(check, checks)
        for one in findings:
            self.assertIn(one["health"], ("ok", "warn", "bad", "unknown"), one)
            self.assertTrue(one["figure"], one)
            self.assertEqual(bool(one["remedy"]), one["health"] in ("warn", "bad"), one)
        self.assertEqual(checks["version"]["health"], "ok")
        self.assertNotEqual(checks["foreign_cpu"]["health"], "unknown")

    def test_doctor_prints_at_most_100_columns_and_a_csv_row_per_finding(self):
        agent = self.agent()
        table = self.controller("doctor", f"--agents={agent.address}")
        self.assert_status(table, 0)
        self.assertLessEqual(max(len(line) for line in table.out.splitlines()), 100, table.out)
        self.assertRegex(table.out, r"(?m)^  ok      version ")
        self.assertRegex(table.out.splitlines()[-1], r"^\d+ ok, \d+ warn, \d+ bad, \d+ unknown$")
        rows = self.controller("doctor", f"--agents={agent.address}", "--format=csv").out.strip().splitlines()
        self.assertEqual(rows[0], "agent,check,health,figure,remedy")
        self.assertGreater(len(rows), 25)

    def test_doctor_fails_for_an_agent_that_it_cannot_reach_and_shows_the_others(self):
        agent = self.agent()
        ended = self.controller("doctor", f"--agents={agent.address},127.0.0.1:1", "--format=json")
        self.assert_status(ended, 1)
        self.assert_says(ended, "127.0.0.1:1")
        self.assertEqual([one["address"] for one in ended.json()["unreachable"]], ["127.0.0.1:1"])
        self.assertIn(agent.address, {one["agent"] for one in ended.json()["findings"]})
