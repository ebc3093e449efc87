"""Rules of this project that neither the compiler nor clang-tidy checks.

  tools/tidy.py          prints each violation in the files that git tracks; status 1 if there is any

Each rule is a function from a file to its violations. tools/tidy_test.py tests every rule.
"""

import os
import re
import subprocess

LONGEST_FUNCTION = 70
# The first line of a function outside a class. The head may take several lines; it ends with the brace of the body.
FUNCTION_HEAD = re.compile(r"(?!namespace|struct|class|enum|union|extern|using|template|#|//|\})\S.*\(")
# These files contain the words that they forbid.
OWN_FILES = ("tools/tidy.py", "tools/tidy_test.py")

CODE = (".cc", ".h", ".c", ".rs", ".py", ".sh", ".bzl")
CPP = (".cc", ".h", ".c")

# The folders that each layer may include besides itself. The first matching prefix counts.
LAYERS = [
    ("common/", []),
    ("analysis/", ["common/"]),
    ("proto/", ["common/", "analysis/"]),
    ("server/", ["common/", "analysis/"]),
    # The tests of the targets start them as an agent does.
    ("targets/contract/", ["common/", "proto/", "agent/"]),
    ("targets/rfc_cases/", ["common/", "proto/", "agent/", "targets/contract/"]),
    ("targets/examples/", ["common/", "proto/", "agent/", "targets/contract/"]),
    ("targets/", ["common/"]),
    ("agent/", ["common/", "analysis/", "proto/"]),
    ("controller/", ["common/", "analysis/", "proto/"]),
]
# analysis/ has no input, output, clock or thread, so that every figure can be computed again from the store.
IMPURE_HEADERS = re.compile(
    r"#include <(fstream|iostream|thread|mutex|condition_variable|chrono|filesystem|cstdio|stdio\.h|unistd\.h|fcntl\.h"
    r"|time\.h|ctime|sys/\w+\.h)>")
VAGUE_NAMES = re.compile(r"(manager|helper|util|utils|impl|misc)$")
# A path of one machine, and the host of a package registry: no file may name either.
FOREIGN = [
    (re.compile(r"(?<![\w.])/(work|root)/\w"), "names a path of one machine"),
    (re.compile(r"https?:[/]{2}[^ \"]*(debian|npm|crates|pypi)"), "names a host of a package registry"),
]

# Folders whose code waits with the clock of common/monotonic_clock.h, so that tests advance it instead of waiting.
CLOCKED = ("controller/", "agent/jobs/", "agent/service/", "agent/launcher/")
UNCLOCKED = re.compile(
    r"\b(absl::Now|absl::SleepFor|MonotonicNanos|sleep_for|sleep_until|usleep|nanosleep|\w+_clock::now)\(")
# The exception: a date that is stored.
STORED_DATE = "absl::ToUnixMicros(absl::Now())"
# Production code that may call the system's clock, and the reason.
CLOCK_EXCEPTIONS = {
    "agent/launcher/launched_process.cc": "starts and ends real processes, which live in real time",
    "agent/launcher/strays.cc": "waits until real processes have ended",
    "agent/service/agent_server.cc": "passes gRPC a deadline, which is a time of the system's clock",
    "agent/service/confirmation.cc": "passes gRPC a deadline, which is a time of the system's clock",
    "agent/jobs/server_job.cc": "waits until a real server has ended",
    "agent/jobs/target_versions.cc": "waits for a real program to print its version",
}
# Files that only tests use.
TEST_FILE = re.compile(r"_(test|fixture|benchmark|fuzz)\.\w+$|/testing/|/(test|fake|marked|crashing)_\w+\.\w+$")

# Words that this project once used and no longer does, and what it says instead. Decisions tell history and may use them.
RETIRED = [
    (re.compile(r"\b(Server|Load|Scripted|Open|Close)Part\b|\bPart(Id|Table|Link|Client)\b|\bpart_(id|table|link)\b"
                r"|\b(SERVER|LOAD|server|load) parts?\b"), "job"),
    (re.compile(r"\b(Agent|Part)Link\b|\b(agent|part)_link\b"), "client"),
    (re.compile(r"\b(Serve|Send|Fit)Row\b|\bLineUp\b|\brows? of connections\b"), "batch"),
    (re.compile(r"\bthe origin's\b", re.IGNORECASE), "the original experiment's"),
    (re.compile(r"\bVerdictOn\b"), "CheckResponse"),
    (re.compile(r"\bAnswer(Writer|Batch|Frame|Message|Totals)\b|\b(Plain|Raw|Right|Expected|Contract)Answer\b"
                r"|\ban answer\b", re.IGNORECASE), "response"),
    (re.compile(r"\bfates?\b|Fate(?=[A-Z]|\b)|\bFateOf", re.IGNORECASE), "outcome"),
    (re.compile(r"\bSeat\b|\bseat_?\b"), "stream slot"),
    (re.compile(r"\bpremises\b", re.IGNORECASE), "agent context"),
    (re.compile(r"\bbystanders?\b", re.IGNORECASE), "other user"),
    (re.compile(r"\bleash\b", re.IGNORECASE), "supervision"),
    (re.compile(r"patience", re.IGNORECASE), "timeout"),
    (re.compile(r"\bSecond(Book|Ledger|Row|Figures|Plan)\b|\bLoadSecond\b|\bsecond_(book|ledger)\b"), "interval"),
    (re.compile(r"\bReadWindowEnd\b"), "ReadUsage"),
    (re.compile(r"\b(Look|Run|Import|Measure|Check|File|Request)Words\b"), "flags"),
    (re.compile(r"\bLaunchWords\b"), "argv"),
    (re.compile(r"\blast[ _]words\b|LastWords", re.IGNORECASE), "last output"),
    (re.compile(r"\b(wrong|static)_answers\b"), "wrong_responses, static_responses"),
    (re.compile(r"\b(set_)?rests\(|\blook_commands\b|\bLookFlags\b|\bflame_words\b"), "pauses, show_commands, flame_text"),
]
# What reads old stores and catalogues, with its tests and documents, names the words that these contain.
OLD_NAMES = {
    "agent/catalogue/catalogue.cc", "agent/catalogue/catalogue_test.cc", "controller/results/campaign_results_test.cc",
    "controller/store/sqlite/schema_test.cc", "controller/store/sqlite/sqlite_schema.cc", "docs/endpoints.md",
}


def complaint(path, line, words):
    return f"{path}:{line}: {words}"


def numbered(text):
    return enumerate(text.split("\n"), start=1)


def function_length(path, text):
    if not path.endswith(CPP):
        return
    head = begin = None
    for number, line in numbered(text):
        if line.startswith("}"):
            if begin is not None and number - begin + 1 > LONGEST_FUNCTION:
                length = number - begin + 1
                yield complaint(path, begin, f"a function of {length} lines, more than {LONGEST_FUNCTION}: split it")
            head = begin = None
        elif begin is None:
            if FUNCTION_HEAD.match(line):
                head = number
            if head is not None and line.endswith("{"):
                begin = head if line.endswith((") {", "const {", "override {", "noexcept {", "> {")) else None
                head = None
            elif line.endswith(";"):
                head = None


def white_space(path, text):
    if text and not text.endswith("\n"):
        yield complaint(path, text.count("\n") + 1, "the last line does not end")
    if text.endswith("\n\n"):
        yield complaint(path, text.count("\n"), "empty lines at the end")
    for number, line in numbered(text):
        if "\t" in line and not path.endswith(".go"):  # gofmt's way.
            yield complaint(path, number, "a tab")
        if line != line.rstrip():
            yield complaint(path, number, "white space at the end of the line")


def notes(path, text):
    for number, line in numbered(text):
        if re.search(r"\b(FIXME|XXX|HACK)\b", line):
            yield complaint(path, number, "write it as TODO(who): what and why")
        elif re.search(r"\bTODO\b", line) and not re.search(r"TODO\([^)\s][^)]*\): \S+ \S+", line):
            yield complaint(path, number, "a TODO without an owner or a reason: TODO(who): what and why")


def foreign_words(path, text):
    for number, line in numbered(text):
        for pattern, words in FOREIGN:
            if pattern.search(line):
                yield complaint(path, number, words)


def retired_words(path, text):
    if path.startswith("docs/decisions/") or path in OWN_FILES:
        return
    for pattern, instead in RETIRED:
        for found in pattern.finditer(text):
            if found[0].endswith("_answers") and path in OLD_NAMES:
                continue
            number = text.count("\n", 0, found.start()) + 1
            yield complaint(path, number, f"'{found[0]}' is retired: say '{instead}'")


def layers(path, text):
    if not path.endswith(CPP):
        return
    layer = next((entry for entry in LAYERS if path.startswith(entry[0])), None)
    if layer is None:
        return
    own, others = layer
    if path.endswith("_test.cc"):
        # A test may read messages to make what it needs.
        others = [*others, "proto/"]
    houses = [entry[0] for entry in LAYERS]
    for number, line in numbered(text):
        include = re.match(r'#include "([^"]+)"', line)
        if include and any(include[1].startswith(house) for house in houses):
            if not include[1].startswith((own, *others)):
                yield complaint(path, number, f"{own} may not include {include[1]}")
        if own == "analysis/" and not path.endswith("_test.cc") and IMPURE_HEADERS.match(line):
            yield complaint(path, number, "analysis is pure: no input, output, clock or thread")


def include_guard(path, text):
    if path.endswith(".h"):
        guard = "ASSAY_" + re.sub(r"\W", "_", path).upper() + "_"
        if f"#ifndef {guard}\n#define {guard}\n" not in text:
            yield complaint(path, 1, f"the include guard is not {guard}")


def json_throws(path, text):
    """nlohmann's library throws if a text is not UTF-8 or not JSON; nothing here catches that."""
    if not path.endswith(CPP) or path.endswith("_test.cc") or path == "common/json_text.h":
        return
    for number, line in numbered(text):
        if re.search(r"(\.|->)dump\(", line):
            yield complaint(path, number, "dump() throws if text is not UTF-8: use JsonText() of common/json_text.h")
        call = "".join(text.split("\n")[number - 1:number + 2]).split(";")[0]
        if re.search(r"\bjson::parse\(", line, re.IGNORECASE) and "false" not in call:
            yield complaint(path, number, "parse() throws if the text is not JSON: pass allow_exceptions as false")


def names(path, text):
    del text
    stem = os.path.basename(path).split(".")[0].removesuffix("_test")
    if path.endswith(CODE) and VAGUE_NAMES.search(stem):
        yield complaint(path, 1, f"'{stem}' is too vague: name the noun or the verb")


def build_targets(path, text):
    if os.path.basename(path) != "BUILD" or path.startswith("third_party/"):
        return
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if "default_visibility" in line and "//visibility:public" in line:
            yield complaint(path, number, "private by default: list the packages that may see it")
        opening = re.match(r"(\w+)\($", line)
        if not opening or opening[1] in ("package", "load", "exports_files", "test_suite", "package_group"):
            continue
        body = "\n".join(lines[number:]).split("\n)\n")[0]
        kind = opening[1]
        # Tests have the name of the code they test, and generated C++ that of its proto.
        obvious = kind.endswith("_test") or kind in ("cc_proto_library", "cc_grpc_library")
        if not obvious and (number == 1 or not lines[number - 2].startswith("#")):
            yield complaint(path, number, "no comment line says what this target is")
        if kind.endswith("_test") and not re.search(r"^    size = ", body, re.MULTILINE):
            yield complaint(path, number, 'a test without a size: size = "small" ends within a minute')


def one_clock(path, text):
    if not path.endswith(CPP) or not path.startswith(CLOCKED):
        return
    if path in CLOCK_EXCEPTIONS or TEST_FILE.search(path):
        return
    for number, line in numbered(text):
        found = UNCLOCKED.search(line.replace(STORED_DATE, ""))
        if found:
            yield complaint(path, number, f"{found[1]}() outside the Clock of common/monotonic_clock.h: take the time from a "
                            "Clock&, so that a test can advance it")


def standard_streams(path, text):
    """A program prints through common/standard_streams.h, which reports lost output and escapes control characters."""
    if path.endswith(".py") and path.startswith(("bench/", "tools/")) and "\n    main()\n" in text:
        yield complaint(path, 1, "a program that prints ends by program_output.run(NAME, main): see tools/program_output.py")
    if path.endswith("main.cc") and " main(" in text or path.startswith("bench/") and "\nint main(" in text:
        for call in ("OpenStandardStreams()", "EndOutput("):
            if call not in text:
                yield complaint(path, 1, f"main() does not call {call}: see common/standard_streams.h")
    if path.endswith(".cc") and path.startswith(("agent/", "controller/", "server/")):
        for number, line in numbered(text):
            if re.search(r"std::cerr <<.*\bmessage\(\)", line) and not re.search(r"_test\.cc$|/test", path):
                yield complaint(path, number, "a message may quote control characters: print MessageText(status)")


RULES = [
    function_length, white_space, notes, foreign_words, retired_words, layers, include_guard, json_throws, names, build_targets, one_clock,
    standard_streams,
]


def outside_libraries(texts):
    """Violations of the rules for outside libraries, over all files as {path: text}."""
    declared = {}
    bzl = texts.get("third_party/repositories.bzl", "")
    for name, package in re.findall(r'\("(\w+)", "([^"]+)", \{', bzl):
        declared[name] = [package]
    for name, packages in re.findall(r'name = "(\w+)",\n\s+apt = \[([^\]]*)\]', bzl):
        declared[name] = re.findall(r'"([^"]+)"', packages)
    listed = {line.split("#")[0].strip() for path, text in texts.items()
              if path.startswith("third_party/apt/") for line in text.split("\n")}
    used = {}
    for path, text in texts.items():
        if os.path.basename(path) == "BUILD":
            used |= {name: path for name in re.findall(r'"@(\w+)(?://|:|")', text)}
    for name, path in used.items():
        for package in declared.get(name, []):
            if package not in listed:
                yield complaint(path, 1, f"@{name} needs {package}, which third_party/apt/ does not list")
        if f"`@{name}`" not in texts.get("third_party/README.md", ""):
            yield complaint(path, 1, f"third_party/README.md does not say what @{name} is for")


def links(texts):
    """Broken links in pages, and missing pages that code names; over all files as {path: text}."""
    there = set(texts) | {os.path.dirname(path) for path in texts}
    there |= {os.path.dirname(folder) for folder in there}
    for path, text in texts.items():
        if path in OWN_FILES:
            continue
        for number, line in numbered(text):
            aims = []
            if path.endswith(".md"):
                for aim in re.findall(r"\]\(([^)#\s]+)", line):
                    if not aim.startswith(("http://", "https://")):
                        aims.append(os.path.normpath(os.path.join(os.path.dirname(path), aim)))
            aims += re.findall(r"(?<![\w/.(])docs/[\w/.-]*\w\.md", line)
            for aim in dict.fromkeys(aims):
                if aim not in there and aim != "LICENSE":
                    yield complaint(path, number, f"{aim} does not exist")


def gate_tests(texts):
    """Gates of which docs/metrics.md does not name a test that provokes or simulates them; over all files."""
    page = "docs/metrics.md"
    for number, line in numbered(texts.get(page, "")):
        row = re.match(r"\| `(\w+)` \| .+ \| (?:max|min) \| \S+ \| \S+ \|(.*)\|$", line)
        if not row:
            continue
        gate, provoked = row.groups()
        tests = re.findall(r"`([\w/]+_test)`", provoked)
        if not tests:
            yield complaint(page, number, f"gate {gate} has no test: say which one provokes or simulates it")
        for test in tests:
            files = [path for path in (f"{test}.py", f"{test}.cc") if path in texts]
            if not any(re.search(rf"\b{gate}\b", texts[path]) for path in files):
                yield complaint(page, number, f"{test} does not exist, or does not name the gate {gate}")


def check(path, text):
    """The violations in one file, whose path is relative to the workspace."""
    rules = [rule for rule in RULES if path not in OWN_FILES or rule not in (notes, foreign_words)]
    return [words for rule in rules for words in rule(path, text)]


def known_files(root):
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
    return [path for path in listing.stdout.split("\0") if path]


def check_tree(root):
    texts = {}
    for path in known_files(root):
        full = os.path.join(root, path)
        if os.path.islink(full) or not os.path.isfile(full):
            continue
        with open(full, "rb") as file:
            content = file.read()
        if b"\0" not in content and path != "LICENSE":
            texts[path] = content.decode("utf-8")
    of_files = [words for path, text in texts.items() for words in check(path, text)]
    return [*of_files, *outside_libraries(texts), *links(texts), *gate_tests(texts)]


def main():
    complaints = check_tree(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    print("\n".join(complaints) if complaints else "tidy")
    return 1 if complaints else 0


if __name__ == "__main__":
    import program_output
    program_output.run("tidy", main)
