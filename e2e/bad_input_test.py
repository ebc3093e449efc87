"""User errors: each message names the error and what to do, the status is 2 (or 1), and nothing changes."""

import socket

from e2e.harness import QUICK_PLAN, EndToEndTest


class BadPlanTest(EndToEndTest):
    def refused(self, text, *parts, status=2, arguments=()):
        """`run` and `check` refuse a plan with the same status and message, and store nothing."""
        plan = self.write("plan.textproto", text)
        for command in ("check", "run"):
            with self.subTest(command=command):
                ended = self.controller(command, plan, *arguments)
                self.assert_status(ended, status)
                self.assert_says(ended, *parts)
                self.assertEqual(ended.out, "")
        self.assertEqual(self.controller("list", "--format=json").json()["campaigns"], [])

    def test_reports_a_syntax_error_with_line_and_column(self):
        self.refused('name: "x"\ntargets { name "epoll" }\n', "plan.textproto:2:", "expected")

    def test_suggests_the_nearest_field(self):
        line = QUICK_PLAN.count("\n") + 1
        self.refused(QUICK_PLAN + "blokcs: 3\n", f"plan.textproto:{line}:1", "blokcs", "blocks")

    def test_reports_a_json_syntax_error_with_line_and_column(self):
        plan = self.write("plan.json", '{\n  "name": "x",\n  "targets": [{"name": "epoll"},]\n}\n')
        ended = self.controller("run", plan)
        self.assert_status(ended, 2)
        self.assert_says(ended, "plan.json:3:")

    def test_a_missing_plan(self):
        ended = self.controller("run", self.path("no-such.textproto"))
        self.assert_status(ended, 2)
        self.assert_says(ended, "no-such.textproto")

    def test_an_unknown_target_lists_the_targets(self):
        self.refused(QUICK_PLAN.replace('"epoll"', '"epol"'), "epol", "epoll", "libmicrohttpd", "hyper")

    def test_an_unknown_workload_lists_the_workloads(self):
        self.refused(QUICK_PLAN + 'thresholds { metric: "p99_us" workload: "plain" max: 1 }\n', "plain", "plaintext")

    def test_zero_connections(self):
        self.refused(QUICK_PLAN.replace("[4]", "[0]"), "connections", "0")

    def test_a_cpu_that_does_not_exist(self):
        self.refused(QUICK_PLAN + 'placement { server_cpus: "4095" }\n', "4095", "cpu")

    def test_an_override_that_does_not_exist(self):
        self.refused(QUICK_PLAN, "blokcs", arguments=("--set", "blokcs=3"))

    def test_a_plan_without_any_installed_target(self):
        # The only program of the catalogue is missing: the target is skipped with what to install, and no target remains.
        catalogue = self.write("catalogue.textproto", """
            targets {
              name: "epoll" description: "not here" argv: "no-such-program" contract: true
              install: "make it first"
            }""")
        agent = self.agent(f"--catalogue={catalogue}")
        ended = self.controller("run", self.write("plan.textproto", QUICK_PLAN), f"--agents={agent.address}")
        self.assert_status(ended, 1)
        self.assert_says(ended, "nothing", "make it first")


class BadTextTest(EndToEndTest):
    """Bytes that are not text in user input: refused, or shown as text; the store stays readable."""

    RAW = "caf\udce9"  # As Python writes the byte 0xe9 to a program.

    def assert_all_can_be_read(self):
        for arguments in (("list",), ("show", "latest")):
            self.assert_status(self.controller(*arguments), 0)
            self.assert_status(self.controller(*arguments, "--format=csv"), 0)
            self.controller(*arguments, "--format=json").json()

    def test_a_label_must_be_text(self):
        plan = self.write("plan.textproto", QUICK_PLAN)
        ended = self.controller("run", plan, f"--label={self.RAW}")
        self.assert_status(ended, 2)
        self.assert_says(ended, "label", "UTF-8")
        self.assertEqual(self.controller("list", "--format=json").json()["campaigns"], [])
        # Other labels do not change.
        self.assert_measured(self.controller("run", plan, "--label=caf\u00e9"))
        self.assert_all_can_be_read()
        listed = self.controller("list", "--format=json").json()["campaigns"]
        self.assertEqual([one["label"] for one in listed], ["caf\u00e9"])
        ended = self.controller("resume", "caf\u00e9")
        self.assert_status(ended, 1)
        self.assert_says(ended, "is complete")

    def test_imports_a_file_whose_name_is_not_text(self):
        self.assert_measured(self.controller("run", self.write("plan.textproto", QUICK_PLAN)))
        execution = self.show()["cells"][0]["executions"][0]["id"]
        path = self.write(f"{self.RAW}.txt",
                          "server 7/7 [000] 5.000000: 1000000 cpu-clock:\n\t 10 work+0x1 (/bin/server)\n\n")
        self.assert_status(self.controller("import", path, f"--execution={execution}"), 0)
        self.assert_all_can_be_read()
        notes = self.show()["profiles"][0]["notes"]
        self.assertTrue(any("caf\ufffd.txt" in note for note in notes), notes)
        self.assert_status(self.controller("report", "latest", "-o", self.path("page.html")), 0)
        self.assertIn("work", self.read(self.path("page.html")))


class BadArgumentsTest(EndToEndTest):
    def test_an_unknown_flag_suggests_the_nearest(self):
        ended = self.controller("demo", "--qiet")
        self.assert_status(ended, 2)
        self.assert_says(ended, "--qiet", "--quiet")

    def test_an_unknown_command_suggests_the_nearest(self):
        ended = self.controller("dmeo")
        self.assert_status(ended, 2)
        self.assert_says(ended, "dmeo", "demo")

    def test_an_unknown_campaign_lists_the_campaigns(self):
        self.assert_measured(self.controller("run", self.write("plan.textproto", QUICK_PLAN), "--label=mine"))
        ended = self.controller("show", "ffff")
        self.assert_status(ended, 1)
        self.assert_says(ended, "ffff", "mine")


class BadAgentTest(EndToEndTest):
    def test_an_unreachable_agent(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"127.0.0.1:{server.getsockname()[1]}"
        plan = self.write("plan.textproto", QUICK_PLAN)
        for arguments in (("run", plan), ("agents",), ("check", plan)):
            with self.subTest(command=arguments[0]):
                ended = self.controller(*arguments, f"--agents={address}")
                self.assert_status(ended, 1)
                self.assert_says(ended, address)
        self.assertEqual(self.controller("list", "--format=json").json()["campaigns"], [])

    def test_a_port_that_accepts_and_never_responds(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"127.0.0.1:{silent.getsockname()[1]}"
            ended = self.controller("agents", f"--agents={address}")
            self.assert_status(ended, 1)
            self.assert_says(ended, address)

    def test_an_invalid_address(self):
        ended = self.controller("agents", "--agents=127.0.0.1")
        self.assert_status(ended, 2)
        self.assert_says(ended, "'127.0.0.1'", "HOST:PORT")
        ended = self.controller("agents", "--agents=127.0.0.1:port")
        self.assert_status(ended, 2)
        self.assert_says(ended, "127.0.0.1:port", "a port from 1 to 65535")
