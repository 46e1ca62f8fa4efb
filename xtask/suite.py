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
            "secrets::a_personal_access_token_is_nowhere_to_be_found",
            "secrets::an_oauth_secret_and_its_tokens_are_nowhere_to_be_found",
            "tutorials::connecting_applications_hands_over_hosts_and_passwords",
            "walk::everything_is_made_found_unchanged_and_unmade",
        ],
    ),
    (
        "it does not let the provider tell the first plan from an apply, so that it lacks warnings",
        lambda host: not host.tells_plan_from_apply,
        [
            "findings::a_size_that_nobody_documents_is_told_where_it_comes_up",
            "foresight::plan_that_cannot_look_says_so_once",
        ],
    ),
    (
        "it does not let the provider tell an apply from a plan, so that warnings are repeated",
        lambda host: host.product == "Terraform" and host.release < (1, 9),
        ["findings::a_change_of_compute_is_told_once_in_the_plan_and_not_in_the_apply"],
    ),
    (
        "its messages name another program and another registry",
        lambda host: host.product == "OpenTofu",
        [
            "import::an_import_that_cannot_be_says_why",
            "messages::a_value_that_cannot_be_is_refused_on_its_line",
            "authentication::a_host_that_cannot_be_is_told",
            "authentication::no_way_to_sign_in_says_what_was_tried",
        ],
    ),
    (
        "its plans do not say whether they are complete and can be applied",
        lambda host: host.product == "OpenTofu",
        ["plans::a_plan_that_fails", "plans::a_target"],
    ),
    (
        "it crashes while it generates a configuration",
        lambda host: host.product == "OpenTofu",
        ["import::a_generated_configuration_is_what_is_there"],
    ),
]


def main():
    try:
        hosts = terraform.find(list(terraform.RELEASES))
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
