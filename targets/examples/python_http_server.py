"""Python's own HTTP server with the first endpoints of the contract: docs/targets.md, "Bring your own"."""

import http.server
import json
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # Connections are kept.
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path == "/plaintext":
            self.respond(200, "text/plain", b"Hello, World!")
        elif self.path == "/json":
            self.respond(200, "application/json",
                        json.dumps({"message": "Hello, World!"}, separators=(",", ":")).encode())
        elif self.path == "/healthz":
            self.respond(200, "text/plain", b"ok")
        else:
            self.respond(404, "text/plain", b"unknown path")

    do_HEAD = do_GET

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/echo":
            self.respond(200, self.headers.get("Content-Type", "application/octet-stream"), body)
        else:
            self.respond(404, "text/plain", b"unknown path")

    def respond(self, status, content_type, body):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 4096


Server((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
