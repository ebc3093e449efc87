"""Servers that fail: the message says what failed, where and why; measurements are kept, and no process is left."""

import socket

from e2e.harness import QUICK_PLAN, EndToEndTest

# One program for all failures. It responds like /plaintext of the contract, with persistent connections.
SERVER = r'''
import http.server, os, socketserver, sys, threading

mode, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
if mode == "crash-at-start":
    sys.exit("cannot read the licence file /etc/none")
if mode == "never-ready":
    threading.Event().wait()

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answered = 0
    def do_GET(self):
        body = b"ok" if self.path == "/healthz" else b"Hello, World!"
        if self.path == "/plaintext":
            Handler.answered += 1
            if mode == "wrong-response":
                body = b"Hello, Wurld!"
            if mode == "wrong-later" and Handler.answered > 20:
                body = b"Hello, Wurld!"
            if mode == "crash-later" and Handler.answered > 20:
                sys.stderr.write("panic: the table of widgets is full\n")
                sys.stderr.flush()
                os._exit(3)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass

class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

Server((host, port), Handler).serve_forever()
'''


class FailingServerTest(EndToEndTest):
    def run_mode(self, mode, *more_targets):
        """Runs the quick plan on a server that fails in this way, and on the given built-in targets."""
        self.write("server.py", SERVER)
        entries = "".join(f"""
            targets {{
              name: "{name}" description: "fails: {name}" contract: true ready_timeout_s: {3 if name == "never-ready" else 60}
              argv: "python3" argv: "{{catalogue}}/server.py" argv: "{name}" argv: "{{host}}" argv: "{{port}}"
            }}""" for name in (mode, *more_targets))
        agent = self.agent(f"--catalogue={self.write('catalogue.textproto', entries)}")
        targets = " ".join(f'targets {{ name: "{name}" }}' for name in (mode, *more_targets))
        plan = self.write("plan.textproto", QUICK_PLAN.replace('targets { name: "epoll" }', targets))
        ended = self.controller("run", plan, f"--agents={agent.address}")
        # The agent continues: only the target failed.
        self.assert_status(self.controller("agents", f"--agents={agent.address}"), 0)
        return agent, ended

    def text(self, ended):
        return ended.out + ended.err

    def test_a_crash_at_start_shows_its_last_output(self):
        _, ended = self.run_mode("crash-at-start")
        self.assert_status(ended, 1)
        self.assertIn("cannot read the licence file", self.text(ended))
        self.assertIn("crash-at-start", self.text(ended))

    def test_a_server_that_is_never_ready_times_out(self):
        _, ended = self.run_mode("never-ready")
        self.assert_status(ended, 1)
        self.assertIn("/healthz", self.text(ended))

    def test_a_crash_under_load_shows_its_last_output(self):
        agent, ended = self.run_mode("crash-later")
        self.assert_status(ended, 1)
        self.assertIn("panic: the table of widgets is full", self.text(ended))
        self.assertIn("exit 3", self.text(ended))
        self.assertIn(agent.address, self.text(ended))

    def test_a_wrong_response_is_refused_before_load_with_a_difference(self):
        _, ended = self.run_mode("wrong-response")
        self.assert_status(ended, 1)
        self.assertIn("Hello, World!", self.text(ended))
        self.assertIn("Hello, Wurld!", self.text(ended))

    def test_a_wrong_response_under_load_makes_the_result_invalid(self):
        _, ended = self.run_mode("wrong-later")
        self.assert_status(ended, 3)
        self.assertIn("invalid: wrong_responses ", ended.out)
        gates = {gate["name"]: gate for gate in self.show()["cells"][0]["gates"]}
        self.assertEqual(gates["wrong_responses"]["verdict"], "invalid")
        self.assertGreater(gates["wrong_responses"]["value"], 0)

    def test_keeps_the_results_of_other_servers(self):
        _, ended = self.run_mode("crash-at-start", "sound")
        self.assert_status(ended, 1)
        cells = {cell["target"]: cell for cell in self.show()["cells"]}
        self.assertEqual(len(cells["sound"]["executions"]), 1)
        self.assertEqual(cells["crash-at-start"]["executions"], [])
        self.assertIn("exit 1", cells["crash-at-start"]["failure"])

    def test_names_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            # A target that ignores the given address and listens on a port in use.
            self.write("server.py", SERVER)
            catalogue = self.write("catalogue.textproto", f"""
                targets {{
                  name: "stubborn" description: "takes one port" contract: true
                  argv: "python3" argv: "{{catalogue}}/server.py" argv: "sound" argv: "127.0.0.1" argv: "{port}"
                }}""")
            agent = self.agent(f"--catalogue={catalogue}")
            plan = self.write("plan.textproto", QUICK_PLAN.replace('"epoll"', '"stubborn"'))
            ended = self.controller("run", plan, f"--agents={agent.address}")
        self.assert_status(ended, 1)
        self.assertRegex(self.text(ended), r"an address that it listens on is in use \(it was given \S+\): it ended before it was ready with exit 1")
        self.assertIn("Address already in use", self.text(ended))

    def test_a_url_without_a_server(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        ended = self.controller("measure", f"http://127.0.0.1:{port}", "--path=/", "--duration=0.2",
                                "--connections=2", "--set", "blocks=1")
        self.assert_status(ended, 1)
        self.assert_says(ended, f"127.0.0.1:{port}", "connection refused")
