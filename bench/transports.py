#!/usr/bin/env python3
"""Compares the load generator's transports against nginx, and checks that every request is accounted for.

  bazel run //bench:transports                   about a minute; needs nginx and openssl

A closed loop of 64 connections over HTTP/1.1 and HTTP/2, with and without TLS; nginx has one CPU, the generator another
one. Ends with status 1 if a request has a wrong response, or if the counts do not add up.
"""

import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from harness import file, run, run_main

NGINX = "/usr/sbin/nginx"
CONNECTIONS = 64
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def free_ports(count):
    """Different free ports: all are held until all are chosen."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def wait_until_listening(port, process):
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            sys.exit(f"bench: nginx ended with {process.returncode}")
        time.sleep(0.01)
    sys.exit("bench: nginx does not listen after 5 s")


@contextlib.contextmanager
def nginx(cpu):
    """The ports for HTTP/1.1, HTTP/1.1 over TLS, HTTP/2 over TLS and HTTP/2."""
    folder = tempfile.mkdtemp(prefix="assay-bench-")
    plain, tls, tls_http2, http2 = free_ports(4)
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=assay-bench", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
            check=True, stderr=subprocess.DEVNULL)
        temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in TEMPORARY)
        with open(f"{folder}/nginx.conf", "w", encoding="utf-8") as conf:
            conf.write(f"""daemon off; master_process off; pid nginx.pid; error_log stderr;
events {{ worker_connections 1024; }}
http {{
{temporary}access_log off; keepalive_requests 1000000000; http2_max_concurrent_streams 128;
server {{
listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl; listen 127.0.0.1:{tls_http2} ssl http2;
listen 127.0.0.1:{http2} http2;
ssl_certificate cert.pem; ssl_certificate_key key.pem;
location = /json {{ default_type application/json; return 200 '{{"message":"Hello, World!"}}'; }}
}}
}}
""")
        process = subprocess.Popen(["taskset", "-c", str(cpu), NGINX, "-p", folder + "/", "-e", "stderr", "-c",
                                    f"{folder}/nginx.conf"])
        try:
            wait_until_listening(http2, process)
            yield plain, tls, tls_http2, http2
        finally:
            process.terminate()
            process.wait()
    finally:
        shutil.rmtree(folder)


def table(seconds, server_cpu, load_cpu):
    if not os.path.exists(NGINX) or shutil.which("openssl") is None:
        print("transports: skipped, nginx or openssl is not installed (apt-get install nginx-light openssl)")
        return
    print("| transport | requests | correct responses | in flight at the end | requests/s | CPU us/request |")
    print("| --- | --- | --- | --- | --- | --- |")
    with nginx(server_cpu) as (plain, tls, tls_http2, http2):
        for name, url, more in (("HTTP/1.1", f"http://127.0.0.1:{plain}", []),
                                ("HTTP/1.1 over TLS", f"https://127.0.0.1:{tls}", []),
                                ("HTTP/2 over TLS", f"https://127.0.0.1:{tls_http2}", ["--http2"]),
                                ("HTTP/2", f"http://127.0.0.1:{http2}", ["--http2"]),
                                ("HTTP/2, 10 streams a connection", f"http://127.0.0.1:{http2}",
                                 ["--http2", "--pipeline=10"])):
            output, cpu = run([file("agent/loadgen/loadgen"), f"{url}/json", f"--connections={CONNECTIONS}",
                               f"--duration={seconds}s", f"--cpu={load_cpu}", "--idle-gaps=0", "--format=json", "--quiet"]
                              + more, load_cpu)
            result = json.loads(output)
            accounted = result["ok"] + result["errors"] + result["timeouts"] + result["in_flight"]
            if result["ok"] + result["in_flight"] != result["sent"] or accounted != result["sent"]:
                sys.exit(f"bench: {name}: not every request was answered rightly: {output}")
            print(f"| {name} | {result['sent']:,} | {result['ok']:,} | {result['in_flight']} | {result['rps']:,.0f} | "
                  f"{cpu * 1e6 / result['requests']:.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--server-cpu", type=int, default=0)
    parser.add_argument("--load-cpu", type=int, default=1)
    options = parser.parse_args()
    table(options.seconds, options.server_cpu, options.load_cpu)


if __name__ == "__main__":
    run_main(main)
