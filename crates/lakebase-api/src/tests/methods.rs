//! Every method of authentication against whoever issues its tokens: a first token, a renewal
//! before its end, a renewal after a refusal, a failure; and no secret in log, error or `Debug`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};

use super::chain;
use super::internet::{Internet, Page, Visitor, page, status};
use super::logging::captured;
use super::machine::Machine;
use super::service::{self, Seen, Service};
use crate::{Credentials, Environment, METHODS};

pub(super) const WORKSPACE: &str = "dbc-1.cloud.databricks.com";
pub(super) const AZURE: &str = "adb-1.2.azuredatabricks.net";
pub(super) const GOOGLE: &str = "1.2.gcp.databricks.com";
/// A key that opens nothing.
pub(super) const KEY: &str = include_str!("service_account.pem");

/// Everything that one method needs.
struct Case {
    internet: Internet,
    machine: Machine,
    host: &'static str,
    credentials: Credentials,
    environment: Environment,
    issuer: Issuer,
    /// The headers of a request with the nth token.
    headers: fn(u32) -> Vec<(&'static str, String)>,
    /// What is on this machine and issues tokens.
    local: Option<Service>,
}

/// Issues tokens until it refuses.
#[derive(Clone, Default)]
struct Issuer {
    refuses: Arc<AtomicBool>,
}

impl Issuer {
    /// Answers with `{member: "hush-KIND-N"}`, valid for an hour.
    fn issue(&self, member: &'static str, kind: &'static str) -> impl FnMut(&Seen) -> Page + use<> {
        let (refuses, count) = (self.refuses.clone(), AtomicU32::new(0));
        move |_| {
            if refuses.load(Ordering::SeqCst) {
                let error = json!({"error": "invalid_client", "error_description": "unknown"});
                return status(401, &error);
            }
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            page(&json!({member: format!("hush-{kind}-{number}"), "expires_in": "3600"}))
        }
    }
}

fn bearer(kind: &str, number: u32) -> (&'static str, String) {
    ("authorization", format!("Bearer hush-{kind}-{number}"))
}

/// A token of Google, which says by itself when it ends.
pub(super) fn google_id(number: u32) -> String {
    let end = 1_788_091_200 + 3600 * u64::from(number);
    let claims = URL_SAFE_NO_PAD.encode(json!({"exp": end}).to_string());
    format!("e30.{claims}.hush-id-{number}")
}

impl Case {
    async fn new(
        host: &'static str,
        block: &[(&str, &str)],
        variables: &[(&str, &str)],
        headers: fn(u32) -> Vec<(&'static str, String)>,
    ) -> Self {
        let (internet, machine) = (Internet::start().await, Machine::new());
        let url = format!("https://{host}");
        let token_endpoint = format!("{url}/oidc/v1/token");
        internet.answer(
            &format!("GET {host}/oidc/.well-known/oauth-authorization-server"),
            &json!({"token_endpoint": token_endpoint}),
        );
        let credentials = block
            .iter()
            .fold(Credentials::default().with("host", url), |credentials, (name, value)| {
                credentials.with(name, *value)
            });
        let environment = machine.environment(variables);
        let issuer = Issuer::default();
        Self { internet, machine, host, credentials, environment, issuer, headers, local: None }
    }

    fn route(self, request: &str, member: &'static str, kind: &'static str) -> Self {
        self.internet.route(request, self.issuer.issue(member, kind));
        self
    }

    fn refuse(&self) {
        self.issuer.refuses.store(true, Ordering::SeqCst);
        self.machine.refuse();
        if let Some(local) = &self.local {
            local.then([service::json(401, &json!({"error": "gone"}))]);
        }
    }
}

/// The pipeline's own token, which GitHub Actions gives for others.
const ACTIONS: [(&str, &str); 2] = [
    ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://actions.example.com/token?v=1"),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hush-request"),
];

const PIPELINE: [(&str, &str); 6] = [
    ("SYSTEM_ACCESSTOKEN", "hush-system"),
    ("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "https://dev.example.com/org/"),
    ("SYSTEM_PLANID", "plan"),
    ("SYSTEM_JOBID", "job"),
    ("SYSTEM_TEAMPROJECTID", "project"),
    ("SYSTEM_HOSTTYPE", "build"),
];

async fn case(method: &str) -> Case {
    match method {
        "oauth-m2m" | "databricks-cli" | "metadata-service" => of_databricks(method).await,
        "github-oidc" | "azure-devops-oidc" | "env-oidc" | "file-oidc" => of_pipeline(method).await,
        "google-credentials" | "google-id" => of_google(method).await,
        _ => of_azure(method).await,
    }
}

/// What Databricks itself and its programs issue.
async fn of_databricks(method: &str) -> Case {
    let tokens = &format!("POST {WORKSPACE}/oidc/v1/token");
    match method {
        "oauth-m2m" => {
            let block = [("client_id", "id"), ("client_secret", "hush-secret")];
            let case = Case::new(WORKSPACE, &block, &[], |n| vec![bearer("m2m", n)]).await;
            case.route(tokens, "access_token", "m2m")
        }
        "databricks-cli" => {
            let case = Case::new(WORKSPACE, &[], &[], |n| vec![bearer("cli", n)]).await;
            case.machine.install_databricks();
            case
        }
        "metadata-service" => {
            let local = Service::start((1..=3).map(|number| {
                let end = 1_788_091_200 + 3600 * number;
                let token = format!("hush-editor-{number}");
                service::json(200, &json!({"access_token": token, "expires_on": end}))
            }));
            let local = local.await;
            let url = format!("{}/hush/token", local.host());
            let block = [("metadata_service_url", &*url)];
            let case = Case::new(WORKSPACE, &block, &[], |n| vec![bearer("editor", n)]).await;
            Case { local: Some(local), ..case }
        }
        _ => panic!("{method} has no case"),
    }
}

/// What Databricks exchanges for the ID token of a pipeline.
async fn of_pipeline(method: &str) -> Case {
    let exchanged: fn(u32) -> _ = |number| vec![bearer("exchanged", number)];
    let tokens = &format!("POST {WORKSPACE}/oidc/v1/token");
    match method {
        "github-oidc" => {
            let case = Case::new(WORKSPACE, &[("client_id", "id")], &ACTIONS, exchanged).await;
            case.route("GET actions.example.com/token", "value", "github").route(
                tokens,
                "access_token",
                "exchanged",
            )
        }
        "azure-devops-oidc" => {
            let case = Case::new(WORKSPACE, &[("client_id", "id")], &PIPELINE, exchanged).await;
            let request = "POST dev.example.com/org/project/_apis/distributedtask/hubs/build/\
                           plans/plan/jobs/job/oidctoken";
            case.route(request, "oidcToken", "devops").route(tokens, "access_token", "exchanged")
        }
        "env-oidc" => {
            let variables = [("DATABRICKS_OIDC_TOKEN", "hush-env")];
            let case = Case::new(WORKSPACE, &[("client_id", "id")], &variables, exchanged).await;
            case.route(tokens, "access_token", "exchanged")
        }
        "file-oidc" => {
            let mut case = Case::new(WORKSPACE, &[("auth_type", method)], &[], exchanged).await;
            let path = case.machine.write("id-token", "hush-file\n");
            case.credentials = case.credentials.with("databricks_id_token_filepath", path);
            case.route(tokens, "access_token", "exchanged")
        }
        _ => panic!("{method} has no case"),
    }
}

/// What Microsoft Entra issues.
async fn of_azure(method: &str) -> Case {
    let entra: fn(u32) -> _ = |number| {
        let management = format!("hush-management-{number}");
        vec![
            bearer("workspace", number),
            ("x-databricks-azure-sp-management-token", management),
            ("x-databricks-azure-workspace-resource-id", "/subscriptions/s/ws".to_owned()),
        ]
    };
    let resource = ("azure_workspace_resource_id", "/subscriptions/s/ws");
    match method {
        "azure-client-secret" => {
            let block = [
                ("azure_client_id", "id"),
                ("azure_client_secret", "hush-secret"),
                ("azure_tenant_id", "tenant"),
                resource,
            ];
            let case = Case::new(AZURE, &block, &[], entra).await;
            let (mut workspace, mut management) = (
                case.issuer.issue("access_token", "workspace"),
                case.issuer.issue("access_token", "management"),
            );
            case.internet.route(
                "POST login.microsoftonline.com/tenant/oauth2/token",
                move |seen| {
                    let is_management = seen.body.contains("management");
                    if is_management { management(seen) } else { workspace(seen) }
                },
            );
            case
        }
        "azure-msi" => {
            let case = Case::new(AZURE, &[("azure_use_msi", "true"), resource], &[], entra).await;
            let (mut workspace, mut management) = (
                case.issuer.issue("access_token", "workspace"),
                case.issuer.issue("access_token", "management"),
            );
            let request = "GET 169.254.169.254/metadata/identity/oauth2/token";
            case.internet.route(request, move |seen| {
                assert_eq!(seen.headers["metadata"], "true");
                let is_management = seen.line.contains("management");
                if is_management { management(seen) } else { workspace(seen) }
            });
            case
        }
        "azure-cli" => {
            let case = Case::new(AZURE, &[resource], &[], entra).await;
            case.machine.install_az();
            case.internet.route(&format!("GET {AZURE}/aad/auth"), |_| {
                let login = "https://login.microsoftonline.com/found-tenant/oauth2/authorize?x=y";
                status(302, &Json::Null).with("location", login)
            });
            case
        }
        "github-oidc-azure" => {
            let block = [("azure_client_id", "id"), ("azure_tenant_id", "tenant")];
            let headers: fn(u32) -> _ = |number| vec![bearer("workspace", number)];
            let mut case = Case::new(AZURE, &block, &ACTIONS, headers).await;
            case.credentials = case.credentials.with("auth_type", method);
            case.route("GET actions.example.com/token", "value", "github").route(
                "POST login.microsoftonline.com/tenant/oauth2/token",
                "access_token",
                "workspace",
            )
        }
        _ => panic!("{method} has no case"),
    }
}

/// What Google issues.
async fn of_google(method: &str) -> Case {
    match method {
        "google-credentials" => {
            let key = json!({
                "type": "service_account",
                "client_email": "sa@p.iam.gserviceaccount.com",
                "private_key_id": "k1",
                "private_key": KEY,
                "token_uri": "https://oauth2.googleapis.com/token",
            });
            let block = [("google_credentials", &*key.to_string())];
            let case = Case::new(GOOGLE, &block, &[], google).await;
            let mut access = case.issuer.issue("access_token", "google");
            let (refuses, mut count) = (case.issuer.refuses.clone(), 0);
            case.internet.route("POST oauth2.googleapis.com/token", move |seen| {
                let claims = verified(&seen.body);
                if claims["scope"].is_string() || refuses.load(Ordering::SeqCst) {
                    return access(seen);
                }
                assert_eq!(claims["target_audience"], format!("https://{GOOGLE}"));
                count += 1;
                page(&json!({"id_token": google_id(count)}))
            });
            case
        }
        "google-id" => {
            let block = [("google_service_account", "sa@p.iam.gserviceaccount.com")];
            let case = Case::new(GOOGLE, &block, &[], google).await;
            case.machine.install_gcloud();
            let account = "iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/sa@p.iam.gserviceaccount.com";
            let (refuses, mut count) = (case.issuer.refuses.clone(), 0);
            case.internet.route(&format!("POST {account}:generateIdToken"), move |seen| {
                assert!(seen.headers["authorization"].starts_with("Bearer hush-gcloud-"));
                assert!(seen.body.contains(&format!("\"audience\":\"https://{GOOGLE}\"")));
                count += 1;
                let token = json!({"token": google_id(count)});
                if refuses.load(Ordering::SeqCst) { status(401, &json!({})) } else { page(&token) }
            });
            let mut count = 0;
            case.internet.route(&format!("POST {account}:generateAccessToken"), move |_| {
                count += 1;
                let end = format!("2026-08-30T{}:00:00Z", 12 + count);
                page(&json!({"accessToken": format!("hush-google-{count}"), "expireTime": end}))
            });
            case
        }
        _ => panic!("{method} has no case"),
    }
}

fn google(number: u32) -> Vec<(&'static str, String)> {
    vec![
        ("authorization", format!("Bearer {}", google_id(number))),
        ("x-databricks-gcp-sa-access-token", format!("hush-google-{number}")),
    ]
}

/// The claims of an assertion, whose signature is that of the key.
fn verified(body: &str) -> Json {
    use ring::signature::{
        KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey,
    };
    use rustls::pki_types::pem::PemObject as _;

    let assertion = body.split("assertion=").nth(1).expect("an assertion");
    let parts: Vec<_> = assertion.split('.').collect();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key());
    let content = format!("{}.{}", parts[0], parts[1]);
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    public.verify(content.as_bytes(), &decode(parts[2])).expect("the signature");
    serde_json::from_slice(&decode(parts[1])).unwrap()
}

/// Lives through all that can happen to a method.
async fn check(method: &'static str) {
    let case = case(method).await;
    let api = format!("GET {}/api/2.0/postgres/projects/p", case.host);
    let is_rejected = Arc::new(AtomicBool::new(false));
    let rejects = is_rejected.clone();
    case.internet.route(&api, move |_| {
        if rejects.swap(false, Ordering::SeqCst) {
            status(401, &json!({"error_code": "UNAUTHENTICATED", "message": "no"}))
        } else {
            page(&json!({"uid": "u"}))
        }
    });
    let Visitor { client, clock, deadline } =
        case.internet.visit(&case.credentials, &case.environment).unwrap();
    let sent = |number: u32| {
        let seen = case.internet.seen();
        let last = seen.iter().rfind(|seen| seen.line == api).expect("a request to the API");
        for (name, value) in (case.headers)(number) {
            assert_eq!(last.headers.get(name), Some(&value), "{method} {number} {name}");
        }
        assert!(last.headers["user-agent"].ends_with(&format!(" auth/{method}")));
    };
    let (log, error) = captured(async {
        client.get("projects/p", &deadline).await.unwrap();
        sent(1);
        case.internet.forget();
        client.get("projects/p", &deadline).await.unwrap();
        sent(1);
        assert_eq!(case.internet.lines().len(), 1, "the token is kept");
        clock.advance(Duration::from_mins(58));
        client.get("projects/p", &deadline).await.unwrap();
        sent(2);
        is_rejected.store(true, Ordering::SeqCst);
        client.get("projects/p", &deadline).await.unwrap();
        sent(3);
        case.refuse();
        is_rejected.store(true, Ordering::SeqCst);
        client.get("projects/p", &deadline).await.unwrap_err()
    })
    .await;
    let text = chain(&error);
    assert!(error.is_unauthenticated() && error.advice().is_some(), "{method}: {text}");
    assert!(text.contains(&format!("`{method}`")), "{method}: {text}");
    assert_eq!(client.auth_type(), method);
    let shown = format!("{client:?} {:?} {:?} {error:?}", case.credentials, case.environment);
    let private = KEY.lines().nth(5).unwrap();
    for text in [&log, &text, &shown, &error.advice().unwrap_or_default()] {
        // The secret of a client, as it is and as it is sent.
        for secret in ["hush", "aHVzaC1zZWNyZXQ", "aWQ6aHVzaC", private] {
            let found = text.lines().find(|line| line.contains(secret));
            assert_eq!(found, None, "{method} shows {secret}");
        }
    }
    assert!(log.contains("message=bodies"), "the log is not as loud as it can be");
}

macro_rules! methods {
    ($($test:ident $method:literal)*) => {
        $(#[tokio::test]
        async fn $test() {
            check($method).await;
        })*

        #[test]
        fn every_method_has_a_test() {
            // A personal access token is never renewed, and passwords have ended.
            let tested = ["pat", "basic" $(, $method)*];
            for method in METHODS {
                assert!(tested.contains(&method.name), "{} has no test", method.name);
            }
        }
    };
}

methods! {
    oauth_m2m_is_renewed_and_refused "oauth-m2m"
    databricks_cli_is_renewed_and_refused "databricks-cli"
    metadata_service_is_renewed_and_refused "metadata-service"
    github_oidc_is_renewed_and_refused "github-oidc"
    azure_devops_oidc_is_renewed_and_refused "azure-devops-oidc"
    env_oidc_is_renewed_and_refused "env-oidc"
    file_oidc_is_renewed_and_refused "file-oidc"
    github_oidc_azure_is_renewed_and_refused "github-oidc-azure"
    azure_msi_is_renewed_and_refused "azure-msi"
    azure_client_secret_is_renewed_and_refused "azure-client-secret"
    azure_cli_is_renewed_and_refused "azure-cli"
    google_credentials_is_renewed_and_refused "google-credentials"
    google_id_is_renewed_and_refused "google-id"
}
