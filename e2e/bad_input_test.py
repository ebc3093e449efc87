"""What the user gets wrong: each is named with what to do, ends with 2 (or 1), and changes nothing."""

import socket

from e2e.harness import QUICK_PLAN, EndToEndTest


class BadPlanTest(EndToEndTest):
    def refused(self, text, *parts, status=2, words=()):
        """`run` and `check` refuse a plan with the same status and words, and nothing is stored."""
        plan = self.write("plan.textproto", text)
        for command in ("check", "run"):
            with self.subTest(command=command):
                ended = self.controller(command, plan, *words)
                self.assert_status(ended, status)
                self.assert_says(ended, *parts)
                self.assertEqual(ended.out, "")
        self.assertEqual(self.controller("list", "--format=json").json()["campaigns"], [])

    def test_a_plan_that_does_not_parse_is_placed_by_line_and_column(self):
        self.refused('name: "x"\ntargets { name "epoll" }\n', "plan.textproto:2:", "expected")

    def test_an_unknown_field_is_named_with_the_nearest(self):
        line = QUICK_PLAN.count("\n") + 1
        self.refused(QUICK_PLAN + "blokcs: 3\n", f"plan.textproto:{line}:1", "blokcs", "blocks")

    def test_a_json_plan_that_does_not_parse_is_placed_too(self):
        plan = self.write("plan.json", '{\n  "name": "x",\n  "targets": [{"name": "epoll"},]\n}\n')
        ended = self.controller("run", plan)
        self.assert_status(ended, 2)
        self.assert_says(ended, "plan.json:3:")

    def test_a_plan_that_is_not_there(self):
        ended = self.controller("run", self.path("no-such.textproto"))
        self.assert_status(ended, 2)
        self.assert_says(ended, "no-such.textproto")

    def test_an_unknown_target_is_named_with_those_there_are(self):
        self.refused(QUICK_PLAN.replace('"epoll"', '"epol"'), "epol", "epoll", "libmicrohttpd", "hyper")

    def test_an_unknown_workload_is_named_with_those_there_are(self):
        self.refused(QUICK_PLAN + 'thresholds { metric: "p99_us" workload: "plain" max: 1 }\n', "plain", "plaintext")

    def test_zero_connections(self):
        self.refused(QUICK_PLAN.replace("[4]", "[0]"), "connections", "0")

    def test_a_cpu_that_does_not_exist(self):
        self.refused(QUICK_PLAN + 'placement { server_cpus: "4095" }\n', "4095", "cpu")

    def test_an_override_that_does_not_exist(self):
        self.refused(QUICK_PLAN, "blokcs", words=("--set", "blokcs=3"))

    def test_a_plan_of_which_nothing_is_installed(self):
        # A catalogue whose one program is not there: skipped, with what to install; nothing is left to measure.
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
    """Bytes that are no text, where users can put them: refused, or shown as text; what is stored stays readable."""

    RAW = "caf\udce9"  # As Python writes the byte 0xe9 to a program.

    def assert_all_can_be_read(self):
        for words in (("list",), ("show", "latest")):
            self.assert_status(self.controller(*words), 0)
            self.assert_status(self.controller(*words, "--format=csv"), 0)
            self.controller(*words, "--format=json").json()

    def test_a_label_is_text_or_refused(self):
        plan = self.write("plan.textproto", QUICK_PLAN)
        ended = self.controller("run", plan, f"--label={self.RAW}")
        self.assert_status(ended, 2)
        self.assert_says(ended, "label", "UTF-8")
        self.assertEqual(self.controller("list", "--format=json").json()["campaigns"], [])
        # Others are kept as they are.
        self.assert_measured(self.controller("run", plan, "--label=caf\u00e9"))
        self.assert_all_can_be_read()
        listed = self.controller("list", "--format=json").json()["campaigns"]
        self.assertEqual([one["label"] for one in listed], ["caf\u00e9"])
        ended = self.controller("resume", "caf\u00e9")
        self.assert_status(ended, 1)
        self.assert_says(ended, "is complete")

    def test_a_file_whose_name_is_no_text_can_be_imported(self):
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


class BadWordsTest(EndToEndTest):
    def test_an_unknown_flag_is_refused_with_the_nearest(self):
        ended = self.controller("demo", "--qiet")
        self.assert_status(ended, 2)
        self.assert_says(ended, "--qiet", "--quiet")

    def test_an_unknown_command_is_refused_with_the_nearest(self):
        ended = self.controller("dmeo")
        self.assert_status(ended, 2)
        self.assert_says(ended, "dmeo", "demo")

    def test_an_unknown_campaign_is_refused_with_what_there_is(self):
        self.assert_measured(self.controller("run", self.write("plan.textproto", QUICK_PLAN), "--label=mine"))
        ended = self.controller("show", "ffff")
        self.assert_status(ended, 1)
        self.assert_says(ended, "ffff", "mine")


class BadAgentTest(EndToEndTest):
    def test_an_agent_that_is_not_there(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"127.0.0.1:{server.getsockname()[1]}"
        plan = self.write("plan.textproto", QUICK_PLAN)
        for words in (("run", plan), ("agents",), ("check", plan)):
            with self.subTest(command=words[0]):
                ended = self.controller(*words, f"--agents={address}")
                self.assert_status(ended, 1)
                self.assert_says(ended, address)
        self.assertEqual(self.controller("list", "--format=json").json()["campaigns"], [])

    def test_a_port_where_something_listens_and_never_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"127.0.0.1:{silent.getsockname()[1]}"
            ended = self.controller("agents", f"--agents={address}")
            self.assert_status(ended, 1)
            self.assert_says(ended, address)

    def test_an_address_that_is_none(self):
        ended = self.controller("agents", "--agents=127.0.0.1")
        self.assert_status(ended, 2)
        self.assert_says(ended, "'127.0.0.1'", "HOST:PORT")
        ended = self.controller("agents", "--agents=127.0.0.1:port")
        self.assert_status(ended, 2)
        self.assert_says(ended, "127.0.0.1:port", "a port from 1 to 65535")
