"""Stores that cannot be used: the message names the file and what to do, status 1, and the file does not change."""

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

    def refused(self, *parts, arguments=None, prefix=()):
        ended = self.controller(*(arguments or ("run", self.plan)), prefix=prefix)
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
        self.refused("newer", arguments=("show", "latest"))
        with sqlite3.connect(self.store) as database:
            database.execute(f"PRAGMA user_version = {version}")
        database.close()
        self.assert_still_whole()

    def test_a_locked_store(self):
        database = sqlite3.connect(self.store, isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        # A command that only reads never waits.
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
            # Root may write anyway, unless it drops that capability.
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

    def test_a_file_that_is_not_a_store(self):
        with open(self.store, "w", encoding="utf-8") as file:
            file.write("these are my notes\n" * 1000)
        for name in ("-wal", "-shm"):
            if os.path.exists(self.store + name):
                os.remove(self.store + name)
        self.refused("not")
        with open(self.store, encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("these are my notes"))

    def test_reading_does_not_create_a_missing_store(self):
        path = self.path("none/assay.db")
        ended = self.controller("show", "latest", f"--store={path}")
        self.assert_status(ended, 1)
        self.assert_says(ended, path)
        self.assertFalse(os.path.exists(os.path.dirname(path)))

    def test_only_the_owner_can_access_a_store(self):
        self.assertEqual(os.stat(os.path.dirname(self.store)).st_mode & 0o777, 0o700)
        self.assertEqual(os.stat(self.store).st_mode & 0o777, 0o600)
        os.chmod(os.path.dirname(self.store), 0o755)
        os.chmod(self.store, 0o644)
        ended = self.controller("run", self.plan)
        self.assert_measured(ended)
        self.assert_says(ended, "warning", self.store, "every user of this host", f"chmod 600 {self.store}")


class DamagedStoreTest(EndToEndTest):
    """A flipped bit in the store: status 1, the message names the damage and what to do, and the intact data is shown."""

    READERS = (("show", "latest"), ("show", "latest", "--format=json"), ("show", "latest", "--format=csv"),
               ("report", "latest", "-o", "report.html"), ("export", "latest", "--format=json", "-o", "out"),
               ("export", "latest", "--format=csv", "-o", "out"), ("export", "latest", "--format=hdr", "-o", "out"),
               ("export", "latest", "--format=folded", "-o", "out"))

    def setUp(self):
        super().setUp()
        plan = self.write("plan.textproto", QUICK_PLAN.replace("blocks: 1", "blocks: 2"))
        self.assert_measured(self.controller("run", plan))
        shown = self.show()
        self.identity = shown["campaign"]["id"]
        self.executions = [one["id"] for one in shown["cells"][0]["executions"]]

    def flip(self, table, where, bit, column="record", unseal=False):
        """Flips one bit of a stored record. `unseal` removes its hash, which versions before 3 did not have."""
        with sqlite3.connect(self.store) as database:
            record = bytearray(database.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchone()[0])
            record[bit // 8 % len(record)] ^= 1 << bit % 8
            database.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (bytes(record),))
            if unseal:
                database.execute(f"UPDATE {table} SET sha256 = NULL WHERE {where}")
        database.close()

    def assert_named(self, arguments, *parts):
        ended = self.controller(*arguments)
        self.assert_status(ended, 1)
        self.assert_says(ended, self.store, "damaged", "restore", *parts)
        return ended

    def test_every_reader_names_a_damaged_execution(self):
        self.flip("execution", f"id = '{self.executions[0]}'", 1001)
        for arguments in self.READERS:
            ended = self.assert_named(arguments, f"campaign {self.identity}", f"execution {self.executions[0]}")
            if arguments[-1] == "--format=json":
                self.assertEqual([one["id"] for one in ended.json()["cells"][0]["executions"]], self.executions[1:])
        # A command that does not read it works.
        self.assert_status(self.controller("list"), 0)

    def test_an_export_with_only_damaged_data_names_it(self):
        for identity in self.executions:
            self.flip("execution", f"id = '{identity}'", 77)
        for name in ("hdr", "folded", "flamegraph", "pprof"):
            self.assert_named(("export", "latest", f"--format={name}", "-o", "out"), *self.executions)

    def test_names_a_damaged_interval(self):
        where = f"execution = (SELECT sequence FROM execution WHERE id = '{self.executions[1]}')"
        self.flip("second", where, 300)
        self.assert_named(("export", "latest", "--format=hdr", "-o", "out"), self.identity, self.executions[1])

    def test_names_a_damaged_campaign(self):
        self.flip("campaign", f"id = '{self.identity}'", 900)
        for arguments in (*self.READERS, ("list",), ("list", "--format=json"), ("resume", "latest"), ("rerun", "latest")):
            ended = self.assert_named(arguments, f"campaign {self.identity}")
            if arguments == ("list",):
                self.assertRegex(ended.out, f"{self.identity} .* damaged")

    def test_damage_without_a_hash_is_not_reported_as_bad_usage(self):
        for bit in range(0, 4000, 389):
            with self.subTest(bit=bit):
                with sqlite3.connect(self.store) as database:
                    kept = database.execute("SELECT sequence, record FROM execution").fetchall()
                database.close()
                self.flip("execution", f"id = '{self.executions[0]}'", bit, unseal=True)
                shown = self.controller("show", "latest")
                self.assertIn(shown.status, (0, 1), f"\n{shown}")
                if shown.status == 1:
                    self.assert_says(shown, f"campaign {self.identity}", "damaged", "restore")
                with sqlite3.connect(self.store) as database:
                    database.executemany("UPDATE execution SET record = ?2 WHERE sequence = ?1", kept)
                database.close()
