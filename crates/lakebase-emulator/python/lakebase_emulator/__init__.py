"""Starts the program `lakebase-emulator`, which this package installs beside Python."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path


class Emulator:
    """A running emulator: a context manager, whose end stops the program.

    `environment` is what clients need: DATABRICKS_HOST, DATABRICKS_TOKEN and, with PostgreSQL,
    PGSSLROOTCERT. Options are those of `lakebase-emulator --help`, as words:
    `Emulator("--operation-delay", "1s")`.
    """

    def __init__(self, *options):
        self._folder = tempfile.TemporaryDirectory(prefix="lakebase-emulator-")
        ready = Path(self._folder.name) / "emulator.env"
        command = [_program(), "--port", "0", "--env-file", str(ready), *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._process.stdout.readline()  # the file is complete before the first line
        if not ready.exists():
            self.stop()
            raise RuntimeError("lakebase-emulator did not start; its message is on standard error")
        lines = ready.read_text().splitlines()
        self.environment = dict(line.split("=", 1) for line in lines)

    @property
    def host(self):
        return self.environment["DATABRICKS_HOST"]

    @property
    def token(self):
        return self.environment["DATABRICKS_TOKEN"]

    def stop(self):
        """Stops the program, and with it all servers that it started."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def _program():
    """The program: where scripts are installed, or in PATH."""
    name = "lakebase-emulator.exe" if sys.platform == "win32" else "lakebase-emulator"
    installed = os.path.join(sysconfig.get_path("scripts"), name)
    found = installed if os.path.exists(installed) else shutil.which(name)
    if not found:
        raise FileNotFoundError(f"{name} is not installed")
    return found
