"""Counts the cases of the tests that a Bazel invocation ran.

  tools/count_tests.py EVENTS      a file of --build_event_json_file; prints "PASSED FAILED SKIPPED"

A test written with GoogleTest counts by the cases in its test.xml, one of Python's unittest by the closing lines of
its log, any other as one case. A test that failed without a failed case (it crashed, timed out or did not build)
counts as one failed case.
"""

import json
import re
import sys
import urllib.parse
import xml.etree.ElementTree


def file_of(result, name):
    """The text of a test's output file; empty where it is not there."""
    for output in result.get("testActionOutput", []):
        if output.get("name") == name and output.get("uri", "").startswith("file://"):
            try:
                with open(urllib.parse.unquote(output["uri"][len("file://"):]), encoding="utf-8",
                          errors="replace") as file:
                    return file.read()
            except OSError:
                return ""
    return ""


def cases_in(xml_text, log_text):
    """(passed, failed, skipped) as the test itself reports them."""
    total = re.search(r"^Ran (\d+) tests? in ", log_text, re.MULTILINE)
    if total:
        closing = log_text[total.end():]
        numbers = {name: int(count) for name, count in re.findall(r"(failures|errors|skipped)=(\d+)", closing)}
        failed = numbers.get("failures", 0) + numbers.get("errors", 0)
        skipped = numbers.get("skipped", 0)
        return int(total[1]) - failed - skipped, failed, skipped
    try:
        cases = list(xml.etree.ElementTree.fromstring(xml_text).iter("testcase"))
    except xml.etree.ElementTree.ParseError:
        cases = []
    failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    skipped = sum(1 for case in cases if case.get("result") in ("skipped", "suppressed") or case.get("status") == "notrun")
    return len(cases) - failed - skipped, failed, skipped


def count(events):
    """(passed, failed, skipped) over all tests in build events, given as dictionaries."""
    cases = {}
    for event in events:
        identity = event.get("id", {})
        if "testResult" in identity and "testResult" in event:
            label = identity["testResult"]["label"]
            result = event["testResult"]
            # The last attempt counts, and shards add up.
            key = (label, identity["testResult"].get("shard", 1))
            passed, failed, skipped = cases_in(file_of(result, "test.xml"), file_of(result, "test.log"))
            if result.get("status") == "PASSED":
                cases[key] = (passed or 1, 0, skipped) if passed + skipped == 0 else (passed, 0, skipped)
            else:
                cases[key] = (passed, failed or 1, skipped)
        elif "testSummary" in identity and event.get("testSummary", {}).get("overallStatus") not in ("PASSED", None):
            label = identity["testSummary"]["label"]
            if not any(key[0] == label for key in cases):
                cases[(label, 0)] = (0, 1, 0)
    return tuple(sum(numbers) for numbers in zip(*cases.values())) if cases else (0, 0, 0)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        print(*count(json.loads(line) for line in file if line.strip()))


if __name__ == "__main__":
    main()
