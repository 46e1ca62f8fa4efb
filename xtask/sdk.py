"""Runs the official Databricks SDK for Python, and psycopg, against the emulator.

    python3 xtask/sdk.py

The SDK comes from PyPI, pinned by hash in sdk_requirements.txt, into .tools/; it needs Python 3.10
or newer. sdk_calls.py calls every method, and
sdk_pool.py runs the pool of the guide to connections. Start reading at `main`.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import demo
import emulator_page
import postgres
from terraform import ROOT, TOOLS

REQUIREMENTS = ROOT / "xtask/sdk_requirements.txt"
FOLDER = TOOLS / "databricks-sdk-0.162.0-psycopg-3.3.9"


def main():
    if sys.version_info < (3, 10):
        sys.exit("The pinned SDK needs Python 3.10 or newer.")
    try:
        fetch()
        program = emulator_page.build()
        with postgres.readable() as binaries:
            failed = run(program, [], "sdk_calls.py")
            directories = os.pathsep.join(str(it) for it in binaries)
            options = ["--postgres-bin", directories]
            failed |= run(program, options, "sdk_pool.py", POSTGRES_VERSION=version(binaries[0]))
        sys.exit(failed)
    except subprocess.CalledProcessError:
        sys.exit(1)  # pip or cargo has said what is wrong
    except postgres.Missing as missing:
        sys.exit(str(missing))


def run(program, options, script, **variables):
    """Runs a script with the SDK and an emulator of its own; its exit code."""
    with tempfile.TemporaryDirectory(prefix="lakebase-sdk-") as scratch:
        ready = Path(scratch) / "emulator.env"
        emulator = subprocess.Popen(
            [program, "--port", "0", "--env-file", str(ready), *options],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            emulator.stdout.readline()  # the file is there by now
            environment = {
                **dict(line.split("=", 1) for line in ready.read_text().splitlines()),
                **variables,
                "PATH": os.environ.get("PATH", os.defpath),
                "PYTHONPATH": str(FOLDER),
                "HOME": scratch,  # no profile of the caller
            }
            command = [sys.executable, str(ROOT / "xtask" / script)]
            return subprocess.run(command, env=environment).returncode
        finally:
            demo.end(emulator, signal.SIGTERM)
            emulator.stdout.close()


def version(binaries):
    """The major version of a PostgreSQL."""
    said = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True)
    return said.stdout.split()[2].split(".")[0]


def fetch():
    """Installs the SDK, unless it is there."""
    if FOLDER.exists():
        return
    TOOLS.mkdir(exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix="databricks-sdk-", dir=TOOLS))
    try:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command += ["--require-hashes", "--only-binary", ":all:", "--no-deps"]
        command += ["--target", str(unfinished), "-r", str(REQUIREMENTS)]
        subprocess.run(command, check=True)
        unfinished.rename(FOLDER)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


if __name__ == "__main__":
    main()
