"""What the look at the HTML reviews says where there is no browser, or one that fails."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import browser
from terraform import ROOT


class Missing(unittest.TestCase):
    def run_with(self, **environment):
        command = [sys.executable, str(ROOT / "xtask/browser.py")]
        return subprocess.run(command, env=environment, stderr=subprocess.PIPE, encoding="utf-8")

    def test_missing_chromium_is_named_with_the_way_to_install_it(self):
        with tempfile.TemporaryDirectory() as empty:
            ended = self.run_with(PATH=empty)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("No Chromium on PATH: none of chromium, chromium-browser", ended.stderr)
        self.assertIn("apt-get install --no-install-recommends chromium", ended.stderr)

    def test_chosen_chromium_that_is_missing_is_named(self):
        ended = self.run_with(PATH=os.defpath, LAKEBASE_CHROMIUM="/missing/chrome")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("none of /missing/chrome", ended.stderr)

    def test_browser_that_ends_at_once_is_a_failure_and_no_hang(self):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "chromium"
            program.write_text("#!/bin/sh\nexit 1\n")
            program.chmod(0o755)
            with self.assertRaises((browser.Failure, OSError)):
                with browser.Browser(str(program), Path(folder) / "profile") as opened:
                    opened.send("Browser.getVersion")


class Plan(unittest.TestCase):
    def test_plan_has_a_change_for_each_key(self):
        changes = browser.growing(["a", browser.HOSTILE])["resource_changes"]
        self.assertEqual(len(changes), 2)
        self.assertIn("onerror", changes[1]["address"])


if __name__ == "__main__":
    unittest.main()
