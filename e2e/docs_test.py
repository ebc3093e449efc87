"""The examples of the documentation work."""

import os
import re

from e2e.harness import EndToEndTest, program


class DocumentedPlansTest(EndToEndTest):
    def test_every_plan_in_the_documentation_is_accepted(self):
        with open(program("docs/plans.md"), encoding="utf-8") as file:
            plans = re.findall(r"^```textproto\n(.*?)^```", file.read(), re.MULTILINE | re.DOTALL)
        self.assertGreaterEqual(len(plans), 2)
        for number, text in enumerate(plans):
            with self.subTest(plan=number):
                checked = self.controller("check", self.write(f"plan{number}.textproto", text))
                self.assert_status(checked, 0)

    def test_every_plan_that_comes_with_assay_is_accepted(self):
        for name in sorted(os.listdir(program("plans"))):
            if name.endswith(".textproto"):
                with self.subTest(plan=name):
                    self.assert_status(self.controller("check", program(f"plans/{name}")), 0)


class DocumentedGatesTest(EndToEndTest):
    def test_every_gate_is_explained(self):
        with open(program("analysis/gates.textproto"), encoding="utf-8") as file:
            gates = re.findall(r'^  name: "(\w+)"', file.read(), re.MULTILINE)
        with open(program("docs/metrics.md"), encoding="utf-8") as file:
            page = file.read()
        self.assertGreaterEqual(len(gates), 10)
        self.assertEqual([gate for gate in gates if f"`{gate}`" not in page], [])


    def test_the_table_of_gates_has_the_limits_of_the_rules(self):
        with open(program("analysis/gates.textproto"), encoding="utf-8") as file:
            rules = re.findall(r"^rules \{\n(.*?)^\}", file.read(), re.MULTILINE | re.DOTALL)
        with open(program("docs/metrics.md"), encoding="utf-8") as file:
            page = file.read()
        rows = {row[0]: row[1:] for row in re.findall(
            r"^\| `(\w+)` \| [^|]+ \| (max|min) \| (\S+) \| (\S+) \|", page, re.MULTILINE)}
        self.assertEqual(len(rows), len(rules))
        for rule in rules:
            fields = dict(re.findall(r"^  (\w+): \"?([^\"\n]+)", rule, re.MULTILINE))
            with self.subTest(gate=fields["name"]):
                self.assertEqual(rows[fields["name"]], (
                    fields["direction"].lower(), fields.get("warn", "-"), fields.get("invalid", "-")))


class DocumentedCommandsTest(EndToEndTest):
    def test_every_command_of_the_readme_exists(self):
        with open(program("README.md"), encoding="utf-8") as file:
            commands = set(re.findall(r"//controller -- (\w+)", file.read()))
        self.assertIn("demo", commands)
        for command in sorted(commands):
            with self.subTest(command=command):
                self.assert_status(self.controller(command, "--help"), 0)
