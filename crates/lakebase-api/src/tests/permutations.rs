//! The combinations of the tests of the Databricks SDKs (`config/auth_permutations_test.go` and
//! `config_file_test.go` for Go, `tests/test_auth.py` for Python): the same method and host are
//! chosen, and the same combinations are refused.
//!
//! A method that asks a host or a command counts as chosen once it has given a token, as in the
//! SDKs. What differs on purpose: passwords, which Databricks has ended, are chosen and refused.

use serde_json::json;

use super::chain;
use super::internet::{Internet, page, status};
use super::machine::Machine;
use crate::Credentials;

/// Values by name.
type Pairs = &'static [(&'static str, &'static str)];

/// What one combination is, and what becomes of it.
struct Row {
    name: &'static str,
    block: Pairs,
    variables: Pairs,
    /// The configuration file in the home directory.
    file: &'static str,
    has_az: bool,
    expected: Expected,
}

enum Expected {
    /// The method and the host.
    Chosen(&'static str, &'static str),
    /// A part of the message.
    Refused(&'static str),
}

use Expected::{Chosen, Refused};

const ROW: Row =
    Row { name: "", block: &[], variables: &[], file: "", has_az: false, expected: Refused("") };

const FILE: &str = "\
[DEFAULT]
host = https://dbc-XXXXXXXX-YYYY.cloud.databricks.com/
token = t
rate_limit=34
debug_truncate=829374

[nohost]
token = t

[pat.with.dot]
host = https://dbc-XXXXXXXX-YYYY.cloud.databricks.com/
token = t

[password-with-double-quotes]
host = https://dbc-XXXXXXXX-YYYY.cloud.databricks.com/
token = \"%Y#X$Z\" # comment
";
const AZURE_FILE: &str = "\
[nohost]
token = t

[justhost]
host = https://adb-123.4.azuredatabricks.net/

[pat]
host = https://adb-123.4.azuredatabricks.net/
token = t
";
const EMPTY_DEFAULT: &str = "\
; The profile of the section DEFAULT is used if no other one is chosen.
[DEFAULT]

[abc]
host  = https://foo
token = xyz
";
const CORRUPT: &str =
    "[nohost]\ntoken = t\n\n[notoken]\nhost = https://dbc-X.cloud.databricks.com/";
const TWO: &str = "\
[DEFAULT]
host = https://default.cloud.databricks.com
token = t

[my-workspace]
host = https://my-workspace.cloud.databricks.com
token = t

[other]
host = https://other.cloud.databricks.com
token = t
";

const NO_HOST: Expected = Refused("No workspace is configured");
const NO_METHOD: Expected = Refused("No method of authentication has all that it needs");
const PASSWORD: Expected = Refused("`basic` authentication is configured");
const AZ_HOST: &str = "https://adb-123.4.azuredatabricks.net";
const AZ_RESOURCE: (&str, &str) = ("azure_workspace_resource_id", "/sub/rg/ws");

const ROWS: &[Row] = &[
    Row { name: "NoParams", expected: NO_HOST, ..ROW },
    Row { name: "HostEnv", variables: &[("DATABRICKS_HOST", "x")], expected: NO_METHOD, ..ROW },
    Row { name: "TokenEnv", variables: &[("DATABRICKS_TOKEN", "x")], expected: NO_HOST, ..ROW },
    Row {
        name: "HostTokenEnv",
        variables: &[("DATABRICKS_HOST", "x"), ("DATABRICKS_TOKEN", "x")],
        expected: Chosen("pat", "https://x"),
        ..ROW
    },
    Row {
        name: "HostParamTokenEnv",
        block: &[("host", "https://x")],
        variables: &[("DATABRICKS_TOKEN", "x")],
        expected: Chosen("pat", "https://x"),
        ..ROW
    },
    Row {
        name: "UserPasswordEnv",
        variables: &[("DATABRICKS_USERNAME", "x"), ("DATABRICKS_PASSWORD", "x")],
        expected: NO_HOST,
        ..ROW
    },
    Row {
        name: "BasicAuth",
        variables: &[
            ("DATABRICKS_HOST", "x"),
            ("DATABRICKS_USERNAME", "x"),
            ("DATABRICKS_PASSWORD", "x"),
        ],
        expected: PASSWORD,
        ..ROW
    },
    Row {
        name: "AttributePrecedence",
        block: &[("host", "y")],
        variables: &[("DATABRICKS_HOST", "x"), ("DATABRICKS_TOKEN", "x")],
        expected: Chosen("pat", "https://y"),
        ..ROW
    },
    Row {
        name: "BasicAuth_Mix",
        block: &[("host", "y"), ("username", "x")],
        variables: &[("DATABRICKS_PASSWORD", "x")],
        expected: PASSWORD,
        ..ROW
    },
    Row {
        name: "BasicAuth_Attrs",
        block: &[("host", "y"), ("username", "x"), ("password", "x")],
        expected: PASSWORD,
        ..ROW
    },
    Row {
        name: "ConflictingEnvs",
        variables: &[
            ("DATABRICKS_HOST", "x"),
            ("DATABRICKS_TOKEN", "x"),
            ("DATABRICKS_USERNAME", "x"),
            ("DATABRICKS_PASSWORD", "x"),
        ],
        expected: Refused("More than one authorization method is configured: basic and pat"),
        ..ROW
    },
    Row {
        name: "ConflictingEnvs_AuthType",
        block: &[("auth_type", "basic")],
        variables: &[
            ("DATABRICKS_HOST", "x"),
            ("DATABRICKS_TOKEN", "x"),
            ("DATABRICKS_USERNAME", "x"),
            ("DATABRICKS_PASSWORD", "x"),
        ],
        expected: PASSWORD,
        ..ROW
    },
    Row {
        name: "ConfigFile",
        variables: &[("DATABRICKS_CONFIG_FILE", "x")],
        expected: NO_HOST,
        ..ROW
    },
    Row {
        name: "ConfigFileSkipDefaultProfileIfHostSpecified",
        block: &[("host", "x")],
        file: FILE,
        expected: NO_METHOD,
        ..ROW
    },
    Row {
        name: "ConfigFileWithEmptyDefaultProfileSelectDefault",
        file: EMPTY_DEFAULT,
        expected: NO_HOST,
        ..ROW
    },
    Row {
        name: "ConfigFileWithEmptyDefaultProfileSelectAbc",
        variables: &[("DATABRICKS_CONFIG_PROFILE", "abc")],
        file: EMPTY_DEFAULT,
        expected: Chosen("pat", "https://foo"),
        ..ROW
    },
    Row {
        name: "PatFromDatabricksCfg",
        file: FILE,
        expected: Chosen("pat", "https://dbc-xxxxxxxx-yyyy.cloud.databricks.com"),
        ..ROW
    },
    Row {
        name: "PatFromDatabricksCfg_DotProfile",
        variables: &[("DATABRICKS_CONFIG_PROFILE", "pat.with.dot")],
        file: FILE,
        expected: Chosen("pat", "https://dbc-xxxxxxxx-yyyy.cloud.databricks.com"),
        ..ROW
    },
    Row {
        name: "PatFromDatabricksCfg_NohostProfile",
        variables: &[("DATABRICKS_CONFIG_PROFILE", "nohost")],
        file: FILE,
        expected: NO_HOST,
        ..ROW
    },
    Row {
        name: "ConfigProfileAndToken",
        variables: &[("DATABRICKS_TOKEN", "x"), ("DATABRICKS_CONFIG_PROFILE", "nohost")],
        file: FILE,
        expected: NO_HOST,
        ..ROW
    },
    Row {
        name: "ConfigProfileAndPassword",
        variables: &[("DATABRICKS_USERNAME", "x"), ("DATABRICKS_CONFIG_PROFILE", "nohost")],
        file: FILE,
        expected: Refused("More than one authorization method is configured: basic and pat"),
        ..ROW
    },
    Row {
        name: "AzurePAT",
        block: &[("host", "https://adb-xxx.y.azuredatabricks.net/"), ("token", "y")],
        expected: Chosen("pat", "https://adb-xxx.y.azuredatabricks.net"),
        ..ROW
    },
    Row {
        name: "AzureCliHost",
        block: &[("host", AZ_HOST), AZ_RESOURCE],
        file: AZURE_FILE,
        has_az: true,
        expected: Chosen("azure-cli", AZ_HOST),
        ..ROW
    },
    Row {
        name: "AzureCliHost_Fail",
        block: &[AZ_RESOURCE],
        variables: &[("AZ_REFUSES", "workspace")],
        file: AZURE_FILE,
        has_az: true,
        expected: Refused(""),
    },
    Row {
        name: "AzureCliHost_AzNotInstalled",
        block: &[AZ_RESOURCE],
        file: AZURE_FILE,
        expected: Refused(""),
        ..ROW
    },
    Row {
        name: "AzureCliHost_PatConflict_WithConfigFilePresentWithoutDefaultProfile",
        block: &[AZ_RESOURCE, ("token", "x")],
        file: AZURE_FILE,
        has_az: true,
        expected: Refused("More than one authorization method is configured: azure and pat"),
        ..ROW
    },
    Row {
        name: "AzureCliHostAndResourceID",
        block: &[AZ_RESOURCE, ("host", AZ_HOST)],
        file: FILE,
        has_az: true,
        expected: Chosen("azure-cli", AZ_HOST),
        ..ROW
    },
    Row {
        name: "AzureCliHostAndResourceID_ConfigurationPrecedence",
        block: &[AZ_RESOURCE, ("host", AZ_HOST)],
        variables: &[("DATABRICKS_CONFIG_PROFILE", "justhost")],
        file: AZURE_FILE,
        has_az: true,
        expected: Chosen("azure-cli", AZ_HOST),
    },
    Row {
        name: "AzureAndPasswordConflict",
        block: &[AZ_RESOURCE, ("host", AZ_HOST)],
        variables: &[("DATABRICKS_USERNAME", "x")],
        file: AZURE_FILE,
        has_az: true,
        expected: Refused("More than one authorization method is configured: azure and basic"),
    },
    Row {
        name: "CorruptConfig",
        variables: &[("DATABRICKS_CONFIG_PROFILE", "DEFAULT")],
        file: CORRUPT,
        expected: Refused("has no profile `DEFAULT`"),
        ..ROW
    },
    Row {
        name: "AuthTypeFromEnv",
        block: &[("host", "x")],
        variables: &[
            ("DATABRICKS_TOKEN", "token"),
            ("DATABRICKS_USERNAME", "user"),
            ("DATABRICKS_PASSWORD", "password"),
            ("DATABRICKS_AUTH_TYPE", "basic"),
        ],
        expected: PASSWORD,
        ..ROW
    },
    Row {
        name: "unknown auth type",
        block: &[("host", "x"), ("auth_type", "unknown-auth-type-1337")],
        expected: Refused("`auth_type` is `unknown-auth-type-1337`, which is not a method"),
        ..ROW
    },
    Row {
        name: "password with double quotes and comment",
        variables: &[("DATABRICKS_CONFIG_PROFILE", "password-with-double-quotes")],
        file: FILE,
        expected: Chosen("pat", "https://dbc-xxxxxxxx-yyyy.cloud.databricks.com"),
        ..ROW
    },
];

/// The rows about `default_profile`, each with its own section of settings before [`TWO`].
const SETTINGS: &[(&str, &str, Pairs, Expected)] = &[
    (
        "DefaultProfileTakesPrecedenceOverDefault",
        "default_profile = my-workspace",
        &[],
        Chosen("pat", "https://my-workspace.cloud.databricks.com"),
    ),
    (
        "LegacyFallbackEmptyDefaultProfile",
        "default_profile =",
        &[],
        Chosen("pat", "https://default.cloud.databricks.com"),
    ),
    (
        "ExplicitDefaultProfileViaSetting",
        "default_profile = DEFAULT",
        &[],
        Chosen("pat", "https://default.cloud.databricks.com"),
    ),
    (
        "DefaultProfileSettingsSelfReference",
        "default_profile = __settings__",
        &[],
        Refused("holds settings and is not a profile"),
    ),
    (
        "ExplicitProfileOverridesDefaultProfile",
        "default_profile = my-workspace",
        &[("profile", "other")],
        Chosen("pat", "https://other.cloud.databricks.com"),
    ),
    (
        "ExplicitSettingsSectionProfileRejected",
        "default_profile = my-workspace",
        &[("profile", "__settings__")],
        Refused("holds settings and is not a profile"),
    ),
    (
        "DefaultProfileNonexistentSection",
        "default_profile = deleted-profile",
        &[],
        Refused("has no profile `deleted-profile`"),
    ),
];

async fn check(row: &Row, file: &str) {
    let (internet, machine) = (Internet::start().await, Machine::new());
    if !file.is_empty() {
        machine.write(".databrickscfg", file);
    }
    if row.has_az {
        machine.install_az();
    }
    for host in ["x", "y", "foo", "adb-123.4.azuredatabricks.net", "adb-xxx.y.azuredatabricks.net"]
    {
        internet.route(&format!("GET {host}/aad/auth"), |_| {
            status(307, &json!({}))
                .with("location", "https://login.microsoftonline.com/tenant_id/abc")
        });
    }
    let credentials = row
        .block
        .iter()
        .fold(Credentials::default(), |credentials, (name, value)| credentials.with(name, *value));
    let visitor = internet.visit(&credentials, &machine.environment(row.variables));
    let found = match visitor {
        Err(error) => Err(error.to_string()),
        Ok(visitor) => {
            let host = visitor.client.host().trim_start_matches("https://").to_owned();
            let project = format!("GET {host}/api/2.0/postgres/projects/p");
            internet.route(&project, |_| page(&json!({"uid": "u"})));
            match visitor.client.get("projects/p", &visitor.deadline).await {
                Ok(_) => {
                    Ok((visitor.client.auth_type().to_owned(), visitor.client.host().to_owned()))
                }
                Err(error) => Err(chain(&error)),
            }
        }
    };
    match (&row.expected, found) {
        (Chosen(method, host), Ok(found)) => {
            assert_eq!(found, ((*method).to_owned(), (*host).to_owned()), "{}", row.name);
        }
        (Refused(part), Err(text)) => assert!(text.contains(part), "{}: {text}", row.name),
        (_, found) => panic!("{}: {found:?}", row.name),
    }
}

#[tokio::test]
async fn combinations_of_the_sdks_choose_and_refuse_the_same() {
    for row in ROWS {
        check(row, row.file).await;
    }
}

#[tokio::test]
async fn default_profile_is_chosen_and_refused_as_in_the_sdks() {
    for (name, settings, block, expected) in SETTINGS {
        let expected = match expected {
            Chosen(method, host) => Chosen(method, host),
            Refused(part) => Refused(part),
        };
        let file = format!("[__settings__]\n{settings}\n\n{TWO}");
        check(&Row { name, block, expected, ..ROW }, &file).await;
    }
}
