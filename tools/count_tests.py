"""Counts the test cases of a Bazel invocation, and prints the messages of the failed ones.

  tools/count_tests.py [--stopped] EVENTS
                          EVENTS is a file of --build_event_json_file. Prints "PASSED FAILED SKIPPED", then each failure.
                          --stopped: the invocation was interrupted; a test that had no time to end counts as skipped

The cases of a GoogleTest test are those in its test.xml; the cases of a Python unittest come from the last lines of its
log; any other test is one case. A test that failed without a failed case (it crashed, timed out or did not build) counts
as one failed case.
"""

import json
import re
import sys
import urllib.parse
import xml.etree.ElementTree

# Of one failure, so that a long one does not hide the next.
MOST_LINES = 40
# What an interrupted invocation says of a test that did not end.
NOT_ENDED = ("NO_STATUS", "INCOMPLETE")


def file_of(result, name):
    """The text of a test's output file; empty if it is missing."""
    for output in result.get("testActionOutput", []):
        if output.get("name") == name and output.get("uri", "").startswith("file://"):
            try:
                with open(urllib.parse.unquote(output["uri"][len("file://"):]), encoding="utf-8",
                          errors="replace") as file:
                    return file.read()
            except OSError:
                return ""
    return ""


def test_cases(xml_text):
    """The cases of a test.xml."""
    try:
        return list(xml.etree.ElementTree.fromstring(xml_text).iter("testcase"))
    except xml.etree.ElementTree.ParseError:
        return []


def failures_of(case):
    """The failure messages of a case in a test.xml."""
    return [failure.text or failure.get("message", "") for failure in case.findall("failure") + case.findall("error")]


def shortened(text):
    lines = text.strip().splitlines()
    return "\n".join(lines if len(lines) <= MOST_LINES else ["..."] + lines[-MOST_LINES:])


def how_it_failed(label, xml_text, log_text):
    """A text for each failed case; for a test without cases in its test.xml, the end of its log."""
    texts = [shortened(f"{label} {case.get('classname')}.{case.get('name')}\n" + "\n".join(failures_of(case)))
             for case in test_cases(xml_text) if case.get("classname") and failures_of(case)]
    return texts or [f"{label}\n" + shortened(log_text)]


def failures(events):
    """A text for each failure."""
    texts = []
    for event in events:
        result = event.get("testResult")
        if result is not None and result.get("status") not in ("PASSED", "FLAKY", *NOT_ENDED):
            texts += how_it_failed(event["id"]["testResult"]["label"], file_of(result, "test.xml"),
                                   file_of(result, "test.log"))
    return texts


def cases_in(xml_text, log_text):
    """Returns (passed, failed, skipped) as the test itself reports them."""
    total = re.search(r"^Ran (\d+) tests? in ", log_text, re.MULTILINE)
    if total:
        closing = log_text[total.end():]
        numbers = {name: int(count) for name, count in re.findall(r"(failures|errors|skipped)=(\d+)", closing)}
        failed = numbers.get("failures", 0) + numbers.get("errors", 0)
        skipped = numbers.get("skipped", 0)
        return int(total[1]) - failed - skipped, failed, skipped
    cases = test_cases(xml_text)
    failed = sum(1 for case in cases if failures_of(case))
    skipped = sum(1 for case in cases if case.get("result") in ("skipped", "suppressed") or case.get("status") == "notrun")
    return len(cases) - failed - skipped, failed, skipped


def count(events, stopped=False):
    """Returns (passed, failed, skipped) over all tests in build events, given as dictionaries.

    stopped: a test that did not end is skipped; otherwise it failed.
    """
    not_ended = (0, 0, 1) if stopped else (0, 1, 0)
    cases = {}
    for event in events:
        identity = event.get("id", {})
        if "testResult" in identity and "testResult" in event:
            label = identity["testResult"]["label"]
            result = event["testResult"]
            # Only the last attempt counts; shards are added.
            key = (label, identity["testResult"].get("shard", 1))
            if result.get("status") in NOT_ENDED:
                cases[key] = not_ended
                continue
            passed, failed, skipped = cases_in(file_of(result, "test.xml"), file_of(result, "test.log"))
            if result.get("status") == "PASSED":
                cases[key] = (passed or 1, 0, skipped) if passed + skipped == 0 else (passed, 0, skipped)
            else:
                cases[key] = (passed, failed or 1, skipped)
        elif "testSummary" in identity and event.get("testSummary", {}).get("overallStatus") not in ("PASSED", None):
            label = identity["testSummary"]["label"]
            if not any(key[0] == label for key in cases):
                cases[(label, 0)] = not_ended if event["testSummary"]["overallStatus"] in NOT_ENDED else (0, 1, 0)
    return tuple(sum(numbers) for numbers in zip(*cases.values())) if cases else (0, 0, 0)


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--stopped"]
    with open(arguments[0], encoding="utf-8") as file:
        events = [json.loads(line) for line in file if line.strip()]
    print(*count(events, stopped="--stopped" in sys.argv))
    for text in failures(events):
        print(text)


if __name__ == "__main__":
    import program_output
    program_output.run("count_tests", main)
