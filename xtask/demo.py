"""Runs the demo: a real Terraform, the provider built from this checkout, and the emulator.

    python3 xtask/demo.py             builds the two programs first
    python3 xtask/demo.py --tested    uses those that `cargo test` built

Sets up everything itself in a scratch folder, and leaves nothing behind, whether it ends, fails or
is interrupted. Each step is checked: where the provider does not do what the step says, the tour
fails. The configuration is `examples/demo/`. xtask/terraform.py chooses the Terraform; what an
older one lacks is skipped, and the tour says so. Start reading at `tour`.
"""

import contextlib
import json
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.request
from pathlib import Path

import postgres
import terraform
from terraform import ROOT

TERRAFORM = "1.11.4"
PROVIDER = "terraform-provider-lakebase"
EMULATOR = "lakebase-emulator"

# How curl sends the emulator's token.
TOKEN = '-H "Authorization: Bearer $DATABRICKS_TOKEN"'
PRIMARY = "projects/shop/branches/production/endpoints/primary"
COLORS = sys.stdout.isatty() and "NO_COLOR" not in os.environ

# Where Terraform finds the provider, so that it needs no registry and no network.
CLI_CONFIG = """\
provider_installation {{
  filesystem_mirror {{
    path = {mirror}
  }}
}}
"""

# The part of the configuration that needs ephemeral resources.
LOGIN = "login.tf"
# The part that connects to PostgreSQL, which the tour adds at its end.
DATA = "data.tf"
# Stands in for psql where there is none.
PSQL = shlex.quote(str(ROOT / "xtask/psql.py"))


class Failure(Exception):
    """A step did not do what it should."""


def tour(world):
    """The steps, in order."""
    world.step(
        "Install the provider",
        "Terraform installs the provider from a local filesystem mirror. An emulator on this "
        "machine stands in for Lakebase. No network and no account are needed.",
    )
    world.run("terraform init", shows="successfully initialized")

    world.step(
        "Plan",
        "Resource names are known at plan time. Lakebase creates the branch `production` and its "
        "endpoint `primary` with the project; `replace_existing` adopts them.",
    )
    count = 8 if world.has_login else 7
    plan = world.run("terraform plan -out=tfplan", shows=f"Plan: {count} to add, 0 to change")
    require(re.search(rf'\+ name +=\s"{PRIMARY}"', plan), "the endpoint's name is not in the plan")

    world.step(
        "Apply",
        "The provider waits for each long-running operation, and queues changes that Lakebase does "
        "not accept at the same time. It updates only the settings of adopted objects that differ: "
        "`primary` gets its limits, and `production` needs no request.",
    )
    world.run("terraform apply tfplan", shows=f"Resources: {count} added, 0 changed, 0 destroyed")
    made = world.recorded(
        """select(.method != "GET") | .method + " " + .path""",
        lambda it: [f"{it['method']} {it['path']}"] if it["method"] != "GET" else [],
    )
    expected = [
        "PATCH /api/2.0/postgres/projects/shop/branches/production/endpoints/primary",
        "POST /api/2.0/postgres/credentials",
        "POST /api/2.0/postgres/projects",
        "POST /api/2.0/postgres/projects/shop/branches",
        "POST /api/2.0/postgres/projects/shop/branches/production/databases",
        "POST /api/2.0/postgres/projects/shop/branches/production/endpoints",
        "POST /api/2.0/postgres/projects/shop/branches/production/roles",
    ]
    if not world.has_login:
        expected.remove("POST /api/2.0/postgres/credentials")
    require(sorted(made) == expected, f"the apply made other requests than these {len(expected)}")

    world.step("Plan again", "After an apply, the plan is empty: exit code 0.")
    world.run("terraform plan -detailed-exitcode", shows="No changes.")

    text = (
        "The connection string of the role `app` and the database `orders` is an ordinary output, "
        "because it contains no password."
    )
    if world.has_login:
        text += (
            " The password is ephemeral: the apply passed it to a program, and the state does not "
            "contain it. (Passwords of the emulator start with `credential-`.)"
        )
    world.step("Connect", text)
    world.run("terraform output", shows="postgresql://app@")
    if world.has_login:
        world.run("cat login.txt", shows="a password of 47 characters")
        world.run("grep -c credential- terraform.tfstate", status=1, shows="0")
    else:
        world.skip("an ephemeral password, which requires Terraform 1.10 or OpenTofu 1.11")

    world.step(
        "Resize",
        "The maximum of the primary endpoint increases from 4 to 8 CU. The plan shows only this "
        "change, with its effect on memory and connections, and warns that the maximum cost "
        "doubles.",
    )
    world.run("echo 'primary_max_cu = 8' > terraform.tfvars")
    plan = world.run("terraform plan -out=tfplan", shows="at least doubles")
    require_changes(
        plan,
        [
            "~ autoscaling_limit_max_cu = 4 -> 8",
            "~ capacity = {",
            "~ max_connections = 839 -> 1678",
            "~ max_ram_gb = 8 -> 16",
        ],
    )

    world.step(
        "Review",
        "For pull requests, the provider binary shows how a plan changes compute, and can fail a "
        "check: here, if the maximum of an endpoint grows by more than half.",
    )
    world.run(
        "terraform show -json tfplan |\n    terraform-provider-lakebase review --fail-on 'growth > 1.5x'",
        status=2,
        shows="Failed checks:",
    )

    world.step(
        "Apply exactly the plan",
        "The emulator records all requests. One request changes the endpoint: its update mask "
        "names only the changed setting, so all other settings remain unchanged.",
    )
    world.curl("-X DELETE", "/_emulator/requests", method="DELETE")
    world.run("terraform apply tfplan", shows="Resources: 0 added, 1 changed, 0 destroyed")
    made = world.recorded(
        """select(.method == "PATCH") | .path, .query, .body""",
        lambda it: [it["path"], it["query"], it["body"]] if it["method"] == "PATCH" else [],
    )
    require(len(made) == 3, "the apply did not make one PATCH")
    mask = [["update_mask", "spec.autoscaling_limit_max_cu"]]
    require(made[1] == mask, "the update mask does not name the one setting that changes")

    world.step(
        "Drift",
        "The endpoint is changed outside of Terraform, to suspend after an hour instead of five "
        "minutes. The next plan shows this attribute and restores it.",
    )
    drift = json.dumps({"name": PRIMARY, "status": {"suspend_timeout_duration": "3600s"}})
    world.curl(f"--json '{drift}'", "/_emulator/drift", method="POST", body=drift)
    plan = world.run("terraform plan -out=tfplan")
    require_changes(plan, ['~ suspend_timeout_duration = "3600s" -> "5m"'])

    world.step(
        "Request a range that is too wide",
        "An autoscaling range may span at most 8 CU. The plan fails with the nearest valid ranges, "
        "before any request is sent.",
    )
    world.run(
        "terraform plan -refresh=false -var primary_min_cu=0.5 -var primary_max_cu=32",
        status=1,
        shows="Autoscaling range too wide",
    )

    if world.can_connect:
        world.step(
            "Connect, and write on a branch",
            "Behind each endpoint of the emulator is a real PostgreSQL. The apply connects with "
            "psql and ephemeral passwords: it creates a table in production, then a branch, and "
            "writes a row on the branch. It also restores the setting that has drifted."
            + ("" if world.has_psql else " (xtask/psql.py stands in for psql.)"),
        )
        world.add(DATA)
        world.run("terraform apply -auto-approve", shows="Resources: 4 added, 1 changed")
        count += 4
        rows = world.run("cat preview.txt", shows="written on the branch")
        require("written in production" in rows, "the branch lacks the row of its source")
        rows = world.run("cat production.txt", shows="written in production")
        require("written on the branch" not in rows, "production has the row of the branch")
        world.run("grep -c credential- terraform.tfstate", status=1, shows="0")
    else:
        world.skip(f"connections to PostgreSQL. {world.why_not}")

    world.step(
        "Destroy",
        "Terraform destroys everything in order. Lakebase deletes the default branch and endpoint "
        "together with the project.",
    )
    world.run(
        "terraform plan -destroy -out=tfplan > /dev/null && terraform apply tfplan",
        shows=f"Resources: 0 added, 0 changed, {count} destroyed",
    )
    left = world.curl("", "/api/2.0/postgres/projects")
    require(not left.get("projects"), "the project is still there")


class World:
    """A scratch directory, an emulator, and a shell in which `terraform` is the host to run."""

    def __init__(self, scratch, host, binaries, why_not):
        self.scratch = scratch
        self.host = host
        self.binaries = binaries
        self.why_not = why_not
        self.has_login = host.has_ephemeral_resources
        if not self.has_login:
            self.why_not = "They need ephemeral resources."
        self.can_connect = bool(self.has_login and binaries)
        self.has_psql = False
        self.folder = scratch / "demo"
        self.environment = {}
        self.emulator = self.running = None
        self.steps = 0

    def set_up(self, programs):
        """Copies the configuration, installs the provider and starts the emulator."""
        shutil.copytree(ROOT / "examples/demo", self.folder)
        (self.folder / DATA).unlink()
        if not self.has_login:
            (self.folder / LOGIN).unlink()
        mirror = self.scratch / "mirror"
        install(programs[PROVIDER], mirror / self.host.registry)
        cli_config = self.scratch / "terraform.rc"
        cli_config.write_bytes(os.fsencode(cli_configuration(mirror)))
        commands = self.scratch / "bin"
        commands.mkdir()
        launch = f'#!/bin/sh\nexec {shlex.quote(str(self.host.program))} "$@"\n'
        (commands / "terraform").write_bytes(os.fsencode(launch))
        (commands / "terraform").chmod(0o755)
        # Operations take half a second: enough to see Terraform wait.
        emulator = [programs[EMULATOR], "--port=0", "--operation-delay=500ms"]
        if self.can_connect:
            self.has_psql = has_tls(shutil.which("psql"))
            if not self.has_psql:
                launch = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {PSQL} "$@"\n'
                (commands / "psql").write_bytes(os.fsencode(launch))
                (commands / "psql").chmod(0o755)
            emulator += ["--postgres-any-version"]
            emulator += ["--postgres-bin", os.pathsep.join(str(it) for it in self.binaries)]
        self.emulator = subprocess.Popen(
            emulator,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for us: Terraform still needs the emulator
        )
        printed = [self.emulator.stdout.readline().strip() for _ in range(2)]
        require(all(printed), "the emulator did not start")
        if self.can_connect:
            printed.append(self.emulator.stdout.readline().strip())
        # Nothing else of the caller's environment: no settings of Terraform's, no real workspace.
        self.environment = {
            **dict(line.split("=", 1) for line in printed),
            "PATH": os.pathsep.join(
                [
                    str(commands),
                    str(Path(programs[PROVIDER]).parent),
                    os.environ.get("PATH", os.defpath),
                ]
            ),
            "HOME": str(self.scratch),
            "TF_CLI_CONFIG_FILE": str(cli_config),
            "TF_IN_AUTOMATION": "1",  # no advice about the next command
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",  # no look for a newer version
            "TF_CLI_ARGS": "" if COLORS else "-no-color",
        }

    def add(self, name):
        """Adds a file of the configuration."""
        shutil.copy(ROOT / "examples/demo" / name, self.folder)
        say("", f"({name} is added to the configuration.)")

    def step(self, title, text):
        """Says what comes next, and why."""
        self.steps += 1
        say("", styled(f"{self.steps}. {title}", "1"), *textwrap.wrap(text, 80))

    def skip(self, what):
        """Says what this host does not show."""
        say("", f"Skipped with {self.host}: {what}.")

    def run(self, command, status=0, shows=""):
        """Runs a command in a shell, prints it and what it prints, and returns that."""
        print_command(command)
        self.running = subprocess.Popen(
            command,
            shell=True,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # an interrupt reaches it once, from `close`
        )
        printed = ""
        for line in self.running.stdout:
            say(line.rstrip("\n"))
            printed += re.sub(r"\x1b\[[0-9;]*m", "", line)
        got = self.running.wait()
        self.running = None
        require(got == status, f"`{command}` ended with the exit code {got} instead of {status}")
        require(shows in printed, f"`{command}` did not print {shows!r}")
        return printed

    def curl(self, options, path, method="GET", body=None):
        """Shows a request to the emulator as people would make it, and the answer."""
        options = " ".join(filter(None, [TOKEN, options]))
        print_command(f"curl -s {options} \\\n    $DATABRICKS_HOST{path}")
        answer = self.ask(method, path, body)
        say(compact(answer))
        return answer

    def recorded(self, jq, form):
        """Shows the emulator's record: `form` picks out of a request what the `jq` filter would."""
        print_command(
            f"curl -s {TOKEN} \\\n    $DATABRICKS_HOST/_emulator/requests |\n"
            f"    jq -cr '.requests[] | {jq}'"
        )
        requests = self.ask("GET", "/_emulator/requests")["requests"]
        values = [value for request in requests for value in form(request)]
        say(*(value if isinstance(value, str) else compact(value) for value in values))
        return values

    def ask(self, method, path, body=None):
        """Sends a request to the emulator: by itself, for not everyone has curl and jq."""
        request = urllib.request.Request(
            self.environment["DATABRICKS_HOST"] + path,
            method=method,
            data=body and body.encode(),
            headers={
                "Authorization": f"Bearer {self.environment['DATABRICKS_TOKEN']}",
                "Content-Type": "application/json",
            },
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=30) as answer:
            return json.load(answer)

    def close(self):
        """Ends what still runs: Terraform as Ctrl-C would, so that the provider ends as well."""
        for process, by in ((self.running, signal.SIGINT), (self.emulator, signal.SIGTERM)):
            if process:
                end(process, by)


def main():
    # A closed terminal or SIGTERM ends the demo as Ctrl-C does.
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    scratch = world = None
    resources = contextlib.ExitStack()
    try:
        (host,) = terraform.find([TERRAFORM])
        binaries, why_not = resources.enter_context(found_postgres())
        programs = build(tested="--tested" in sys.argv[1:])
        began = time.monotonic()
        scratch = Path(tempfile.mkdtemp(prefix="lakebase-demo-")).resolve()
        world = World(scratch, host, binaries, why_not)
        world.set_up(programs)
        tour(world)
        seconds = time.monotonic() - began
        say("", f"That was the tour, in {seconds:.0f} seconds. The configuration: examples/demo/.")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
    except subprocess.CalledProcessError:
        sys.exit(1)  # the program has said what is wrong
    except terraform.Missing as missing:
        sys.exit(str(missing))
    except (Failure, OSError) as failure:
        sys.exit(f"\nThe demo failed: {failure}.")
    finally:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        if world:
            world.close()
        if scratch:
            shutil.rmtree(scratch, ignore_errors=True)
        resources.close()


@contextlib.contextmanager
def found_postgres():
    """The directories of PostgreSQL's programs, or none and why: the tour then skips its last part."""
    with contextlib.ExitStack() as stack:
        try:
            found = stack.enter_context(postgres.readable()), ""
        except postgres.Missing as missing:
            found = [], str(missing)
        yield found


def has_tls(psql):
    """Whether there is a psql that can use TLS: some are built without."""
    if not psql:
        return False
    # Nothing listens there. One without TLS complains about that first.
    tried = subprocess.run(
        [psql, "host=127.0.0.1 port=1 sslmode=require connect_timeout=2"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return b"connection to server" in tried.stdout and b"SSL support" not in tried.stdout


def build(tested):
    """Builds the two programs and asks cargo where it put them.

    Not the release build, which is optimized as a whole and takes much longer: with the debug
    build the tour takes about 6 seconds, most of them Terraform's and the emulator's delays. The
    tests' build has the same programs, with other features of some crates; after the tests it costs
    nothing.
    """
    names = [PROVIDER, EMULATOR]
    command = ["cargo", "build"]
    for name in names:
        command += ["--package", name, "--bin", name]
    if tested:
        command = ["cargo", "test", "--workspace", "--no-run", "--quiet"]
    command.append("--message-format=json-render-diagnostics")
    cargo = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    messages = [json.loads(line) for line in cargo.stdout.decode("utf-8").splitlines()]
    built = {
        it["target"]["name"]: it["executable"]
        for it in messages
        if it.get("executable") and it["target"]["kind"] == ["bin"] and not it["profile"]["test"]
    }
    # As bytes, and back as this locale's Python reads the names of files.
    return {name: os.fsdecode(built[name].encode("utf-8")) for name in names}


def cli_configuration(mirror):
    """Terraform's own configuration. JSON quotes as its language does."""
    return CLI_CONFIG.format(mirror=json.dumps(str(mirror), ensure_ascii=False))


def install(provider, registry):
    """Puts the provider where a `filesystem_mirror` holds it: by address, version and platform."""
    said = subprocess.run([provider, "--version"], capture_output=True, text=True, check=True)
    version = said.stdout.split()[-1]
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    system = f"{platform.system().lower()}_{machine}"
    folder = registry / "lakebase/lakebase" / version / system
    folder.mkdir(parents=True)
    shutil.copy(provider, folder / f"{PROVIDER}_v{version}")


def end(process, by):
    """Ends a process with all that it started: politely, and if that does not help, by force."""
    for signal_, patience in ((by, 20), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, signal_)
            process.communicate(timeout=patience)  # till all have closed its output, not it alone
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            pass


def require(holds, otherwise):
    if not holds:
        raise Failure(otherwise)


def require_changes(plan, expected):
    """That a printed plan changes exactly these attributes."""
    changes = [" ".join(line.split()) for line in re.findall(r"^ +([~+-] \w+ += .*)$", plan, re.M)]
    require(changes == expected, f"the plan changes {changes} instead of {expected}")


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def print_command(command):
    say("", styled(f"$ {command}", "36"))


def styled(text, style):
    return f"\x1b[{style}m{text}\x1b[0m" if COLORS else text


def say(*lines):
    sys.stdout.reconfigure(errors="replace")  # for what the terminal's encoding does not have
    print(*lines, sep="\n", flush=True)


if __name__ == "__main__":
    main()
