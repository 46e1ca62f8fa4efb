"""Runs every test, those with Terraform on every pinned version, and the demo.

    python3 xtask/suite.py

Everything runs, even after a failure; the exit code says whether all of it passed. Cargo compiles
once: each step selects the whole workspace, so that all of them share one set of features.

Where another Terraform stands in for the pinned ones (see terraform.py), the tests that do not hold
for it are left out, and named at the end: LEFT_OUT says which, and why.
"""

import os
import subprocess
import sys

import postgres
import terraform
from terraform import ROOT

# Why a host cannot run some tests, which hosts those are, and the tests.
LEFT_OUT = [
    (
        "it has no ephemeral resources",
        lambda host: not host.has_ephemeral_resources,
        [
            "examples::an_ephemeral_connection",
            "examples::an_ephemeral_credential",
            "examples::the_password_of_a_role",
            "secrets::personal_access_token_is_not_stored_or_logged",
            "secrets::oauth_secret_and_tokens_are_not_stored_or_logged",
            "tutorials::connecting_applications_hands_over_hosts_and_passwords",
            "end_to_end::full_configuration_applies_replans_empty_and_destroys",
        ],
    ),
    (
        "it does not let the provider tell the first plan from an apply, so that it lacks warnings",
        lambda host: not host.tells_plan_from_apply,
        [
            "compute_warnings::undocumented_size_warns_in_plan",
            "plan_warnings::plan_without_access_warns_once",
        ],
    ),
    (
        "it does not let the provider tell an apply from a plan, so that warnings are repeated",
        lambda host: host.product == "Terraform" and host.release < (1, 9),
        ["compute_warnings::compute_change_warns_once_in_plan_and_not_in_apply"],
    ),
    (
        "its messages name another program and another registry",
        lambda host: host.product == "OpenTofu",
        [
            "import::invalid_import_is_reported",
            "validation_errors::invalid_value_is_reported_at_its_source_line",
            "authentication::invalid_host_is_reported",
            "authentication::missing_credentials_list_the_tried_methods",
        ],
    ),
    (
        "its plans do not say whether they are complete and can be applied",
        lambda host: host.product == "OpenTofu",
        ["plan_fixtures::a_plan_that_fails", "plan_fixtures::a_target"],
    ),
    (
        "it crashes while it generates a configuration",
        lambda host: host.product == "OpenTofu",
        ["import::generated_configuration_matches_existing_objects"],
    ),
]


def main():
    try:
        hosts = terraform.find(list(terraform.RELEASES))
        with postgres.readable() as binaries:
            os.environ[postgres.CHOICE] = os.pathsep.join(str(it) for it in binaries)
            failed = run_all(hosts)
    except terraform.Missing as missing:
        sys.exit(str(missing))
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
    for host in hosts:
        for why, names in left_out(host):
            print(f"\nLeft out with {host}, for {why}:", *names, sep="\n  ")
    if failed:
        sys.exit("\nFailed:\n  " + "\n  ".join(failed))
    print("\nAll of it passed, with " + " and ".join(str(host) for host in hosts) + ".")


def run_all(hosts):
    """Runs every step; the names of those that failed."""
    unit_tests = [sys.executable, "-m", "unittest", "discover", "-s", "xtask"]
    steps = [("the tests of xtask/", None, unit_tests)]
    for host in hosts:
        command = ["cargo", "test", "--workspace", "--no-fail-fast"]
        if host is not hosts[0]:
            command += ["--test", "terraform"]
        skipped = [f"--skip={name}" for _, names in left_out(host) for name in names]
        if skipped:
            command += ["--", "--exact", *skipped]
        steps.append((f"the tests with {host}", host, command))
    demo = [sys.executable, str(ROOT / "xtask/demo.py"), "--tested"]
    steps.append((f"the demo with {hosts[0]}", hosts[0], demo))

    failed = []
    for name, host, command in steps:
        environment = dict(os.environ)
        if host:
            environment[terraform.CHOICE] = str(host.program)
        if subprocess.run(command, cwd=ROOT, env=environment).returncode != 0:
            failed.append(name)
    return failed


def left_out(host):
    """What does not hold for this host: why, and the names of the tests."""
    if host.is_pinned:
        return []
    return [(why, names) for why, lacks, names in LEFT_OUT if names and lacks(host)]


if __name__ == "__main__":
    main()
