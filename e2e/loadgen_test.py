"""The load generator alone: its output, its files and its exit status."""

import base64
import http.server
import os
import re
import signal
import socket
import socketserver
import struct
import threading
import zlib

from e2e.harness import EndToEndTest, Running, eventually, program

KEYS = ("sent ok errors timeouts in_flight requests status duration_s rps bytes_read connections mode offered_rps "
        "latency_us service_us send_lag_us idle_gap_us cpu_us_per_request busy_share samples_recorded "
        "samples_lost").split()
QUANTILES = "min mean p50 p90 p95 p99 p999 p9999 max".split()


class Greeter(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.answered += 1
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def address_string(self):
        return "someone"

    def log_message(self, *arguments):
        pass


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128
    answered = 0


def varint(data, at):
    """The varint at that offset, in the format of protobuf and HdrHistogram, and the offset after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def counts_of_chunks(data):
    """The `count`, field 2, of each length-delimited SampleChunk."""
    counts = []
    at = 0
    while at < len(data):
        size, at = varint(data, at)
        end = at + size
        count = 0
        while at < end:
            tag, at = varint(data, at)
            if tag & 7 == 0:
                value, at = varint(data, at)
                count = value if tag >> 3 == 2 else count
            else:
                at += {1: 8, 5: 4}[tag & 7] if tag & 7 != 2 else sum(length_at(data, at))
        counts.append(count)
    return counts


def length_at(data, at):
    """The size of a length-delimited field, and the size of its length."""
    size, behind = varint(data, at)
    return size, behind - at


def count_of_hdr(text):
    """All counts of a histogram in HdrHistogram's compressed V2 encoding."""
    outer = base64.b64decode(text)
    cookie, size = struct.unpack_from(">ii", outer)
    assert cookie & ~0xF0 == 0x1C849304, hex(cookie)
    inner = zlib.decompress(outer[8:8 + size])
    payload = inner[40:40 + struct.unpack_from(">i", inner, 4)[0]]
    total = at = 0
    while at < len(payload):
        zigzag, at = varint(payload, at)
        # A negative number stands for that many empty buckets.
        total += zigzag >> 1 if zigzag & 1 == 0 else 0
    return total


def cpu_ticks(pid):
    """The CPU time that a process has used so far."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


class LoadgenTest(EndToEndTest):
    def serve(self, listen="127.0.0.1:0"):
        """The epoll server, listening on `address`."""
        server = Running([program("server/server"), f"--listen={listen}"], self.env, self.home)
        self.addCleanup(server.kill)
        server.address = server.await_line("listening on ").split()[-1]
        return server

    def serve_unix(self):
        """A server on a Unix socket, and its path."""
        path = self.path("socket")
        server = UnixServer(path, Greeter)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()

        def end():
            server.shutdown()
            thread.join()
            server.server_close()
        self.addCleanup(end)
        return server, path

    def begin(self, *arguments):
        running = Running([program("agent/loadgen/loadgen"), "--idle-gaps=1ms", *arguments], self.env, self.home)
        self.addCleanup(running.kill)
        return running

    def loadgen(self, *arguments):
        return self.begin(*arguments).wait()

    def measured(self, *arguments, status=0):
        """The result of a run. Checks that its counts add up."""
        ended = self.loadgen("--format=json", *arguments)
        self.assert_status(ended, status)
        return self.sound(ended)

    def sound(self, ended):
        result = ended.json()
        for key in KEYS:
            self.assertIn(key, result)
        for latencies in ("latency_us", "service_us", "send_lag_us"):
            self.assertEqual(set(QUANTILES) - set(result[latencies]), set(), latencies)
        self.assertEqual(set(("p99", "p999")) - set(result["idle_gap_us"]), set())
        self.assertEqual(result["requests"], result["ok"] + result["errors"] + result["timeouts"], result)
        self.assertEqual(result["sent"], result["requests"] + result["in_flight"], result)
        self.assertEqual(sum(result["error_kinds"].values()), result["errors"], result)
        return result

    def test_a_closed_loop_has_every_key_of_the_contract(self):
        result = self.measured(
            f"--target={self.serve().address}", "--path=/plaintext", "--connections=4", "--duration=500ms")
        self.assertGreater(result["ok"], 0)
        self.assertEqual(result["status"], {"200": result["ok"]})
        self.assertEqual((result["mode"], result["connections"]), ("closed", 4))
        self.assertEqual(result["duration_s"], 0.5)
        self.assertGreater(result["rps"], 0)
        self.assertGreater(result["bytes_read"], result["ok"] * len("Hello, World!"))
        self.assertGreater(result["latency_us"]["p50"], 0)
        self.assertGreater(result["cpu_us_per_request"], 0)
        # Figures of an open loop are null here, not 0.
        self.assertIsNone(result["offered_rps"])
        self.assertEqual(set(result["send_lag_us"].values()), {None})

    def test_an_open_loop_sends_all_requests_that_are_due(self):
        address = self.serve().address
        arguments = (f"--target={address}", "--path=/plaintext", "--connections=8", "--duration=500ms", "--rate=1000",
                 "--pacing=gentle", "--threads=2")
        result = self.measured(*arguments)
        self.assertEqual((result["sent"], result["ok"]), (500, 500))
        self.assertEqual((result["mode"], result["offered_rps"]), ("open", 1000))
        for latencies in ("latency_us", "service_us", "send_lag_us"):
            self.assertIsNotNone(result[latencies]["p50"], latencies)
        # The seed determines the send times.
        sent = [self.measured(*arguments, "--arrivals=poisson", f"--seed={seed}")["sent"] for seed in (1, 1)]
        self.assertEqual(sent[0], sent[1])
        self.assertLess(abs(sent[0] - 500), 4 * 500 ** 0.5)

    def test_reports_a_refused_connection_with_status_1(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        for more in ((), ("--rate=100", "--pacing=gentle")):
            with self.subTest(more=more):
                ended = self.loadgen("--format=json", f"--target=127.0.0.1:{port}", "--duration=200ms", *more)
                self.assert_status(ended, 1)
                self.assert_says(ended, f"127.0.0.1:{port}", "connection refused", "does a server listen there?")
                result = self.sound(ended)
                self.assertEqual(result["ok"], 0)
                self.assertGreater(result["error_kinds"]["connection refused"], 0)

    def test_reports_why_every_request_failed_with_status_1(self):
        address = self.serve().address
        ended = self.loadgen("--format=json", f"--target={address}", "--path=/nothing", "--requests=20")
        self.assert_status(ended, 1)
        self.assert_says(ended, address, "unexpected status: 20")
        result = self.sound(ended)
        self.assertEqual((result["ok"], result["errors"], result["status"]), (0, 20, {"404": 20}))

    def kill_under_load(self, *more):
        """How a load ends whose server is killed. Starts again if it ended first, because the machine stalled."""
        while True:
            server = self.serve()
            begun = cpu_ticks(server.pid)
            load = self.begin("--format=json", f"--target={server.address}", "--path=/plaintext",
                              "--connections=8", "--duration=6s", "--timeout=2s", *more)
            eventually(lambda: cpu_ticks(server.pid) > begun + 5 or load.process.poll() is not None,
                       what="load on the server")
            in_time = load.process.poll() is None
            server.kill()
            ended = load.wait()
            if in_time:
                return ended

    def test_a_killed_server_gives_a_result_that_adds_up(self):
        for more in ((), ("--rate=2000", "--pacing=gentle")):
            with self.subTest(more=more):
                ended = self.kill_under_load(*more)
                # Some requests succeeded, so there is a result that includes the failures.
                self.assert_status(ended, 0)
                result = self.sound(ended)
                self.assertGreater(result["ok"], 0)
                self.assertGreater(result["error_kinds"]["connection refused"], 0)
                if more:
                    self.assertEqual(result["sent"], 12_000)

    def test_sigint_prints_the_result_so_far(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                server, path = self.serve_unix()
                load = self.begin("--format=json", f"--target=unix:{path}", "--duration=1h")
                eventually(lambda: server.answered > 10, what="requests")
                load.send(number)
                ended = load.wait()
                self.assert_status(ended, 0)
                result = self.sound(ended)
                self.assertGreater(result["ok"], 0)
                self.assertEqual(result["stopped"], True)
                self.assertTrue(0 < result["duration_s"] < 3600, result)
                os.unlink(path)

    def test_loads_a_unix_socket(self):
        _, path = self.serve_unix()
        result = self.measured(f"--target=unix:{path}", "--connections=2", "--requests=50")
        self.assertEqual(result["ok"], 50)

    def test_loads_a_server_on_ipv6(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as error:
            self.skipTest(f"no IPv6 here: {error}")
        address = self.serve("[::1]:0").address
        self.assertTrue(address.startswith("[::1]:"), address)
        self.assertEqual(self.measured(f"--target={address}", "--path=/plaintext", "--requests=50")["ok"], 50)
        self.assertEqual(self.measured(f"http://{address}/plaintext", "--requests=50")["ok"], 50)

    def test_until_stops_once_the_percentile_is_precise(self):
        result = self.measured(f"--target={self.serve().address}", "--path=/plaintext", "--connections=2",
                               "--duration=10m", "--until=p50:50%")
        self.assertTrue(0 < result["duration_s"] < 600, result)
        self.assertEqual(result["stopped"], True)

    def test_writes_all_samples_to_the_file(self):
        path = self.path("samples")
        result = self.measured(f"--target={self.serve().address}", "--path=/plaintext", "--connections=4",
                               "--threads=2", "--requests=3000", f"--samples={path}")
        self.assertEqual((result["ok"], result["samples_recorded"], result["samples_lost"]), (3000, 3000, 0))
        with open(path, "rb") as file:
            counts = counts_of_chunks(file.read())
        self.assertGreaterEqual(len(counts), 2)  # Each thread writes its own chunks.
        self.assertEqual(sum(counts), 3000)

    def test_the_hdr_log_has_every_latency(self):
        path = self.path("latency.hdr")
        result = self.measured(f"--target={self.serve().address}", "--path=/plaintext", "--duration=1500ms",
                               f"--hdr={path}")
        lines = self.read(path).splitlines()
        self.assertIn("#[Histogram log format version 1.3]", lines)
        intervals = [line.split(",") for line in lines if "HISTFAAA" in line]
        self.assertEqual([float(interval[0]) for interval in intervals], [0, 1])
        self.assertEqual(sum(count_of_hdr(interval[3]) for interval in intervals), result["ok"])

    def test_csv_has_one_line_per_second(self):
        ended = self.loadgen(f"--target={self.serve().address}", "--path=/plaintext", "--requests=1000",
                             "--format=csv")
        self.assert_status(ended, 0)
        head, *rows = [line.split(",") for line in ended.out.splitlines()]
        self.assertEqual(head[:5], ["second", "sent", "ok", "errors", "timeouts"])
        for row in rows:
            self.assertEqual(len(row), len(head))
        self.assertEqual([int(row[0]) for row in rows], list(range(len(rows))))
        self.assertEqual([sum(int(row[i]) for row in rows) for i in range(1, 5)], [1000, 1000, 0, 0])

    def test_compares_with_an_earlier_result(self):
        arguments = (f"--target={self.serve().address}", "--path=/plaintext", "--requests=500")
        earlier = self.loadgen(*arguments, "--format=json")
        path = self.write("earlier.json", earlier.out)
        beside = f"--compare-to={path}"
        table = self.loadgen(*arguments, beside)
        self.assert_status(table, 0)
        for part in ("earlier", "now", "change", "ok/s", "latency p99 us"):
            self.assertIn(part, table.out, table)
        # All digits, as in the JSON.
        rate = re.search(r'"rps":\s*([0-9.]+)', earlier.out)[1]
        self.assertIn(rate, table.out)
        # Standard output is still a single JSON object.
        with_json = self.loadgen(*arguments, beside, "--format=json")
        self.assert_status(with_json, 0)
        self.assertEqual(self.sound(with_json)["ok"], 500)
        self.assert_says(with_json, "earlier", "change")

    def test_names_an_earlier_result_that_cannot_be_read(self):
        arguments = (f"--target={self.serve().address}", "--path=/plaintext", "--requests=100")
        for name, text in (("none.json", None), ("text.json", "no result")):
            with self.subTest(name=name):
                path = self.path(name) if text is None else self.write(name, text)
                ended = self.loadgen(*arguments, f"--compare-to={path}")
                self.assert_status(ended, 2)
                self.assertTrue(ended.err.startswith("loadgen: "), ended)
