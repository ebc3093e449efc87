"""Chromium, driven by playwright-core, for the tests in this folder."""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
import unittest

PLAYWRIGHT = "playwright-core@1.65.1"
TIMEOUT_S = 240


def _playwright_folder():
    """The folder of playwright-core. Installs it once into the user's cache, because Debian has no package."""
    home = pwd.getpwuid(os.getuid()).pw_dir
    cache = os.environ.get("XDG_CACHE_HOME", os.path.join(home, ".cache"))
    prefix = os.path.join(cache, "assay", PLAYWRIGHT)
    folder = os.path.join(prefix, "node_modules", "playwright-core")
    if not os.path.isdir(folder):
        installed = subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000", "--prefix",
             prefix, PLAYWRIGHT],
            check=False, timeout=TIMEOUT_S, env={**os.environ, "HOME": home}, capture_output=True, text=True)
        if installed.returncode != 0:
            raise unittest.SkipTest(f"npm cannot install {PLAYWRIGHT}: {installed.stderr.strip() or installed.stdout.strip()}")
    return folder


def skip_without_browser():
    """Raises SkipTest, with what to install, if there is no browser."""
    for program, package in (("chromium", "chromium"), ("node", "nodejs"), ("npm", "npm")):
        if shutil.which(program) is None:
            raise unittest.SkipTest(f"there is no {program}: apt-get install {package}")
    _playwright_folder()


def visit(script, pages):
    """The output of a script for a folder of pages. Screenshots are stored with the test's log."""
    screenshots = os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR") or tempfile.mkdtemp()
    ended = subprocess.run(
        ["node", f"e2e/browser/{script}", _playwright_folder(), shutil.which("chromium"), pages, screenshots],
        capture_output=True, text=True, check=False, timeout=TIMEOUT_S, env={**os.environ, "HOME": pages})
    if ended.returncode != 0:
        raise AssertionError(f"the browser's visit failed:\n{ended.stderr}\n{ended.stdout}")
    return json.loads(ended.stdout)
