"""The tree follows the rules of tools/tidy.py, and each rule finds its violations."""

import os
import unittest

from tools import tidy


class TidyTreeTest(unittest.TestCase):
    def test_no_file_of_the_tree_breaks_a_rule(self):
        root = os.path.dirname(os.path.realpath("WORKSPACE"))
        if not os.path.exists(os.path.join(root, ".git")):
            self.skipTest("not a git checkout: no list of the project's files")
        complaints = tidy.check_tree(root)
        self.assertFalse(complaints, "\n" + "\n".join(complaints))


class TidyRulesTest(unittest.TestCase):
    def assert_complains(self, path, text, part):
        complaints = tidy.check(path, text)
        self.assertTrue(any(part in words for words in complaints), complaints)

    def assert_fine(self, path, text):
        self.assertEqual(tidy.check(path, text), [])

    def test_reports_a_long_function_with_its_length(self):
        def function(lines):
            return "int f(int x) {\n" + "  x += 1;\n" * (lines - 2) + "}\n"

        self.assert_complains("common/a.cc", "namespace assay {\n" + function(71) + "}\n", "common/a.cc:2: a function of 71 lines")
        self.assert_complains("common/a.cc", "Type Class::F(int x,\n    int y) const {\n" + "  y;\n" * 90 + "}\n", "split it")
        self.assert_fine("common/a.cc", function(70) + function(70))

    def test_reports_invisible_white_space(self):
        self.assert_complains("docs/a.md", "one", "does not end")
        self.assert_complains("docs/a.md", "one\n\n", "empty lines at the end")
        self.assert_complains("docs/a.md", "a\tb\n", "docs/a.md:1: a tab")
        self.assert_complains("docs/a.md", "a\nb \n", "docs/a.md:2: white space")

    def test_a_todo_has_an_owner_and_a_reason(self):
        self.assert_complains("a.cc", "// TODO: later\n", "without an owner")
        self.assert_complains("a.cc", "// TODO(ann)\n", "without an owner")
        self.assert_complains("a.cc", "// FIXME\n", "write it as")
        self.assert_fine("a.cc", "// TODO(ann): drop this when Debian 13 is the oldest.\n")

    def test_reports_retired_words(self):
        self.assert_complains("agent/a.cc", "class LoadPart {\n", "'LoadPart' is retired: say 'job'")
        self.assert_complains("docs/a.md", "one\nThe fate of a request.\n", "docs/a.md:2: 'fate' is retired: say 'outcome'")
        self.assert_complains("agent/a.h", "// Its last words.\n", "say 'last output'")
        self.assert_complains("analysis/a.cc", 'Gate{"wrong_answers"};\n', "say 'wrong_responses")
        self.assert_fine("controller/store/sqlite/sqlite_schema.cc", "WHERE name = 'wrong_answers';\n")
        self.assert_fine("docs/decisions/1.md", "The fate of a request.\n")
        self.assert_fine("agent/a.cc", "// Takes part of it; fatal.\n")

    def test_agent_and_controller_do_not_include_each_other(self):
        self.assert_complains("agent/a.cc", '#include "controller/b.h"\n', "agent/ may not include controller/b.h")
        self.assert_complains("controller/a.cc", '#include "agent/b.h"\n', "may not include")
        self.assert_complains("server/a.cc", '#include "proto/plan.pb.h"\n', "may not include")
        self.assert_complains("common/a.cc", '#include "analysis/b.h"\n', "may not include")
        self.assert_fine("agent/a.cc", '#include "analysis/b.h"\n#include "proto/plan.pb.h"\n#include "absl/a.h"\n')

    def test_analysis_is_pure(self):
        self.assert_complains("analysis/a.cc", "#include <thread>\n", "pure")
        self.assert_complains("analysis/a.cc", "#include <sys/stat.h>\n", "pure")
        self.assert_fine("analysis/a_test.cc", "#include <fstream>\n")

    def test_a_program_ends_with_its_output_checked(self):
        main = "int main() {\n  assay::OpenStandardStreams();\n  return assay::EndOutput(\"a\", Run());\n}\n"
        self.assert_fine("agent/a/a_main.cc", main)
        self.assert_complains("agent/main.cc", main.replace("OpenStandardStreams", "F"), "does not call OpenStandardStreams()")
        self.assert_complains("bench/a.cc", "\nint main() { return 0; }\n", "does not call EndOutput(")
        self.assert_complains("bench/a.py", 'if __name__ == "__main__":\n    main()\n', "see tools/program_output.py")
        self.assert_fine("bench/a.py", 'if __name__ == "__main__":\n    run_main(main)\n')
        self.assert_complains("agent/main.cc", main.replace("EndOutput", "F"), "does not call EndOutput(")

    def test_a_message_is_escaped_before_it_is_printed(self):
        self.assert_complains("agent/a.cc", "  std::cerr << status.message();\n", "MessageText(status)")
        self.assert_fine("agent/a.cc", "  std::cerr << MessageText(status);\n")

    def test_an_include_guard_is_named_after_its_file(self):
        self.assert_complains("common/a.h", "#pragma once\n", "ASSAY_COMMON_A_H_")
        self.assert_fine("common/a.h", "#ifndef ASSAY_COMMON_A_H_\n#define ASSAY_COMMON_A_H_\n#endif\n")

    def test_json_calls_do_not_throw(self):
        self.assert_complains("agent/a.cc", "std::string s = json.dump();\n", "JsonText")
        self.assert_complains("controller/a.h", "out << name->dump(2);\n", "JsonText")
        self.assert_complains("agent/a.cc", "const Json json = Json::parse(text);\n", "allow_exceptions")
        self.assert_complains("agent/a.cc", "const Json json = nlohmann::json::parse(text);\nf(false);\n", "allow_exceptions")
        self.assert_fine("agent/a.cc", "const Json json =\n    Json::parse(text,\n                nullptr, false);\n")
        self.assert_fine("agent/a_test.cc", "Json::parse(json.dump());\n")
        self.assert_fine("agent/a.cc", "std::string s = JsonText(json, 2);\nheap_dump();\nHistogramFile::parse(x);\n")

    def test_reports_a_vague_name(self):
        self.assert_complains("common/string_util.cc", "", "too vague")
        self.assert_complains("agent/run_manager_test.cc", "", "too vague")

    def test_reports_a_path_of_one_machine_or_a_package_registry(self):
        self.assert_complains("docs/a.md", "see /root/x\n", "path of one machine")
        self.assert_complains("docs/a.md", "https:" + "//packages.of.debian/x\n", "package registry")
        self.assert_fine("docs/a.md", "https://github.com/a/b and out/root/x\n")

    def test_time_comes_from_the_clock(self):
        self.assert_complains("controller/a.cc", "x = absl::Now();\n", "controller/a.cc:1: absl::Now() outside the Clock")
        self.assert_complains("agent/jobs/a.cc", "\nabsl::SleepFor(pause);\n", "agent/jobs/a.cc:2: absl::SleepFor()")
        self.assert_complains("agent/service/a.h", "int64_t f() { return MonotonicNanos(); }\n", "MonotonicNanos()")
        self.assert_complains("controller/a.cc", "std::this_thread::sleep_for(pause);\n", "sleep_for()")
        self.assert_complains("controller/a.cc", "a(absl::ToUnixMicros(absl::Now()), absl::Now());\n", "absl::Now()")
        self.assert_fine("controller/a.cc", "record.set_started_us(absl::ToUnixMicros(absl::Now()));\n")
        self.assert_fine("controller/a.cc", "clock.SleepFor(pause);\nconst int64_t now_ns = clock.NowNanos();\n")
        self.assert_fine("controller/a_test.cc", "x = absl::Now();\n")
        self.assert_fine("agent/loadgen/a.cc", "const int64_t now = MonotonicNanos();\n")
        for path in tidy.CLOCK_EXCEPTIONS:
            self.assert_fine(path, "x = absl::Now();\n")

    def test_the_exceptions_of_the_clock_are_needed(self):
        root = os.path.dirname(os.path.realpath("WORKSPACE"))
        for path in tidy.CLOCK_EXCEPTIONS:
            with open(os.path.join(root, path), encoding="utf-8") as file:
                self.assertRegex(file.read(), tidy.UNCLOCKED, f"{path} no longer needs an exception")

    def test_build_targets(self):
        self.assert_complains("a/BUILD", 'cc_library(\n    name = "x",\n)\n', "no comment line")
        self.assert_complains("a/BUILD", '# A test.\ncc_test(\n    name = "x_test",\n)\n', "without a size")
        self.assert_complains(
            "a/BUILD", 'package(default_visibility = ["//visibility:public"])\n', "private by default")
        self.assert_fine("a/BUILD", '# The x.\ncc_library(\n    name = "x",\n)\n\ncc_test(\n    size = "small",\n)\n'
                         .replace('cc_test(\n', 'cc_test(\n    name = "t",\n'))

    def test_an_outside_library_is_listed_and_explained(self):
        texts = {
            "third_party/repositories.bzl": '("zlib", "zlib1g-dev", {":zlib": ["zlib"]}),\n',
            "third_party/apt/run.txt": "gcc # zlib1g-dev\n",
            "third_party/README.md": "",
            "a/BUILD": 'deps = ["@zlib"],\n',
        }
        complaints = "\n".join(tidy.outside_libraries(texts))
        self.assertIn("a/BUILD:1: @zlib needs zlib1g-dev", complaints)
        self.assertIn("does not say what @zlib is for", complaints)
        texts["third_party/apt/run.txt"] = "zlib1g-dev\n"
        texts["third_party/README.md"] = "| `@zlib` | to deflate |\n"
        self.assertEqual(list(tidy.outside_libraries(texts)), [])

    def test_each_gate_has_a_test_that_names_it(self):
        row = "| `errors` | Did all end? | max | 0 | - | {} |\n"
        def complaints(provoked):
            return "\n".join(tidy.gate_tests({"docs/metrics.md": row.format(provoked), "e2e/a_test.py": "errors",
                                               "analysis/b_test.cc": "steal"}))

        self.assertIn("gate errors has no test", complaints(""))
        self.assertIn("gate errors has no test", complaints("simulated"))
        self.assertIn("analysis/b_test does not exist, or does not name the gate", complaints("not here: `analysis/b_test`"))
        self.assertIn("e2e/c_test does not exist", complaints("`e2e/c_test`"))
        self.assertEqual(complaints("`e2e/a_test`"), "")

    def test_reports_broken_links(self):
        texts = {"docs/a.md": "see [b](b.md), [c](../c.md#part) and [d](https://example.com/d)\n",
                 "a.h": "// docs/e.md says why\n"}
        self.assertEqual(list(tidy.links(texts)), [
            "docs/a.md:1: docs/b.md does not exist", "docs/a.md:1: c.md does not exist", "a.h:1: docs/e.md does not exist"])
        texts |= {"docs/b.md": "", "c.md": "", "docs/e.md": ""}
        self.assertEqual(list(tidy.links(texts)), [])


if __name__ == "__main__":
    unittest.main()
