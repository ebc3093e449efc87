"""Stores that cannot be used: said with the file and what to do, status 1, and never harmed."""

import os
import sqlite3
import subprocess

from e2e.harness import QUICK_PLAN, EndToEndTest


class BadStoreTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.plan = self.write("plan.textproto", QUICK_PLAN)
        self.assert_measured(self.controller("run", self.plan))
        self.identity = self.show()["campaign"]["id"]

    def refused(self, *parts, words=None, prefix=()):
        ended = self.controller(*(words or ("run", self.plan)), prefix=prefix)
        self.assert_status(ended, 1)
        self.assert_says(ended, "assay.db", *parts)

    def assert_still_whole(self):
        self.assertEqual(self.show()["campaign"]["id"], self.identity)

    def test_a_store_of_a_newer_version(self):
        with sqlite3.connect(self.store) as database:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            database.execute(f"PRAGMA user_version = {version + 1}")
        database.close()
        self.refused("newer", str(version + 1))
        self.refused("newer", words=("show", "latest"))
        with sqlite3.connect(self.store) as database:
            database.execute(f"PRAGMA user_version = {version}")
        database.close()
        self.assert_still_whole()

    def test_a_locked_store(self):
        database = sqlite3.connect(self.store, isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        # Who only reads never waits.
        self.assert_still_whole()
        self.refused("locked")
        database.execute("ROLLBACK")
        database.close()
        self.assert_still_whole()

    def test_a_read_only_store(self):
        folder = os.path.dirname(self.store)
        for path in (self.store, folder):
            os.chmod(path, 0o500 if path == folder else 0o400)
        try:
            # Root may write anyway, unless it gives that up.
            prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.getuid() == 0 else ()
            if prefix and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
                self.skipTest("root may not give up its right to write everywhere here")
            self.refused("read-only", prefix=prefix)
            shown = self.controller("show", "latest", "--format=json", prefix=prefix)
            self.assert_status(shown, 0)
        finally:
            for path in (folder, self.store):
                os.chmod(path, 0o700 if path == folder else 0o600)
        self.assert_still_whole()

    def test_a_file_that_is_no_store(self):
        with open(self.store, "w", encoding="utf-8") as file:
            file.write("these are my notes\n" * 1000)
        for name in ("-wal", "-shm"):
            if os.path.exists(self.store + name):
                os.remove(self.store + name)
        self.refused("not")
        with open(self.store, encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("these are my notes"))

    def test_a_store_that_is_not_there_is_not_made_by_looking(self):
        path = self.path("none/assay.db")
        ended = self.controller("show", "latest", f"--store={path}")
        self.assert_status(ended, 1)
        self.assert_says(ended, path)
        self.assertFalse(os.path.exists(os.path.dirname(path)))
