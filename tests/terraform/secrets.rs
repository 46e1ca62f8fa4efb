//! No secret is kept or printed, but for the token of a stored credential, which is in the state.
//!
//! Each test runs Terraform with its loudest log and then reads every file that it left behind.

use std::path::Path;

use expect_test::expect;
use lakebase_emulator::{Fault, FaultKind, Options};

use crate::fixtures::{primary, project};
use crate::workbench::Workbench;

const TOKEN: &str = "dapi-not-to-be-seen";
const SECRET: &str = "dose-not-to-be-seen";

const EPHEMERAL: &str = r#"
ephemeral "lakebase_credential" "fleeting" {
  endpoint = lakebase_endpoint.primary.name
}

ephemeral "lakebase_connection" "fleeting" {
  endpoint = lakebase_endpoint.primary.name
}

# It needs the token, so that nothing is left out as unused.
provider "lakebase" {
  alias = "other"
  token = ephemeral.lakebase_credential.fleeting.token
  host  = split("/", ephemeral.lakebase_connection.fleeting.uri)[2]
}

data "lakebase_connection" "this" {
  endpoint = lakebase_endpoint.primary.name
}

output "uri" {
  value = data.lakebase_connection.this.uri
}
"#;

fn bench(name: &str) -> Workbench {
    let options =
        Options { token: TOKEN.to_owned(), client_secret: SECRET.to_owned(), ..Options::default() };
    let mut bench = Workbench::with_options(name, options);
    for (name, value) in [("TF_LOG", "trace"), ("TF_LOG_PATH", "terraform.log")] {
        bench.environment.insert(name.to_owned(), value.to_owned());
    }
    bench
}

/// Makes, plans, shows, changes, fails and destroys.
fn live_through(bench: &Workbench, more: &str) {
    bench.configure(&(project("") + &primary("no_suspension = true") + more));
    bench.terraform(&["plan", "-out=plan"]).succeeded();
    bench.terraform(&["show", "plan"]).succeeded();
    bench.terraform(&["show", "-json", "plan"]).succeeded();
    bench.terraform(&["apply", "plan"]).succeeded();
    bench.terraform(&["show"]).succeeded();
    let kind = FaultKind::status(400, "INVALID_PARAMETER_VALUE", "No.");
    bench.emulator.fault(Fault::on("PATCH", "endpoints/primary", kind));
    bench.configure(&(project("") + &primary("autoscaling_limit_max_cu = 4") + more));
    bench.apply_fails();
    let kind = FaultKind::status(403, "PERMISSION_DENIED", "No.");
    bench.emulator.fault(Fault::on("GET", "projects/shop", kind));
    bench.plan_fails();
    bench.emulator.fault(Fault::on("POST", "/credentials", FaultKind::Html { status: 400 }));
    bench.terraform(&["apply", "-auto-approve"]);
    bench.apply();
    bench.destroy();
}

/// The files that hold a secret, but for the one that is there to hold it.
fn holders(bench: &Workbench, meant: &str) -> Vec<String> {
    let secrets = [TOKEN, SECRET, "credential-[UUID]", "oauth-[UUID]"];
    let files = bench.everything_left_behind().into_iter();
    let mut found = Vec::new();
    let mut log = false;
    for (file, content) in files.filter(|(file, _)| *file != Path::new(meant)) {
        log |= file == Path::new("terraform.log");
        let text = bench.masked(&String::from_utf8_lossy(&content));
        let held = secrets.iter().filter(|it| text.contains(**it));
        found.extend(held.map(|it| format!("{it} in {}", file.display())));
    }
    assert!(log, "there is no log");
    found
}

/// That the log is one of the provider, requests included, so that it could have held a secret.
fn assert_log_is_loud(bench: &Workbench) {
    let log = bench.read("terraform.log");
    for wanted in ["/api/2.0/postgres/credentials", "provider.terraform-provider-lakebase"] {
        assert!(log.contains(wanted), "the log does not mention {wanted}");
    }
}

#[test]
fn personal_access_token_is_not_stored_or_logged() {
    let bench = bench("personal_access_token_is_not_stored_or_logged");
    live_through(&bench, EPHEMERAL);
    assert_log_is_loud(&bench);
    assert_eq!(holders(&bench, ""), <[&str; 0]>::default());
}

#[test]
fn oauth_secret_and_tokens_are_not_stored_or_logged() {
    let mut bench = bench("oauth_secret_and_tokens_are_not_stored_or_logged");
    bench.environment.remove("DATABRICKS_TOKEN");
    let client = bench.emulator.client_id().to_owned();
    bench.environment.insert("DATABRICKS_CLIENT_ID".to_owned(), client);
    bench.environment.insert("DATABRICKS_CLIENT_SECRET".to_owned(), SECRET.to_owned());
    live_through(&bench, EPHEMERAL);
    assert!(bench.emulator.requests().iter().any(|it| it.path == "/oidc/v1/token"));
    assert_eq!(holders(&bench, ""), <[&str; 0]>::default());
}

#[test]
fn a_token_in_a_profile_stays_there() {
    let mut bench = bench("a_token_in_a_profile_stays_there");
    for name in ["DATABRICKS_HOST", "DATABRICKS_TOKEN"] {
        bench.environment.remove(name);
    }
    let url = bench.emulator.url();
    bench.write(".databrickscfg", &format!("[shop]\nhost = {url}\ntoken = {TOKEN}\n"));
    bench.configure(
        &("provider \"lakebase\" {\n  profile = \"shop\"\n}\n".to_owned() + &project("")),
    );
    bench.apply();
    bench.destroy();
    assert_eq!(holders(&bench, ".databrickscfg"), <[&str; 0]>::default());
}

#[test]
fn stored_credential_is_only_in_the_state() {
    let bench = bench("stored_credential_is_only_in_the_state");
    let stored = "resource \"lakebase_credential\" \"stored\" {\n  \
                  endpoint = lakebase_endpoint.primary.name\n}\n";
    bench.configure(&(project("") + &primary("") + stored));
    bench.apply();
    bench.terraform(&["show"]).succeeded();
    assert_eq!(holders(&bench, "terraform.tfstate"), <[&str; 0]>::default());
    let state = bench.masked(&bench.read("terraform.tfstate"));
    assert_eq!(state.matches("credential-[UUID]").count(), 1);
    let output = bench.terraform(&["state", "show", "lakebase_credential.stored"]).output();
    expect![[r##"
        # lakebase_credential.stored:
        resource "lakebase_credential" "stored" {
            endpoint     = "projects/shop/branches/production/endpoints/primary"
            expire_time  = "[TIME]"
            renew_before = "15m"
            token        = (sensitive value)
            ttl          = "1h"
        }"##]]
    .assert_eq(&bench.masked(&output));
}
