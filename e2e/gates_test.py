"""Faults of a measurement that the gates must report, each provoked on a real one."""

import os
import subprocess
import sys

from e2e.harness import QUICK_PLAN, EndToEndTest

TWO_CPUS = sorted(os.sched_getaffinity(0))[:2]
COMPARING_PLAN = QUICK_PLAN.replace("verdict: NONE", "verdict: COMPARE") + 'targets { name: "epoll" label: "again" }\n'


class GatesTest(EndToEndTest):
    def gates_of(self, text, *arguments):
        """Runs a plan. Returns how it ended, and its gates by name: the worst verdict of each, with its value."""
        ended = self.controller("run", self.write("plan.textproto", text), *arguments)
        shown = self.show()
        gates = {}
        order = ["pass", "warn", "unreadable", "invalid"]
        for gate in [*shown["gates"], *[gate for cell in shown["cells"] for gate in cell["gates"]]]:
            known = gates.setdefault(gate["name"], gate)
            if order.index(gate["verdict"]) > order.index(known["verdict"]):
                gates[gate["name"]] = gate
        return ended, gates

    def burn(self, cpu):
        """Uses a CPU until the end of the test."""
        program = f"import os; os.sched_setaffinity(0, {{{cpu}}}); print('burning', flush=True)\nwhile True: pass"
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "burning\n")

    def test_a_program_on_the_servers_cpu_voids_the_result(self):
        if len(TWO_CPUS) < 2:
            self.skipTest("needs two CPUs")
        server, load = TWO_CPUS
        placement = f'placement {{ server_cpus: "{server}" load_cpus: "{load}" }}\n'
        self.burn(server)
        ended, gates = self.gates_of(QUICK_PLAN + placement, "--set", "load.closed.duration.seconds=1")
        self.assert_status(ended, 3)
        self.assertEqual(gates["foreign_cpu"]["verdict"], "invalid")
        self.assertGreater(gates["foreign_cpu"]["value"], 0.2)
        self.assertLess(gates["foreign_cpu"]["value"], 1.01)
        # Both share the CPU, so each waits for the other.
        self.assertEqual(gates["server_delayed"]["verdict"], "warn")
        self.assertIn("invalid: foreign_cpu ", ended.out)
        self.assertIn("other programs used at least this share of the server's CPUs", " ".join(ended.out.split()))

    def test_a_program_on_the_loads_cpu_voids_the_result(self):
        if len(TWO_CPUS) < 2:
            self.skipTest("needs two CPUs")
        server, load = TWO_CPUS
        placement = f'placement {{ server_cpus: "{server}" load_cpus: "{load}" }}\n'
        self.burn(load)
        ended, gates = self.gates_of(QUICK_PLAN + placement, "--set", "load.closed.duration.seconds=1")
        self.assert_status(ended, 3)
        self.assertEqual(gates["foreign_cpu_load"]["verdict"], "invalid")
        self.assertEqual(gates["idle_gaps"]["verdict"], "invalid")
        self.assertEqual(gates["generator_delayed"]["verdict"], "warn")

    def test_a_rate_that_one_connection_cannot_carry_is_not_delivered(self):
        plan = QUICK_PLAN.replace("closed { connections: [4]", "open { rate_per_s: 200000 connections: 1")
        _, gates = self.gates_of(plan)
        # Without a verdict, it only warns.
        self.assertEqual(gates["load_not_delivered"]["verdict"], "warn")
        self.assertLess(gates["load_not_delivered"]["value"], 0.95)
        self.assertEqual(gates["send_lag"]["verdict"], "warn")

    def test_throughput_of_a_server_that_is_not_busy_is_void_and_cost_is_one_at_that_load(self):
        idle = "load.closed.connections=1"
        ended, gates = self.gates_of(COMPARING_PLAN, "--set", idle, "--set", "primary_metric=rps")
        self.assert_status(ended, 3)
        self.assertEqual(gates["server_not_bottleneck"]["verdict"], "invalid")
        self.assertLess(gates["server_not_bottleneck"]["value"], 0.92)
        # Connections that pause are no claim of saturation.
        thinking = COMPARING_PLAN.replace('path: "/plaintext"', 'path: "/plaintext" think { seconds: 0.01 }')
        _, gates = self.gates_of(thinking, "--set", idle)
        self.assertNotIn("server_not_bottleneck", gates)

    def test_windows_that_are_too_short_for_a_verdict_void_it(self):
        ended, gates = self.gates_of(COMPARING_PLAN, "--set", "load.closed.duration.seconds=0.05")
        self.assert_status(ended, 3)
        self.assertEqual(gates["too_short_window"]["verdict"], "invalid")

    def test_too_few_requests_per_connection_void_a_verdict(self):
        plan = COMPARING_PLAN.replace("duration { seconds: 0.3 }", "requests: 40").replace("warmup { seconds: 0.1 }", "")
        ended, gates = self.gates_of(plan)
        self.assert_status(ended, 3)
        self.assertEqual((gates["too_short_requests"]["verdict"], gates["too_short_requests"]["value"]), ("invalid", 10))
