"""Builds the emulator's wheel, `pip install lakebase-emulator`, into `wheels/` of cargo's directory.

    python3 xtask/wheel.py           the release build
    python3 xtask/wheel.py --test    a debug build, installed and used in a virtual environment

maturin, the build backend, comes from PyPI. The test runs pytest with the fixture of the wheel.
Start reading at `main`.
"""

import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from terraform import ROOT

CRATE = ROOT / "crates/lakebase-emulator"
MATURIN = "maturin==1.16.0"

# A test as a user writes one. The second finds another emulator than the first.
TEST = textwrap.dedent(
    """
    import json
    import os
    import urllib.request


    def ask(method, path, body=None):
        headers = {"Authorization": f"Bearer {os.environ['DATABRICKS_TOKEN']}"}
        headers["Content-Type"] = "application/json"
        url = f"{os.environ['DATABRICKS_HOST']}/api/2.0/postgres/{path}"
        request = urllib.request.Request(url, body, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


    def test_project_is_created(lakebase_emulator):
        assert os.environ["DATABRICKS_HOST"] == lakebase_emulator.host
        ask("POST", "projects?project_id=shop", b"{}")
        assert [it["name"] for it in ask("GET", "projects")["projects"]] == ["projects/shop"]


    def test_emulator_is_empty(lakebase_emulator):
        assert ask("GET", "projects") == {}
    """
)


def main():
    is_test = "--test" in sys.argv[1:]
    try:
        with tempfile.TemporaryDirectory(prefix="lakebase-wheel-") as scratch:
            if is_test:
                use(build(Path(scratch) / "wheels", "dev"), Path(scratch))
            else:
                print(build(target() / "wheels", "release"))
    except subprocess.CalledProcessError:
        sys.exit(1)  # pip, maturin or pytest has said what is wrong


def target():
    return Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")


def build(folder, profile):
    """Builds the wheel; its path.

    With maturin itself: pip would name the platform `linux`, which PyPI does not accept.
    """
    with tempfile.TemporaryDirectory(prefix="lakebase-maturin-") as tools:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", tools, MATURIN]
        subprocess.run(command, check=True)
        environment = {**os.environ, "CARGO_TARGET_DIR": str(target())}
        command = [str(Path(tools) / "bin/maturin"), "build", "--quiet", "--profile", profile]
        command += ["--out", str(folder), "--manifest-path", str(CRATE / "Cargo.toml")]
        subprocess.run(command, check=True, env=environment)
    return max(folder.glob("lakebase_emulator-*.whl"), key=lambda it: it.stat().st_mtime)


def use(wheel, scratch):
    """Installs the wheel and runs tests with its fixture."""
    environment = scratch / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = environment / "bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "pytest", str(wheel)], check=True)
    (scratch / "test_shop.py").write_text(TEST)
    quiet = ["-q", "-p", "no:cacheprovider", str(scratch / "test_shop.py")]
    subprocess.run([python, "-m", "pytest", *quiet], check=True, cwd=scratch)
    program = subprocess.run(
        [environment / "bin/lakebase-emulator", "--version"], check=True, stdout=subprocess.PIPE
    )
    print(f"{wheel.name} is installed and used: {program.stdout.decode().strip()}")


if __name__ == "__main__":
    main()
