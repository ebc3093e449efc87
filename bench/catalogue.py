"""Starts the targets of a catalogue (docs/targets.md) as an agent does, with the defaults of their options."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

_TOKEN = re.compile(r'\s+|#[^\n]*|("(?:[^"\\]|\\.)*")|([A-Za-z_]\w*)|(-?\d+)|([{}:])')
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "'": "'"}


def _tokens(text):
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            sys.exit(f"bench: cannot parse the catalogue at {text[at:at + 40]!r}")
        at = found.end()
        if found.lastindex:
            yield found.group(found.lastindex)


def parse(text):
    """Parses a message of text protobuf, with the syntax that catalogues use: {field: [value, ...]}."""
    tokens = list(_tokens(text)) + ["}"]
    at = 0

    def message():
        nonlocal at
        fields = {}
        while tokens[at] != "}":
            name = tokens[at]
            at += 1
            if tokens[at] == ":":
                at += 1
            if tokens[at] == "{":
                at += 1
                value = message()
            elif tokens[at].startswith('"'):
                value = ""
                while tokens[at].startswith('"'):
                    value += re.sub(r"\\(.)", lambda m: _ESCAPES[m.group(1)], tokens[at][1:-1])
                    at += 1
            else:
                value = tokens[at]
                at += 1
            fields.setdefault(name, []).append(value)
        at += 1
        return fields

    return message()


def targets(path):
    """The entries of a catalogue by name, in order."""
    with open(path, encoding="utf-8") as text:
        return {entry["name"][0]: entry for entry in parse(text.read())["targets"]}


def unserved(entry):
    """The requests, such as "POST /json", that the entry of a target lists as not served."""
    return {one["request"][0] for one in entry.get("not_served", [])}


def installed(entry, folder):
    return _program(entry["argv"][0], folder) is not None


def _program(name, folder):
    if "/" in name:
        path = os.path.normpath(os.path.join(folder, name))
        return path if os.access(path, os.X_OK) else None
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin")


def _free_port():
    with socket.socket() as drawn:
        drawn.bind(("127.0.0.1", 0))
        return drawn.getsockname()[1]


class Running:
    """A running target that responds. The caller closes it."""

    def __init__(self, entry, folder, cpu):
        self.folder = tempfile.mkdtemp(prefix="assay-bench-")
        self.address = f"127.0.0.1:{_free_port()}"
        host, port = self.address.split(":")
        self._values = {"address": self.address, "host": host, "port": port, "cpus": str(cpu), "cpu_count": "1",
                        "dir": self.folder, "catalogue": folder}
        argv = [_program(entry["argv"][0], folder)] + entry["argv"][1:]
        for option in entry.get("options", []):
            if "default_value" in option:
                self._values["option." + option["name"][0]] = option["default_value"][0]
                argv += option.get("argv", [])
        for one in entry.get("files", []):
            with open(os.path.join(self.folder, one["path"][0]), "w", encoding="utf-8") as out:
                out.write(self._fill(one["content"][0]))
        self._signal = getattr(signal, entry.get("stop_signal", ["SIGTERM"])[0])
        self.process = subprocess.Popen(["taskset", "-c", str(cpu)] + [self._fill(word) for word in argv],
                                        stdout=subprocess.DEVNULL)
        self._wait(entry.get("ready_path", ["/healthz"])[0])

    def _fill(self, text):
        return re.sub(r"\{([a-z_.]+)\}", lambda m: self._values.get(m.group(1), m.group(0)), text)

    def _wait(self, path):
        until = time.monotonic() + 10
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://{self.address}{path}", timeout=1):
                    return
            except OSError:
                time.sleep(0.02)
        self.close()
        sys.exit(f"bench: {self.process.args} does not respond to {path}")

    def close(self):
        self.process.send_signal(self._signal)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
