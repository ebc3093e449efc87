"""Servers that are already running: plain HTTP, TLS and HTTP/2, and the errors if they are not."""

import http.server
import os
import socket
import ssl
import subprocess
import threading

from e2e.harness import EndToEndTest, Running, eventually, program

NGINX = "/usr/sbin/nginx"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # pylint: disable=invalid-name
        body = b"hello over TLS\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Logs nothing."""


def listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


class UrlTest(EndToEndTest):
    def certificate(self):
        """A new key and a self-signed certificate."""
        key, certificate = self.path("key.pem"), self.path("certificate.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=assay-test", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        return key, certificate

    def measure(self, url, *arguments, path="/"):
        return self.controller(
            "measure", url, f"--path={path}", "--connections=4", "--duration=0.3", "--blocks=1", *arguments)

    def assert_all_was_answered(self, ended):
        self.assert_measured(ended)
        execution = self.show()["cells"][0]["executions"][0]
        self.assertGreater(execution["requests"], 0)
        gates = {gate["name"]: gate["verdict"] for gate in self.show()["cells"][0]["gates"]}
        for gate in ("errors", "wrong_responses", "accounting"):
            self.assertEqual(gates[gate], "pass")

    def test_a_server_over_plain_http(self):
        """The last step that `demo` suggests."""
        server = Running([program("server/server"), "--listen=127.0.0.1:0"], self.env, self.home)
        self.addCleanup(server.kill)
        url = "http://" + server.await_line("listening on ").split()[-1]
        ended = self.measure(url, path="/json")
        self.assert_all_was_answered(ended)
        self.assertIn(url, ended.out)
        cell = self.show()["cells"][0]
        self.assertEqual((cell["target"], cell["failed_executions"]), (url, 0))
        # The CPU time of a server that no agent started is unknown.
        self.assertIsNone(cell["server_cpu_us_per_request"]["estimate"])
        self.assertIsNone(server.process.poll(), "it is only loaded, not stopped")

    def test_a_server_over_tls(self):
        key, certificate = self.certificate()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"https://127.0.0.1:{server.server_address[1]}"
        self.assert_all_was_answered(self.measure(url))
        # The address is not a name, so SNI comes from the flag alone.
        names = []
        context.sni_callback = lambda connection, name, context: names.append(name)
        self.assert_all_was_answered(self.measure(url, "--tls-server-name=www.example.org"))
        self.assertEqual(set(names), {"www.example.org"})
        # This server supports HTTP/1.1 only.
        ended = self.measure(url, "--http2")
        self.assert_status(ended, 1)
        self.assertIn("did not negotiate HTTP/2", ended.out + ended.err)

    def test_http2_with_and_without_tls(self):
        if not os.access(NGINX, os.X_OK):
            self.skipTest("nginx is not installed (Debian: nginx-light)")
        key, certificate = self.certificate()
        ports = []
        for _ in range(2):
            with socket.create_server(("127.0.0.1", 0)) as free:
                ports.append(free.getsockname()[1])
        temporary = "".join(f"{what}_temp_path {self.path(what)};\n"
                            for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        self.write("nginx.conf", f"""
            daemon off; master_process off; pid {self.path("nginx.pid")}; error_log {self.path("error.txt")};
            events {{ worker_connections 64; }}
            http {{
              access_log off; {temporary}
              server {{
                listen 127.0.0.1:{ports[0]} ssl http2; listen 127.0.0.1:{ports[1]} http2;
                ssl_certificate {certificate}; ssl_certificate_key {key};
                location / {{ return 200 "hello by HTTP/2"; }}
              }}
            }}""")
        nginx = subprocess.Popen([NGINX, "-p", self.home, "-c", self.path("nginx.conf")], stderr=subprocess.DEVNULL)
        self.addCleanup(nginx.wait)
        self.addCleanup(nginx.terminate)
        eventually(lambda: listens(ports[1]), what="nginx")
        self.assert_all_was_answered(self.measure(f"https://127.0.0.1:{ports[0]}", "--http2"))
        self.assert_all_was_answered(self.measure(f"http://127.0.0.1:{ports[1]}", "--http2"))

    def test_http2_requires_a_url(self):
        ended = self.controller("measure", "epoll", "--http2")
        self.assert_status(ended, 2)
        self.assert_says(ended, "--http2")

    def test_a_server_name_requires_an_https_url(self):
        for url in ("http://127.0.0.1:1", "epoll"):
            ended = self.controller("measure", url, "--tls-server-name=www.example.org")
            self.assert_status(ended, 2)
            self.assert_says(ended, "--tls-server-name")
        ended = self.controller("measure", "https://127.0.0.1:1", "--tls-server-name=127.0.0.1")
        self.assert_status(ended, 2)
        self.assert_says(ended, "tls_server_name", "DNS name")
