#!/bin/sh
# Runs a file of Python unit tests of the workspace, see python_test.bzl. --test_filter selects tests by name.
module=$(printf '%s' "${1%.py}" | tr / .)
shift
PYTHONPATH=$PWD exec python3 -B -m unittest -v ${TESTBRIDGE_TEST_ONLY:+-k "$TESTBRIDGE_TEST_ONLY"} "$module" "$@"
