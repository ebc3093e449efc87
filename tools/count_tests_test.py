"""The counts that .ci/run adds up."""

import os
import tempfile
import unittest

from tools import count_tests


class CountTestsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def event(self, label, status, xml="", log=""):
        outputs = []
        for name, text in (("test.xml", xml), ("test.log", log)):
            path = os.path.join(self.folder.name, label.strip("/") + name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            outputs.append({"name": name, "uri": "file://" + path})
        return {"id": {"testResult": {"label": label, "attempt": 1}},
                "testResult": {"status": status, "testActionOutput": outputs}}

    def test_counts_each_case_of_googletest(self):
        xml = ('<testsuites><testsuite><testcase status="run" result="completed"/><testcase status="run">'
               '<failure message="x"/></testcase><testcase status="run" result="skipped"/></testsuite></testsuites>')
        self.assertEqual(count_tests.count([self.event("//a", "FAILED", xml)]), (1, 1, 1))

    def test_counts_cases_of_unittest_from_its_last_lines(self):
        log = "a ... ok\nRan 10 tests in 0.1s\n\nFAILED (failures=2, errors=1, skipped=3)\n"
        self.assertEqual(count_tests.count([self.event("//a", "FAILED", log=log)]), (4, 3, 3))

    def test_counts_a_crash_as_a_failure(self):
        xml = '<testsuites><testsuite><testcase status="run"/></testsuite></testsuites>'
        self.assertEqual(count_tests.count([self.event("//a", "FAILED", xml)]), (1, 1, 0))
        self.assertEqual(count_tests.count([self.event("//a", "TIMEOUT")]), (0, 1, 0))

    def test_counts_a_plain_script_as_one_case(self):
        self.assertEqual(count_tests.count([self.event("//a", "PASSED")]), (1, 0, 0))

    def test_counts_a_test_that_did_not_build_as_a_failure(self):
        summary = {"id": {"testSummary": {"label": "//b"}}, "testSummary": {"overallStatus": "NO_STATUS"}}
        self.assertEqual(count_tests.count([self.event("//a", "PASSED"), summary]), (1, 1, 0))

    def test_a_test_that_an_interrupted_run_did_not_end_is_skipped(self):
        summary = {"id": {"testSummary": {"label": "//b"}}, "testSummary": {"overallStatus": "NO_STATUS"}}
        events = [self.event("//a", "FAILED"), self.event("//c", "INCOMPLETE"), summary]
        self.assertEqual(count_tests.count(events, stopped=True), (0, 1, 2))
        self.assertEqual(count_tests.count(events), (0, 3, 0))

    def test_reports_the_message_of_a_failed_case_only(self):
        xml = ('<testsuites><testsuite><testcase classname="S" name="good"/><testcase classname="S" name="bad">'
               '<failure message="short">x.cc:1\nexpected 2</failure></testcase></testsuite></testsuites>')
        events = [self.event("//a", "FAILED", xml, log="much more"), self.event("//b", "PASSED", log="fine")]
        self.assertEqual(count_tests.failures(events), ["//a S.bad\nx.cc:1\nexpected 2"])

    def test_reports_a_failure_without_cases_by_the_end_of_its_log(self):
        log = "\n".join(f"line {i}" for i in range(100))
        [text] = count_tests.failures([self.event("//a", "TIMEOUT", log=log)])
        self.assertTrue(text.startswith("//a\n...\nline 60\n"), text)
        self.assertTrue(text.endswith("line 99"))

    def test_counts_nothing_without_tests(self):
        self.assertEqual(count_tests.count([]), (0, 0, 0))


if __name__ == "__main__":
    unittest.main()
