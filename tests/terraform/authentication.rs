//! No way to the service: what was tried, why it failed, and what to do.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use expect_test::{Expect, expect};
use lakebase_emulator::{Emulator, Fault, FaultKind, Options};

use crate::fixtures::project;
use crate::workbench::Workbench;

const DATA: &str = "data \"lakebase_projects\" \"all\" {\n}\n";

/// A world whose environment says nothing of a workspace.
fn unauthenticated_environment(name: &str) -> Workbench {
    let mut bench = Workbench::new(name);
    for name in ["DATABRICKS_HOST", "DATABRICKS_TOKEN"] {
        bench.environment.remove(name);
    }
    bench
}

/// A plan with this provider block ends in this error.
#[track_caller]
fn says(bench: &Workbench, block: &str, expected: Expect) {
    bench.configure(&format!("provider \"lakebase\" {{\n{block}\n}}\n{DATA}"));
    expected.assert_eq(&bench.masked(&bench.plan_fails().from("Error:")));
}

#[test]
fn missing_credentials_list_the_tried_methods() {
    let bench = unauthenticated_environment("missing_credentials_list_the_tried_methods");
    says(
        &bench,
        "",
        expect![[r#"
            Error: Could not configure authentication to Databricks

              with provider["registry.terraform.io/lakebase/lakebase"],
              on main.tf line 7, in provider "lakebase":
               7: provider "lakebase" {

            No workspace is configured: neither `host` nor `DATABRICKS_HOST` is set.
            Set `host` to the workspace's address, such as
            `https://name.cloud.databricks.com`, or name a `profile` that has it; there
            is no file
            `[FOLDER]/.databrickscfg`."#]],
    );
    says(
        &bench,
        "  host = \"https://shop.cloud.databricks.com\"",
        expect![[r#"
            Error: Could not configure authentication to Databricks

              with provider["registry.terraform.io/lakebase/lakebase"],
              on main.tf line 7, in provider "lakebase":
               7: provider "lakebase" {

            No method of authentication has all that it needs.
              - `pat`: neither `token` nor `DATABRICKS_TOKEN` is set
              - `basic`: neither `username` nor `DATABRICKS_USERNAME` is set
              - `oauth-m2m`: neither `client_id` nor `DATABRICKS_CLIENT_ID` is set
              - `databricks-cli`: the Databricks CLI is not installed: `databricks` is not in `PATH`, and there is no `~/.databricks/token-cache.json` that it has left
              - `metadata-service`: neither `metadata_service_url` nor `DATABRICKS_METADATA_SERVICE_URL` is set
              - `github-oidc`: neither `actions_id_token_request_url` nor `ACTIONS_ID_TOKEN_REQUEST_URL` is set, as in a job of GitHub Actions with the permission `id-token: write`
              - `azure-devops-oidc`: `SYSTEM_ACCESSTOKEN` is not set, as in a job of Azure Pipelines whose `env` has `SYSTEM_ACCESSTOKEN: $(System.AccessToken)`
              - `env-oidc`: `DATABRICKS_OIDC_TOKEN` is not set, which would hold an ID token
              - `file-oidc`: neither `databricks_id_token_filepath` nor `DATABRICKS_OIDC_TOKEN_FILEPATH` is set
              - `github-oidc-azure`: neither `actions_id_token_request_url` nor `ACTIONS_ID_TOKEN_REQUEST_URL` is set, as in a job of GitHub Actions with the permission `id-token: write`
              - `azure-msi`: neither `azure_use_msi` nor `ARM_USE_MSI` is `true`
              - `azure-client-secret`: neither `azure_client_id` nor `ARM_CLIENT_ID` is set
              - `azure-cli`: `host` and `cloud` do not name a workspace on Azure
              - `google-credentials`: neither `google_credentials` nor `GOOGLE_CREDENTIALS` is set
              - `google-id`: neither `google_service_account` nor `DATABRICKS_GOOGLE_SERVICE_ACCOUNT` is set
            Log in with `databricks auth login` and name its `profile`, or set `token`,
            or `client_id` and `client_secret`; no profile was read, because `host` is
            set. See https://docs.databricks.com/en/dev-tools/auth.html."#]],
    );
    says(
        &bench,
        "  profile = \"shop\"",
        expect![[r#"
            Error: Could not configure authentication to Databricks

              with provider["registry.terraform.io/lakebase/lakebase"],
              on main.tf line 7, in provider "lakebase":
               7: provider "lakebase" {

            No workspace is configured: neither `host` nor `DATABRICKS_HOST` is set.
            Set `host` to the workspace's address, such as
            `https://name.cloud.databricks.com`, or name a `profile` that has it; the
            profile `shop` was not read: there is no file
            `[FOLDER]/.databrickscfg`."#]],
    );
    bench.write(".databrickscfg", "[other]\nhost = https://other.cloud.databricks.com\n");
    says(
        &bench,
        "  profile = \"shop\"",
        expect![[r#"
            Error: Could not configure authentication to Databricks

              with provider["registry.terraform.io/lakebase/lakebase"],
              on main.tf line 7, in provider "lakebase":
               7: provider "lakebase" {

            `[FOLDER]/.databrickscfg`
            has no profile `shop`.
            Correct `profile` or `config_file`, or leave them out."#]],
    );
    says(
        &bench,
        "  host = \"shop.cloud.databricks.com\"\n  auth_type = \"magic\"",
        expect![[r#"
            Error: Could not configure authentication to Databricks

              with provider["registry.terraform.io/lakebase/lakebase"],
              on main.tf line 7, in provider "lakebase":
               7: provider "lakebase" {

            `auth_type` is `magic`, which is not a method of authentication.
            The methods are `pat`, `basic`, `oauth-m2m`, `databricks-cli`,
            `metadata-service`, `github-oidc`, `azure-devops-oidc`, `env-oidc`,
            `file-oidc`, `github-oidc-azure`, `azure-msi`, `azure-client-secret`,
            `azure-cli`, `google-credentials`, `google-id`."#]],
    );
    let client = "  client_id = \"id\"\n  client_secret = \"secret\"";
    says(
        &bench,
        &format!("  host = \"shop\"\n  token = \"t\"\n{client}"),
        expect![[r#"
            Error: Could not configure authentication to Databricks

              with provider["registry.terraform.io/lakebase/lakebase"],
              on main.tf line 7, in provider "lakebase":
               7: provider "lakebase" {

            More than one authorization method is configured: oauth and pat (`client_id`
            and `client_secret` from the provider block, `token` from the provider
            block).
            Unset what is not meant, or choose with `auth_type`, such as `pat` or
            `oauth-m2m`."#]],
    );
}

#[test]
fn invalid_host_is_reported() {
    let bench = unauthenticated_environment("invalid_host_is_reported");
    let host =
        |host: &str| format!("  host = \"{host}\"\n  token = \"t\"\n  retry_timeout = \"1s\"");
    says(
        &bench,
        &host("http://shop.cloud.databricks.com"),
        expect![[r#"
            Error: Could not configure authentication to Databricks

              with provider["registry.terraform.io/lakebase/lakebase"],
              on main.tf line 7, in provider "lakebase":
               7: provider "lakebase" {

            `host` is `http://shop.cloud.databricks.com`, but `http` would show the token
            to the network; use `https`, or set `allow_http` (`LAKEBASE_ALLOW_HTTP`) to
            `true` where the network is trusted, as between the containers of one
            machine.
            Set `host` to the workspace's address alone."#]],
    );
    says(
        &bench,
        &host("http://127.0.0.1:1"),
        expect![[r#"
            Error: Could not list projects of `http://127.0.0.1:1`

              with data.lakebase_projects.all,
              on main.tf line 12, in data "lakebase_projects" "all":
              12: data "lakebase_projects" "all" {

            Could not send the request.
            Cause: Connection refused (os error 111).

            Check that http://127.0.0.1:1 is a workspace URL and reachable from this
            machine, and check the proxy settings (`HTTPS_PROXY`).

            Request: GET http://127.0.0.1:1/api/2.0/postgres/projects
            Status: no response after [SEVERAL] attempts ([SECONDS])

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]],
    );

    // What the system says of a name that it cannot find differs from one to the next.
    bench.configure(&format!(
        "provider \"lakebase\" {{\n{}\n}}\n{DATA}",
        host("https://shop.invalid")
    ));
    let output = bench.plan_fails().output().replace('\n', " ");
    let summary = "Could not list projects of `https://shop.invalid`";
    assert!(output.contains(summary), "{output}");
    assert!(output.contains("Check that https://shop.invalid is a workspace URL"), "{output}");
}

#[test]
fn rejected_request_names_workspace_and_method() {
    let bench = Workbench::new("a_refusal_of_the_workspace_says_who_was_refused");
    says(
        &bench,
        "  token = \"expired\"",
        expect![[r#"
            Error: Could not list projects of `[HOST]`

              with data.lakebase_projects.all,
              on main.tf line 10, in data "lakebase_projects" "all":
              10: data "lakebase_projects" "all" {

            UNAUTHENTICATED: Invalid access token.

            The workspace [HOST] rejected the credentials (method `pat`).
            Check that they belong to this workspace and have not expired.

            Request: GET [HOST]/api/2.0/postgres/projects
            Status: HTTP 401 after 1 attempt ([SECONDS])
            Request ID: [UUID]

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]],
    );
    let kind = FaultKind::status(403, "PERMISSION_DENIED", "You may not.");
    bench.emulator.fault(Fault::on("GET", "/projects", kind));
    says(
        &bench,
        "",
        expect![[r#"
            Error: Could not list projects of `[HOST]`

              with data.lakebase_projects.all,
              on main.tf line 10, in data "lakebase_projects" "all":
              10: data "lakebase_projects" "all" {

            PERMISSION_DENIED: You may not.

            The workspace [HOST] authenticated the caller (method `pat`)
            but rejected the request. Managing a project requires the CAN_MANAGE
            permission on it. Workspace admins may restrict who can create projects.

            Request: GET [HOST]/api/2.0/postgres/projects
            Status: HTTP 403 after 1 attempt ([SECONDS])
            Request ID: [UUID]

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]],
    );
    bench.emulator.fault(Fault::on("GET", "/projects", FaultKind::Html { status: 200 }));
    says(
        &bench,
        "",
        expect![[r#"
            Error: Could not list projects of `[HOST]`

              with data.lakebase_projects.all,
              on main.tf line 10, in data "lakebase_projects" "all":
              10: data "lakebase_projects" "all" {

            Unexpected response: an HTML page (`The proxy could not reach the service.`)
            instead of JSON.

            A proxy answered. Check `HTTPS_PROXY` and the user and password in it, or add
            the host to `NO_PROXY`.

            Request: GET [HOST]/api/2.0/postgres/projects
            Status: HTTP 200 after 1 attempt ([SECONDS])
            Request ID: [UUID]

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]],
    );
    bench.emulator.fault(Fault::on("GET", "/projects", FaultKind::Html { status: 407 }));
    says(
        &bench,
        "",
        expect![[r#"
            Error: Could not list projects of `[HOST]`

              with data.lakebase_projects.all,
              on main.tf line 10, in data "lakebase_projects" "all":
              10: data "lakebase_projects" "all" {

            Unexpected response: the proxy requires authentication.

            A proxy answered. Check `HTTPS_PROXY` and the user and password in it, or add
            the host to `NO_PROXY`.

            Request: GET [HOST]/api/2.0/postgres/projects
            Status: HTTP 407 after 1 attempt ([SECONDS])
            Request ID: [UUID]

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]],
    );
}

#[test]
fn wrong_client_secret_is_reported() {
    let mut bench = Workbench::new("wrong_client_secret_is_reported");
    bench.environment.remove("DATABRICKS_TOKEN");
    says(
        &bench,
        "  client_id = \"emulator-client\"\n  client_secret = \"wrong\"",
        expect![[r#"
            Error: Could not list projects of `[HOST]`

              with data.lakebase_projects.all,
              on main.tf line 11, in data "lakebase_projects" "all":
              11: data "lakebase_projects" "all" {

            No access token: `oauth-m2m` with `client_id` and `client_secret` from the
            provider block: `[HOST]/oidc/v1/token` issues no token to the
            client `emulator-client`.
            Cause: Invalid_client: Client authentication failed (request: POST
            [HOST]/oidc/v1/token, status: HTTP 401 after 1 attempt (0.0
            s), request id: [UUID]).

            The OAuth secret is wrong, has expired or was revoked, or the service
            principal does not belong to this workspace. Create another secret in the
            settings of the service principal, and set `client_id` and `client_secret`.

            Request: GET [HOST]/api/2.0/postgres/projects

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]],
    );
}

#[test]
fn skip_verify_is_warned_about() {
    let bench = Workbench::new("skip_verify_is_warned_about");
    bench.configure(&format!("provider \"lakebase\" {{\n  skip_verify = true\n}}\n{DATA}"));
    let output = bench.masked(&bench.plan().output());
    expect![[r#"
        Warning: TLS certificates are not verified

          with provider["registry.terraform.io/lakebase/lakebase"],
          on main.tf line 7, in provider "lakebase":
           7: provider "lakebase" {

        `skip_verify` is set: whoever controls the network between this machine and
        [HOST] can read the token, and change what the provider reads
        and writes. Remove `skip_verify`. For a private certificate authority, set
        `SSL_CERT_FILE` to its certificate."#]]
    .assert_eq(&output[output.find("Warning:").expect("a warning")..]);
}

#[test]
fn a_workspace_that_is_not_known_yet_is_planned_for_and_reached_by_the_apply() {
    let mut bench = unauthenticated_environment("a_workspace_that_is_not_known_yet_is_planned_for");
    let token = bench.emulator.token().to_owned();
    bench.environment.insert("DATABRICKS_TOKEN".to_owned(), token);
    let late = format!(
        "resource \"terraform_data\" \"workspace\" {{\n  input = \"{}\"\n}}\n\n\
         provider \"lakebase\" {{\n  host = terraform_data.workspace.output\n}}\n",
        bench.emulator.url()
    );
    bench.configure(&(late.clone() + DATA));
    let output = bench.plan_fails();
    expect![[r#"
        Error: Workspace is not known yet

          with data.lakebase_projects.all,
          on main.tf line 14, in data "lakebase_projects" "all":
          14: data "lakebase_projects" "all" {

        The provider configuration contains values that are known only after other
        resources are applied. Apply those first, for example with `-target`."#]]
    .assert_eq(&output.from("Error:"));
    bench.configure(&(late + &project("")));
    assert!(bench.plan().output().contains("Plan: 2 to add"));
    bench.apply();
}

#[test]
fn http_to_another_machine_takes_allow_http_and_goes_through_the_proxy() {
    let mut options = Options {
        host: "0.0.0.0".parse().expect("an address"),
        public_url: Some("http://lakebase.invalid".to_owned()),
        ..Options::default()
    };
    options.protect();
    let mut bench = Workbench::with_options("http_to_another_machine_takes_allow_http", options);
    bench.environment.remove("DATABRICKS_HOST");
    // The emulator answers for a host that only the proxy knows, and is that proxy.
    let proxy = format!("http://{}", bench.emulator.address());
    let token = bench.emulator.token().to_owned();
    bench.environment.insert("HTTP_PROXY".to_owned(), proxy);
    bench.environment.insert("DATABRICKS_TOKEN".to_owned(), token);
    let block = |more: &str| {
        let host = "  host = \"http://lakebase.invalid\"";
        format!("provider \"lakebase\" {{\n{host}\n{more}}}\n{DATA}")
    };
    bench.configure(&block(""));
    let output = bench.plan_fails().output().replace('\n', " ");
    assert!(output.contains("`allow_http`") && bench.emulator.requests().is_empty(), "{output}");
    bench.configure(&block("  allow_http = true\n"));
    bench.plan();
    bench.environment.insert("LAKEBASE_ALLOW_HTTP".to_owned(), "true".to_owned());
    bench.configure(&block(""));
    bench.plan();
    let paths: Vec<_> = bench.emulator.requests().into_iter().map(|seen| seen.path).collect();
    assert!(paths.len() == 2 && paths.iter().all(|path| path.ends_with("/projects")), "{paths:?}");

    // A host that is to be reached past the proxy cannot be.
    bench.environment.insert("NO_PROXY".to_owned(), "lakebase.invalid".to_owned());
    let output = bench.plan_fails().output();
    assert!(output.contains("Could not send the request"), "{output}");
}

#[test]
fn a_proxy_that_asks_for_authentication_is_asked_once() {
    let mut bench =
        unauthenticated_environment("a_proxy_that_asks_for_authentication_is_asked_once");
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    let proxy = format!("http://{}", listener.local_addr().expect("it is bound"));
    let (asked, questions) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let mut line = String::new();
            stream.read_line(&mut line).expect("a request");
            let answer = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
            stream.get_mut().write_all(answer.as_bytes()).expect("the client reads");
            asked.send(line).expect("the test runs");
        }
    });
    bench.environment.insert("HTTPS_PROXY".to_owned(), proxy);
    let block = "  host = \"https://lakebase.invalid\"\n  token = \"t\"";
    bench.configure(&format!("provider \"lakebase\" {{\n{block}\n}}\n{DATA}"));
    let output = bench.plan_fails().output().replace('\n', " ");
    assert!(output.contains("proxy authorization required"), "{output}");
    assert!(output.contains("after 1 attempt"), "{output}");
    let questions: Vec<_> = questions.try_iter().collect();
    assert_eq!(questions, ["CONNECT lakebase.invalid:443 HTTP/1.1\r\n"]);
}

#[test]
fn a_destroy_of_many_objects_asks_once_which_workspace_answers() {
    let bench = Workbench::new("a_destroy_of_many_objects_asks_once");
    bench.configure(
        "resource \"lakebase_project\" \"many\" {\n  count = 8\n  project_id = \
         \"many-${count.index}\"\n  deletion_protection = false\n}\n",
    );
    bench.apply();
    bench.terraform(&["plan", "-destroy", "-out=plan"]).succeeded();
    bench.forget_requests();
    bench.terraform(&["apply", "plan"]).succeeded();
    let requests = bench.emulator.requests();
    let who: Vec<_> = requests.iter().filter(|seen| seen.path.ends_with("/scim/v2/Me")).collect();
    assert_eq!(who.len(), 1, "{who:#?}");
}

#[test]
fn an_unreachable_host_is_found_out_once_for_all_objects() {
    let mut bench = unauthenticated_environment("an_unreachable_host_is_found_out_once");
    let emulator = Emulator::start(Options::default()).expect("there is a free port");
    bench.environment.insert("DATABRICKS_HOST".to_owned(), emulator.url());
    bench.environment.insert("DATABRICKS_TOKEN".to_owned(), "t".to_owned());
    bench.environment.insert("TF_LOG_PROVIDER".to_owned(), "DEBUG".to_owned());
    drop(emulator);
    let sources = (0..5).map(|number| {
        format!("data \"lakebase_project\" \"p{number}\" {{\n  name = \"projects/p{number}\"\n}}\n")
    });
    bench.configure(&sources.collect::<String>());
    // One after the other, as objects that depend on each other are read.
    let run = bench.terraform(&["plan", "-parallelism=1"]);
    let output = run.output();
    assert_eq!(output.matches("Error: Could not read project").count(), 5, "{output}");
    // Three or four attempts in three seconds, as chance has it, and all for one object.
    let attempts = output.lines().filter(|line| line.contains("attempt="));
    let paths: Vec<_> = attempts.filter_map(|line| line.split("/projects/").nth(1)).collect();
    assert!((3..=4).contains(&paths.len()), "{output}");
    assert!(paths.iter().all(|path| path[..2] == paths[0][..2]), "{output}");
}
