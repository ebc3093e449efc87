#!/bin/sh
# Runs a file of Python unit tests below the workspace: python_test.bzl. --test_filter picks tests by name.
module=$(printf '%s' "${1%.py}" | tr / .)
shift
PYTHONPATH=$PWD exec python3 -B -m unittest -v ${TESTBRIDGE_TEST_ONLY:+-k "$TESTBRIDGE_TEST_ONLY"} "$module" "$@"
