"""Reads an exported file with programs that are not Assay's, and prints its content for a test.

  read_back.py junit FILE         a line for each case: suite, name, outcome, message
  read_back.py openmetrics FILE   a line for each sample: name, labels, value, time; status 77 without prometheus_client
  read_back.py samples FILE       number of lines, sum of latencies, then each distinct outcome with its count

Fails if the file does not have the form that its readers expect.
"""

import collections
import csv
import sys
import xml.etree.ElementTree

# Jenkins's schema (junit-10.xsd). GitLab reads a subset.
ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"},
    "testcase": {"name", "classname", "time", "status", "assertions"},
    "skipped": {"message"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "system-out": set(),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"skipped", "failure", "error", "system-out"},
    "skipped": set(),
    "failure": set(),
    "error": set(),
    "system-out": set(),
}
REQUIRED = {"testsuite": {"name", "tests"}, "testcase": {"name", "classname"}}


def check(condition, what):
    if not condition:
        sys.exit(f"read_back: {what}")


def check_element(element):
    check(element.tag in ATTRIBUTES, f"unknown element {element.tag}")
    extra = set(element.attrib) - ATTRIBUTES[element.tag]
    check(not extra, f"{element.tag} has the attributes {extra}")
    lacking = REQUIRED.get(element.tag, set()) - set(element.attrib)
    check(not lacking, f"{element.tag} lacks the attributes {lacking}")
    for child in element:
        check(child.tag in CHILDREN[element.tag], f"{child.tag} within {element.tag}")
        check_element(child)


def check_counts(element, cases):
    check(int(element.get("tests")) == len(cases), f"tests of {element.get('name')}")
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        count = sum(case.find(tag) is not None for case in cases)
        check(element.get(attribute) in (None, str(count)), f"{attribute} of {element.get('name')}")


def junit(path):
    root = xml.etree.ElementTree.parse(path).getroot()
    check(root.tag == "testsuites", f"the root is {root.tag}")
    check_element(root)
    check_counts(root, root.findall("testsuite/testcase"))
    for suite in root:
        cases = suite.findall("testcase")
        check_counts(suite, cases)
        names = [case.get("name") for case in cases]
        check(len(names) == len(set(names)), f"two cases of {suite.get('name')} have one name")
        for case in cases:
            outcomes = [child for child in case if child.tag != "system-out"]
            check(len(outcomes) <= 1, f"{case.get('name')} has several outcomes")
            outcome = outcomes[0].tag if outcomes else "passed"
            message = outcomes[0].get("message") if outcomes else case.findtext("system-out", "")
            print(suite.get("name"), case.get("name"), outcome, message, sep="|")


def openmetrics(path):
    try:
        from prometheus_client.openmetrics import parser
    except ImportError:
        print("needs python3-prometheus-client")
        sys.exit(77)
    with open(path, encoding="utf-8") as file:
        for family in parser.text_string_to_metric_families(file.read()):
            for sample in family.samples:
                labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
                time = "" if sample.timestamp is None else f" {float(sample.timestamp)}"
                print(f"{family.type} {sample.name}{{{labels}}} {float(sample.value)}{time}")


def samples(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    print(len(rows), sum(int(row["latency_ns"]) for row in rows))
    for outcome, count in sorted(collections.Counter(row["outcome"] for row in rows).items()):
        print(outcome, count)


if __name__ == "__main__":
    {"junit": junit, "openmetrics": openmetrics, "samples": samples}[sys.argv[1]](sys.argv[2])
