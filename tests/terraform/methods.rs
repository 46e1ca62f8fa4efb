//! Runs the examples of the guide to authentication, against one that issues tokens for all methods:
//! the apply works, and no secret is in what Terraform and the provider leave behind.
//!
//! The managed identity of Azure is tested in the crate `lakebase-api` alone: its address cannot be
//! that of a test.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use expect_test::expect_file;
use lakebase_api::{ATTRIBUTES, METHODS};
use lakebase_emulator::{Fault, FaultKind, Options};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use crate::fixtures::{primary, project};
use crate::guides;
use crate::workbench::Workbench;

/// The token that the emulator accepts, and that every issuer issues.
const TOKEN: &str = "dapi-not-to-be-seen";
/// Whatever else is secret.
const SECRET: &str = "hush-not-to-be-seen";
/// A key that opens nothing.
const KEY: &str = include_str!("../../crates/lakebase-api/src/tests/service_account.pem");

/// Answers every request with a token under all names, as a host and as a proxy that leads to one.
struct Issuer {
    address: String,
    /// The certificate of the authority that vouches for every host.
    root: String,
}

impl Issuer {
    fn start(token: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        let (root, issuer) = (issuer.pem(), Arc::new(issuer));
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        let body = Arc::new(
            json!({
                "access_token": token, "id_token": token, "token": token, "accessToken": token,
                "value": SECRET, "oidcToken": SECRET, "expires_in": 3600,
                "token_endpoint": format!("{address}/token"),
            })
            .to_string(),
        );
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (issuer, body) = (issuer.clone(), body.clone());
                thread::spawn(move || connection(stream, &issuer, &body));
            }
        });
        Self { address, root }
    }
}

/// A connection to a host without TLS, or a tunnel to one with it.
fn connection(mut stream: TcpStream, issuer: &CertifiedIssuer<'_, KeyPair>, body: &str) {
    let Some(first) = request(&mut stream) else { return };
    let Some(target) = first.strip_prefix("CONNECT ") else {
        return answer(&mut stream, body);
    };
    let host = target.split(':').next().unwrap_or_default().to_owned();
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec![host]).expect("a name");
    let certificate = params.signed_by(&key, issuer).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())
        .expect("a certificate and its key");
    if stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").is_err() {
        return;
    }
    let tls = ServerConnection::new(Arc::new(config)).expect("the configuration is whole");
    let mut stream = StreamOwned::new(tls, stream);
    while request(&mut stream).is_some() {
        answer(&mut stream, body);
    }
}

/// Reads a request and returns its first line.
fn request(stream: &mut impl Read) -> Option<String> {
    let mut reader = BufReader::with_capacity(1, stream);
    let (mut first, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.parse().ok()?;
        }
        first.get_or_insert(line);
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    first
}

fn answer(stream: &mut impl Write, body: &str) {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: keep-alive\r\n";
    // A client that is gone reads nothing.
    let _ = write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len());
    let _ = stream.flush();
}

/// Commands that print tokens.
fn install(directory: &Path, name: &str, script: &str) {
    // Another process writes the file: one that this process has open cannot be executed.
    let mut writer = Command::new("/bin/sh")
        .args(["-c", "cat > \"$1\" && chmod +x \"$1\"", "sh"])
        .arg(directory.join(name))
        .stdin(Stdio::piped())
        .spawn()
        .expect("there is a shell");
    let mut script = format!("#!/bin/sh\n{script}\n");
    if name == "databricks" {
        // The older CLI, which is told apart by it, has less than a mebibyte.
        script.push_str(&format!("#{:80}\n", "").repeat(1 << 14));
    }
    writer.stdin.take().expect("it is piped").write_all(script.as_bytes()).expect("it reads");
    assert!(writer.wait().expect("it ends").success());
}

/// Every command that gives tokens.
fn install_all(directory: &Path) {
    let token = json!({"access_token": TOKEN, "expiry": "2999-01-01T00:00:00Z"});
    install(directory, "databricks", &format!("echo '{token}'"));
    let token = json!({"user": {}, "accessToken": TOKEN, "expires_on": 32_472_144_000_u64});
    install(directory, "az", &format!("echo '{token}'"));
    install(directory, "gcloud", &format!("echo {SECRET}"));
}

/// The environment of each method.
fn methods(issuer: &Issuer, files: &Path) -> Vec<(&'static str, BTreeMap<String, String>)> {
    let Issuer { address, .. } = issuer;
    let write = |name: &str, text: &str| {
        std::fs::write(files.join(name), text).expect("the directory can be written to");
        files.join(name).display().to_string()
    };
    let discovery = ("DATABRICKS_DISCOVERY_URL", format!("{address}/.well-known/x"));
    let azure = |more: &[(&'static str, &str)]| {
        let cloud = [("DATABRICKS_CLOUD", "Azure")];
        let all = cloud.iter().chain(more);
        all.map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>()
    };
    let actions = || {
        vec![
            ("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{address}/actions?v=1")),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", SECRET.to_owned()),
        ]
    };
    let key = json!({"type": "service_account", "client_email": "sa@example.com",
        "private_key": KEY, "token_uri": "https://oauth2.googleapis.com/token"});
    let google = ("DATABRICKS_CLOUD", "GCP".to_owned());
    let file = write("id-token", SECRET);
    let rows: Vec<(&'static str, Vec<(&'static str, String)>)> = vec![
        ("pat", vec![("DATABRICKS_TOKEN", TOKEN.to_owned())]),
        ("oauth-m2m", vec![("DATABRICKS_CLIENT_SECRET", SECRET.to_owned())]),
        ("databricks-cli", vec![]),
        (
            "metadata-service",
            vec![("DATABRICKS_METADATA_SERVICE_URL", format!("{address}/{SECRET}"))],
        ),
        ("github-oidc", [actions(), vec![discovery.clone()]].concat()),
        (
            "azure-devops-oidc",
            vec![
                discovery.clone(),
                ("SYSTEM_ACCESSTOKEN", SECRET.to_owned()),
                ("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", address.clone()),
                ("SYSTEM_PLANID", "plan".to_owned()),
                ("SYSTEM_JOBID", "job".to_owned()),
                ("SYSTEM_TEAMPROJECTID", "project".to_owned()),
                ("SYSTEM_HOSTTYPE", "build".to_owned()),
            ],
        ),
        ("env-oidc", vec![discovery.clone(), ("DATABRICKS_OIDC_TOKEN", SECRET.to_owned())]),
        ("file-oidc", vec![discovery, ("DATABRICKS_OIDC_TOKEN_FILEPATH", file)]),
        ("github-oidc-azure", [actions(), azure(&[])].concat()),
        ("azure-client-secret", azure(&[("ARM_CLIENT_SECRET", SECRET)])),
        ("azure-cli", azure(&[("ARM_TENANT_ID", "tenant")])),
        ("google-credentials", vec![google.clone(), ("GOOGLE_CREDENTIALS", key.to_string())]),
        ("google-id", vec![google]),
    ];
    let proxy =
        [("HTTPS_PROXY", address.clone()), ("SSL_CERT_FILE", write("root.pem", &issuer.root))];
    let complete = |(method, own): (&'static str, Vec<(&'static str, String)>)| {
        let all = own.into_iter().chain(proxy.clone());
        (method, all.map(|(name, value)| (name.to_owned(), value)).collect())
    };
    rows.into_iter().map(complete).collect()
}

/// The part of the guide about a method.
fn section(method: &str) -> String {
    let guide = guides::read("authentication");
    let (_, section) = guide.split_once(&format!("\n### {method}\n")).expect("it has a section");
    let end = section.find("\n##").unwrap_or(section.len());
    section[..end].to_owned()
}

/// The block of a section in one language.
fn block(section: &str, language: &str) -> Option<String> {
    let (_, block) = section.split_once(&format!("```{language}\n"))?;
    block.split_once("```").map(|(block, _)| block.to_owned())
}

/// A provider block of the guide for this workspace.
fn adapted(block: &str, url: &str) -> String {
    let lines = block.lines().map(|line| match line.split_once("= \"https://") {
        Some((name, _)) => format!("{name}= \"{url}\"\n"),
        None => format!("{line}\n"),
    });
    let text: String = lines.collect();
    let text = text.replace("<application ID of the service principal>", "emulator-client");
    text.replace("<tenant ID>", "tenant").replace("<application ID>", "id")
}

#[test]
fn every_method_of_the_guide_applies_and_shows_no_secret() {
    let (issuer, files) = (Issuer::start(TOKEN), tempfile::tempdir().expect("a directory"));
    install_all(files.path());
    let methods = methods(&issuer, files.path());
    // Passwords have ended, and one address cannot be that of a test.
    assert_eq!(methods.len(), METHODS.len() - 2);
    for (method, variables) in methods {
        let options = Options {
            token: TOKEN.to_owned(),
            client_secret: SECRET.to_owned(),
            ..Options::default()
        };
        let mut bench = Workbench::with_options(&format!("the_guide_applies_{method}"), options);
        let section = section(method);
        for line in block(&section, "shell").iter().flat_map(|shell| shell.lines()) {
            let exported = line.trim_start_matches("export ").split('=').next();
            let name = exported.expect("it exports a variable");
            assert!(variables.contains_key(name), "{method}: {name} is not what is tested");
        }
        for name in ["DATABRICKS_TOKEN", "DATABRICKS_HOST"] {
            bench.environment.remove(name);
        }
        let path = format!("{}:{}", files.path().display(), bench.environment["PATH"]);
        bench.environment.insert("PATH".to_owned(), path);
        bench.environment.extend(variables);
        for (name, value) in [("TF_LOG", "trace"), ("TF_LOG_PATH", "terraform.log")] {
            bench.environment.insert(name.to_owned(), value.to_owned());
        }
        let profile = |url: &str| {
            bench.write(".databrickscfg", &format!("[shop]\nhost = {url}\n"));
            adapted(&block(&section, "terraform").expect("it has an example"), url)
        };
        let url = bench.emulator.url();
        bench.configure(&profile(&url));
        bench.terraform(&["fmt", "-check", "-diff"]).succeeded();
        bench.configure(&(profile(&url) + &project("") + &primary("no_suspension = true")));
        bench.terraform(&["plan", "-out=plan"]).succeeded();
        bench.terraform(&["show", "-json", "plan"]).succeeded();
        bench.terraform(&["apply", "plan"]).succeeded();
        let log = bench.read("terraform.log");
        let taken = log.lines().find(|line| line.contains("authenticated")).unwrap_or_default();
        assert!(taken.contains(&format!("method={method}")), "{method}: {taken}");
        assert!(log.contains("bodies"), "{method}: the log is not as loud as it can be");
        let kind = FaultKind::status(403, "PERMISSION_DENIED", "No.");
        bench.emulator.fault(Fault::on("GET", "projects/shop", kind));
        bench.plan_fails();
        let private = KEY.lines().nth(5).expect("a key has lines");
        for (file, content) in bench.everything_left_behind() {
            let text = String::from_utf8_lossy(&content);
            for secret in [TOKEN, SECRET, private] {
                assert!(!text.contains(secret), "{method}: {secret} in {}", file.display());
            }
        }
    }
}

#[test]
fn the_pipelines_of_the_guide_plan() {
    for method in ["github-oidc", "azure-devops-oidc", "env-oidc"] {
        let name = format!("the_pipeline_plans_{method}");
        let mut bench = guides::mirrored(&name, "terraform-provider-lakebase");
        let issuer = Issuer::start(bench.emulator.token());
        let files = tempfile::tempdir().expect("a directory");
        let yaml = block(&section(method), "yaml").expect("it has a pipeline");
        let methods = methods(&issuer, files.path());
        let (_, variables) =
            methods.into_iter().find(|(name, _)| *name == method).expect("it is one");
        bench.environment.remove("DATABRICKS_TOKEN");
        bench.environment.extend(variables);
        // The emulator stands for the workspace, and the issuer for the pipeline's.
        let mut set = 0;
        for line in yaml.lines() {
            let Some((name, value)) = line.trim().split_once(": ") else { continue };
            let value = match name {
                "DATABRICKS_HOST" => bench.emulator.url(),
                "DATABRICKS_CLIENT_ID" | "DATABRICKS_AUTH_TYPE" => value.to_owned(),
                _ => continue,
            };
            bench.environment.insert(name.to_owned(), value);
            set += 1;
        }
        assert_eq!(set, 3, "{yaml}");
        bench.write("main.tf", &format!("{REQUIRED}{}", project("")));
        let [script] = &guides::scripts(&yaml)[..] else { panic!("it has one script: {yaml}") };
        // What follows the script of a step is not indented less than the script.
        let script = script.split("    env:\n").next().unwrap_or_default();
        let run = bench.bash(script).succeeded();
        assert!(run.stdout.contains("Plan: 1 to add"), "{run}");
    }
}

const REQUIRED: &str = r#"
terraform {
  required_providers {
    lakebase = {
      source = "lakebase/lakebase"
    }
  }
}
"#;

#[test]
fn the_guide_to_authentication_has_every_attribute_and_method() {
    let guide = guides::read("authentication");
    let (_, table) = guide.split_once("| attribute |").expect("it has a table");
    let (table, _) = table.split_once("\n\n").expect("the table ends");
    let mut rows = String::from(" environment variable | in the block |\n|---|---|---|");
    for attribute in ATTRIBUTES {
        let variables: Vec<_> =
            attribute.variables.iter().map(|name| format!("`{name}`")).collect();
        let block = if attribute.is_in_block { "yes" } else { "no" };
        let cells = ["", &format!("`{}`", attribute.name), &variables.join(", "), block, ""];
        rows.extend(["\n", cells.join(" | ").trim()]);
    }
    expect_file!["../../docs/guides/authentication.md"].assert_eq(&guide.replace(table, &rows));
    let mut last = 0;
    for method in METHODS.iter().filter(|method| method.name != "basic") {
        let heading = format!("\n### {}\n", method.name);
        let found = guide.find(&heading).unwrap_or_else(|| panic!("{} has no part", method.name));
        assert!(last < found, "{} is not in the order in which it is tried", method.name);
        last = found;
        assert!(guide.contains(&format!("\n| [`{0}`](#{0}) |", method.name)), "{}", method.name);
    }
}
