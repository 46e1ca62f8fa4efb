"""Runs the official Databricks SDK for Python against the emulator.

    python3 xtask/sdk.py

The SDK comes from PyPI, pinned by hash in sdk_requirements.txt, into .tools/; it needs Python 3.10
or newer. sdk_calls.py makes the calls. Start reading at `main`.
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
from terraform import ROOT, TOOLS

REQUIREMENTS = ROOT / "xtask/sdk_requirements.txt"
FOLDER = TOOLS / "databricks-sdk-0.162.0"


def main():
    if sys.version_info < (3, 10):
        sys.exit("The pinned SDK needs Python 3.10 or newer.")
    try:
        fetch()
        program = emulator_page.build()
    except subprocess.CalledProcessError:
        sys.exit(1)  # pip or cargo has said what is wrong
    with tempfile.TemporaryDirectory(prefix="lakebase-sdk-") as scratch:
        emulator = subprocess.Popen(
            [program, "--port", "0"], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            printed = [emulator.stdout.readline().strip() for _ in range(2)]
            if not all(printed):
                sys.exit("The emulator did not start.")
            environment = {
                **dict(line.split("=", 1) for line in printed),
                "PATH": os.environ.get("PATH", os.defpath),
                "PYTHONPATH": str(FOLDER),
                "HOME": scratch,  # no profile of the caller
            }
            calls = [sys.executable, str(ROOT / "xtask/sdk_calls.py")]
            sys.exit(subprocess.run(calls, env=environment).returncode)
        finally:
            demo.end(emulator, signal.SIGTERM)
            emulator.stdout.close()


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
