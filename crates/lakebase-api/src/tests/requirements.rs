//! Every method from every source: with all that it needs it can be used, and without any one part
//! it is skipped for that reason.

use super::internet::Internet;
use super::machine::Machine;
use super::methods::{AZURE, GOOGLE, WORKSPACE};
use crate::{ATTRIBUTES, Credentials, Environment, METHODS};

/// Values by name.
type Pairs = &'static [(&'static str, &'static str)];

/// What a method needs: its host, its attributes, and variables that are no attributes.
struct Needs {
    method: &'static str,
    host: &'static str,
    attributes: Pairs,
    variables: Pairs,
}

const fn needs(method: &'static str, host: &'static str, attributes: Pairs) -> Needs {
    Needs { method, host, attributes, variables: &[] }
}

const ACTIONS: (&str, &str) = ("actions_id_token_request_url", "https://actions.example.com/t");
const REQUEST: (&str, &str) = ("actions_id_token_request_token", "hush");
const CLIENT: (&str, &str) = ("azure_client_id", "id");

const ALL: &[Needs] = &[
    needs("pat", WORKSPACE, &[("token", "hush")]),
    needs("oauth-m2m", WORKSPACE, &[("client_id", "id"), ("client_secret", "hush")]),
    needs("databricks-cli", WORKSPACE, &[]),
    needs("metadata-service", WORKSPACE, &[("metadata_service_url", "http://localhost:1/hush")]),
    needs("github-oidc", WORKSPACE, &[ACTIONS, REQUEST]),
    Needs {
        method: "azure-devops-oidc",
        host: WORKSPACE,
        attributes: &[],
        variables: &[
            ("SYSTEM_ACCESSTOKEN", "hush"),
            ("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "https://dev.example.com/o/"),
            ("SYSTEM_PLANID", "plan"),
            ("SYSTEM_JOBID", "job"),
            ("SYSTEM_TEAMPROJECTID", "project"),
            ("SYSTEM_HOSTTYPE", "build"),
        ],
    },
    Needs {
        method: "env-oidc",
        host: WORKSPACE,
        attributes: &[],
        variables: &[("DATABRICKS_OIDC_TOKEN", "hush")],
    },
    needs("file-oidc", WORKSPACE, &[("databricks_id_token_filepath", "/run/token")]),
    needs("github-oidc-azure", AZURE, &[CLIENT, ("azure_tenant_id", "t"), ACTIONS, REQUEST]),
    needs("azure-msi", AZURE, &[("azure_use_msi", "true")]),
    needs("azure-client-secret", AZURE, &[CLIENT, ("azure_client_secret", "hush")]),
    needs("azure-cli", AZURE, &[]),
    needs("google-credentials", GOOGLE, &[("google_credentials", "/run/key")]),
    needs("google-id", GOOGLE, &[("google_service_account", "sa@example.com")]),
];

#[derive(Clone, Copy, Debug)]
enum Source {
    Block,
    Environment,
    Profile,
}

/// The method that can be used, or why there is none.
fn resolve(
    internet: &Internet,
    machine: &Machine,
    source: Source,
    attributes: &[(&str, &str)],
    variables: &[(&str, &str)],
) -> Result<String, String> {
    let mut credentials = Credentials::default();
    let mut all = variables.to_vec();
    let mut file = "[shop]\n".to_owned();
    for (name, value) in attributes {
        match source {
            Source::Block => credentials = credentials.with(name, *value),
            Source::Environment => {
                let attribute = ATTRIBUTES.iter().find(|attribute| attribute.name == *name);
                all.push((attribute.unwrap().variables[0], value));
            }
            Source::Profile => file.extend([name, " = ", value, "\n"]),
        }
    }
    if matches!(source, Source::Profile) {
        credentials = credentials.with("profile", "shop");
        machine.write(".databrickscfg", &file);
    }
    let environment: Environment = machine.environment(&all);
    let visitor = internet.visit(&credentials, &environment);
    visitor.map(|visitor| visitor.client.auth_type().to_owned()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn method_needs_each_of_its_parts_from_any_source() {
    let internet = Internet::start().await;
    let machine = Machine::new();
    machine.install_databricks();
    machine.install_az();
    for Needs { method, host, attributes, variables } in ALL {
        let own = [("host", *host), ("auth_type", *method)];
        for source in [Source::Block, Source::Environment, Source::Profile] {
            let all: Vec<_> = own.iter().chain(*attributes).copied().collect();
            let found = resolve(&internet, &machine, source, &all, variables);
            assert_eq!(found.as_deref(), Ok(*method), "{source:?}");
            for (missing, _) in *attributes {
                let rest: Vec<_> =
                    all.iter().filter(|(name, _)| name != missing).copied().collect();
                let error = resolve(&internet, &machine, source, &rest, variables).unwrap_err();
                let reason = format!("  - `{method}`: neither `{missing}` nor `");
                assert!(error.contains(&reason), "{source:?} without {missing}: {error}");
            }
            let rest = &all[1..];
            let error = resolve(&internet, &machine, source, rest, variables).unwrap_err();
            assert!(error.contains("neither `host` nor"), "{method} {source:?}: {error}");
        }
        for (missing, _) in *variables {
            let rest: Vec<_> =
                variables.iter().filter(|(name, _)| name != missing).copied().collect();
            let error = resolve(&internet, &machine, Source::Block, &own, &rest).unwrap_err();
            let reason = format!("  - `{method}`: `{missing}` is not set");
            assert!(error.contains(&reason), "without {missing}: {error}");
        }
        // Methods of a cloud are for workspaces in that cloud.
        if *host != WORKSPACE {
            let elsewhere = [("host", WORKSPACE), ("auth_type", *method)];
            let all: Vec<_> = elsewhere.iter().chain(*attributes).copied().collect();
            let error = resolve(&internet, &machine, Source::Block, &all, variables).unwrap_err();
            assert!(error.contains("do not name a workspace on"), "{method}: {error}");
        }
    }
    let all: Vec<_> = ALL.iter().map(|needs| needs.method).collect();
    let known: Vec<_> = METHODS.iter().map(|method| method.name).collect();
    assert_eq!(known.len(), all.len() + 1, "{known:?}: all but `basic` are here");
}

#[tokio::test]
async fn command_that_is_not_installed_is_the_reason() {
    let internet = Internet::start().await;
    let machine = Machine::new();
    let table = [
        ("azure-cli", AZURE, "the Azure CLI `az` is not installed"),
        ("databricks-cli", WORKSPACE, "the Databricks CLI is not installed"),
    ];
    for (method, host, part) in table {
        let own = [("host", host), ("auth_type", method)];
        let error = resolve(&internet, &machine, Source::Block, &own, &[]).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}
