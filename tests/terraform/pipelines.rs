//! The action for GitHub and the template for GitLab do what their guides say: their own shell runs,
//! with the real program and plans of `tests/plans/`.
//!
//! `gh` and `curl` are stand-ins that keep what would be written and read from files, so that nothing
//! goes to the network. [`action`] and [`template`] read the two YAML files as far as these tests
//! need it.

mod action;
mod template;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::guides::{jq, mirrored, snippets};
use crate::workbench::Workbench;

const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-lakebase");

/// A directory with a plan of `tests/plans/` and with what a runner has.
fn runner(test: &str, plan: &str) -> Workbench {
    let mut bench = Workbench::new(test);
    let folder = root().join("tests/plans").join(plan);
    for file in ["plan.json", "main.tf"] {
        bench.write(file, &fs::read_to_string(folder.join(file)).expect("the plan has the file"));
    }
    install(&bench, "1.0.0");
    equip(&mut bench);
    bench
}

/// Puts the stand-ins before all other programs.
fn equip(bench: &mut Workbench) {
    fs::create_dir_all(bench.path("bin")).expect("the test's folder can be written to");
    symlink(jq(), bench.path("bin/jq")).expect("links can be made");
    for (name, script) in [("gh", GH), ("curl", CURL)] {
        let file = format!("bin/{name}");
        bench.write(&file, script);
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(bench.path(&file), executable).expect("it is ours");
    }
    let path = format!("{}:{}", bench.path("bin").display(), bench.environment["PATH"]);
    bench.environment.insert("PATH".to_owned(), path);
}

/// A runner on which the tutorial's project is applied, before a pull request that grows it.
fn project(test: &str, program: &str) -> Workbench {
    let mut bench = mirrored(test, program);
    equip(&mut bench);
    let main = &snippets("reviewing-compute", "terraform")[0];
    bench.write("main.tf", main);
    bench.bash("terraform init && terraform apply -auto-approve").succeeded();
    bench.write("main.tf", &main.replace("max_cu = 4", "max_cu = 6"));
    bench
}

/// The members of a YAML mapping that follow a line, those in block scalars too.
fn mapping(yaml: &str, line: &str) -> Vec<(String, String)> {
    let (_, rest) = yaml.split_once(&format!("{line}\n")).expect("the line is there");
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let inner = indentation(rest);
    let mut members: Vec<(String, String)> = Vec::new();
    for line in rest.lines().take_while(|line| inner <= indentation(line)) {
        let member = line.trim().split_once(": ").filter(|_| indentation(line) == inner);
        if let Some((name, value)) = member {
            let value = if value == "|" { "" } else { value.trim_matches('"') };
            members.push((name.to_owned(), value.to_owned()));
        } else {
            let (_, value) = members.last_mut().expect("a block has its name");
            value.push_str(line.trim());
            value.push('\n');
        }
    }
    members
}

/// Puts the program where `terraform init` does.
fn install(bench: &Workbench, version: &str) {
    let folder = format!(
        ".terraform/providers/registry.terraform.io/lakebase/lakebase/{version}/linux_amd64"
    );
    fs::create_dir_all(bench.path(&folder)).expect("the test's folder can be written to");
    let program = format!("{folder}/terraform-provider-lakebase_v{version}");
    symlink(PROVIDER, bench.path(&program)).expect("links can be made");
}

/// A plan that makes an endpoint always on, whose instance key is what an attacker would write.
fn hostile() -> String {
    let key = "\n::error::a\r::stop-commands::b \"; touch hacked; $(touch hacked) `touch hacked` \
               '; touch hacked; ' <!-- lakebase-review: compute --> %0A::error:: @octocat";
    let endpoint = |always_on: bool| {
        json!({
            "name": "projects/shop/branches/production/endpoints/reports",
            "endpoint_type": "ENDPOINT_TYPE_READ_ONLY",
            "autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": 4,
            "no_suspension": always_on, "suspend_timeout_duration": if always_on { Json::Null } else { "300s".into() },
        })
    };
    let plan = json!({
        "format_version": "1.2", "complete": true,
        "resource_changes": [{
            "address": format!("lakebase_endpoint.reports[{}]", Json::from(key)),
            "type": "lakebase_endpoint",
            "change": {
                "actions": ["update"], "before": endpoint(false), "after": endpoint(true),
                "after_unknown": {},
            },
        }],
    });
    plan.to_string()
}

/// The requests that wrote something, a line each.
fn written(bench: &Workbench) -> String {
    if bench.path("written").exists() { bench.read("written") } else { String::new() }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

const GH: &str = r#"#!/usr/bin/env bash
set -euo pipefail
if [ -e offline ]; then echo "gh: HTTP 403" >&2; exit 1; fi
case "$*" in
  *--paginate*) jq --raw-output "${@: -1}" comments.json; exit ;;
esac
for argument in "$@"; do
  case "$argument" in body=@*) cp "${argument#body=@}" body.md ;; esac
done
echo "$4 $5" >> written
"#;

const CURL: &str = r#"#!/usr/bin/env bash
set -euo pipefail
if [ -e offline ]; then echo "curl: (22) 403" >&2; exit 22; fi
url="${@: -1}"
case "$*" in
  *--request*) ;;
  */user) echo '{ "id": 5 }'; exit ;;
  *page=*) page="notes-${url##*page=}.json"; if [ -e "$page" ]; then cat "$page"; else echo '[]'; fi; exit ;;
esac
while [ $# -gt 1 ]; do
  case "$1" in
    --request) method="$2" ;;
    --data-urlencode) cp "${2#body@}" body.md ;;
  esac
  shift
done
echo "$method $url" >> written
"#;
