"""The epoll server responds to requests from different clients, sent in any pieces."""

import http.client
import os
import signal
import socket
import subprocess

from e2e.harness import EndToEndTest, Running, program


class EchoTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.server = Running(
            [program("server/server"), "--listen=127.0.0.1:0", "--cpu=0"], self.env, self.home)
        self.addCleanup(self.server.kill)
        self.address = self.server.await_line("listening on ").split()[-1]
        self.host, _, port = self.address.rpartition(":")
        self.port = int(port)

    def test_curl_gets_its_body_back(self):
        # Above 1 KiB curl sends "Expect: 100-continue" first.
        for size in (0, 1, 100_000):
            with self.subTest(size=size):
                body = os.urandom(size)
                response = subprocess.run(
                    ["curl", "--silent", "--show-error", "--fail", "--max-time", "120", "--data-binary", "@-",
                     "-H", "Content-Type: application/x-any", f"http://{self.address}/echo"],
                    input=body, capture_output=True, check=True)
                self.assertEqual(response.stdout, body)

    def test_pythons_http_client_gets_its_body_back(self):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
        # On one connection: no bytes of a response may leak into the next.
        for size in (10, 70_000, 0, 3):
            body = os.urandom(size)
            connection.request("POST", "/echo", body, {"Content-Type": "application/x-any"})
            response = connection.getresponse()
            self.assertEqual((response.status, response.read()), (200, body))
            self.assertEqual(response.getheader("Content-Type"), "application/x-any")
        # http.client sends a body that it gets in pieces as chunks.
        connection.request("POST", "/echo", iter([b"one ", b"two ", b"three"]), encode_chunked=True,
                           headers={"Transfer-Encoding": "chunked"})
        self.assertEqual(connection.getresponse().read(), b"one two three")
        connection.close()

    def test_a_request_sent_one_byte_at_a_time_gets_its_body_back(self):
        request = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nslow client"
        with socket.create_connection((self.host, self.port), timeout=120) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in request:
                client.sendall(bytes([byte]))
            response = b""
            while not response.endswith(b"slow client"):
                part = client.recv(4096)
                self.assertTrue(part, response)
                response += part
        self.assertTrue(response.startswith(b"HTTP/1.1 200"), response)

    def test_a_body_in_a_later_segment_does_not_stall(self):
        with socket.create_connection((self.host, self.port), timeout=120) as client:
            client.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n")
            client.sendall(b"body")
            self.assertIn(b"body", self.receive_until(client, b"body"))

    def receive_until(self, client, end):
        response = b""
        while end not in response:
            part = client.recv(4096)
            self.assertTrue(part, response)
            response += part
        return response

    def test_sigterm_ends_it_with_status_0(self):
        self.server.send(signal.SIGTERM)
        ended = self.server.wait()
        self.assert_status(ended, 0)


class ServerUsageTest(EndToEndTest):
    def test_names_a_port_in_use_and_what_to_do(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            ended = Running([program("server/server"), f"--listen=127.0.0.1:{port}"], self.env, self.home).wait()
        self.assert_status(ended, 1)
        self.assert_says(ended, str(port), "in use")

    def test_a_cpu_that_does_not_exist_is_refused(self):
        ended = Running([program("server/server"), "--listen=127.0.0.1:0", "--cpu=4095"], self.env, self.home).wait()
        # Valid, but not available on this machine.
        self.assert_status(ended, 1)
        self.assert_says(ended, "4095")

    def test_every_program_has_help_a_version_and_flag_suggestions(self):
        for path in ("controller/controller", "agent/agent", "server/server", "agent/loadgen/loadgen"):
            with self.subTest(program=path):
                shown = Running([program(path), "--help"], self.env, self.home).wait()
                self.assert_status(shown, 0)
                self.assertIn("xample", shown.out, shown)
                self.assert_status(Running([program(path), "--version"], self.env, self.home).wait(), 0)
                refused = Running([program(path), "--verson"], self.env, self.home).wait()
                self.assert_status(refused, 2)
                self.assert_says(refused, "--version")
