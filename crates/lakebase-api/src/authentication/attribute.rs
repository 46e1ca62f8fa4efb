//! Lists the attributes of unified authentication: one row each, from which the documentation, the
//! environment variables, the keys of profiles and the search for secrets follow.
//!
//! To add an attribute: a row in [`ATTRIBUTES`].

/// An attribute: its name is the one of the configuration and the key in a profile.
#[derive(Debug)]
pub struct Attribute {
    /// The key, as the Databricks SDKs spell it.
    pub name: &'static str,
    /// Other spellings of the key in profiles.
    pub aliases: &'static [&'static str],
    /// The environment variables, the first one that is set counts.
    pub variables: &'static [&'static str],
    /// The type of the value.
    pub kind: ValueKind,
    /// Whether no message, log line or state may show the value.
    pub is_secret: bool,
    /// Whether a configuration block has it under this name. The others exist in profiles and in
    /// the environment only.
    pub is_in_block: bool,
    /// The family of methods that the attribute asks for. Attributes of two families are a conflict
    /// that `auth_type` resolves.
    pub family: Option<&'static str>,
    /// The description, with its environment variables.
    pub doc: &'static str,
}

/// The type of an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A string.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Number,
    /// Texts with commas between them.
    List,
}

/// A row: `name kind [variables] family "doc", words`.
macro_rules! attribute {
    ($name:literal $kind:ident [$($variable:literal)?] $family:expr, $doc:literal $(, $word:ident $(= $value:expr)?)*) => {{
        #[allow(unused_mut, reason = "only some rows have words")]
        let mut attribute = Attribute {
            name: $name,
            aliases: &[],
            variables: &[$($variable)?],
            kind: ValueKind::$kind,
            is_secret: false,
            is_in_block: true,
            family: $family,
            doc: concat!($doc $(, " Environment variable: `", $variable, "`.")?),
        };
        $(attribute!(@word attribute $word $(= $value)?);)*
        attribute
    }};
    (@word $attribute:ident secret) => { $attribute.is_secret = true };
    (@word $attribute:ident not_in_block) => { $attribute.is_in_block = false };
    (@word $attribute:ident aliases = $aliases:expr) => { $attribute.aliases = $aliases };
    (@word $attribute:ident variables = $variables:expr) => { $attribute.variables = $variables };
}

/// Every attribute of unified authentication, in the order of the documentation. Names, variables
/// and families are those of the Databricks SDK for Go 0.175 (`config/config.go`), the aliases
/// those of the SDK for Python.
pub static ATTRIBUTES: &[Attribute] = &[
    attribute!("host" Text ["DATABRICKS_HOST"] None, "URL of the workspace, such as `https://dbc-a1b2c3d4-e5f6.cloud.databricks.com`."),
    attribute!("token" Text ["DATABRICKS_TOKEN"] Some("pat"), "Personal access token.", secret),
    attribute!("client_id" Text ["DATABRICKS_CLIENT_ID"] Some("oauth"), "Application ID of a service principal."),
    attribute!("client_secret" Text ["DATABRICKS_CLIENT_SECRET"] Some("oauth"), "OAuth secret of the service principal.", secret),
    attribute!("profile" Text ["DATABRICKS_CONFIG_PROFILE"] None, "Profile in the configuration file. If omitted, `default_profile` of its section `[__settings__]`, else `DEFAULT`. A default profile is read only if neither a host nor a credential is configured."),
    attribute!("config_file" Text ["DATABRICKS_CONFIG_FILE"] None, "Path of the configuration file. Default: `~/.databrickscfg`."),
    attribute!("auth_type" Text ["DATABRICKS_AUTH_TYPE"] None, "Authentication method, such as `pat`, `oauth-m2m` or `databricks-cli`. If omitted, the first method that is configured and succeeds."),
    attribute!("account_id" Text ["DATABRICKS_ACCOUNT_ID"] None, "ID of the account, for hosts that serve an account."),
    attribute!("workspace_id" Text ["DATABRICKS_WORKSPACE_ID"] None, "ID of the workspace, for hosts that serve several workspaces."),
    attribute!("scopes" List [] None, "OAuth scopes to request, with commas between them. Default: `all-apis`."),
    attribute!("databricks_cli_path" Text ["DATABRICKS_CLI_PATH"] None, "Path of the Databricks CLI. If omitted, `databricks` is searched for in `PATH`."),
    attribute!("metadata_service_url" Text ["DATABRICKS_METADATA_SERVICE_URL"] Some("metadata-service"), "URL of a service on this machine that issues tokens, as an editor starts it.", secret),
    attribute!("audience" Text ["DATABRICKS_TOKEN_AUDIENCE"] None, "Audience of the ID tokens that are exchanged. If omitted, the audience that the host asks for.", aliases = &["token_audience"]),
    attribute!("oidc_token_env" Text ["DATABRICKS_OIDC_TOKEN_ENV"] Some("env-oidc"), "Name of the environment variable that holds an ID token. Default: `DATABRICKS_OIDC_TOKEN`."),
    attribute!("databricks_id_token_filepath" Text ["DATABRICKS_OIDC_TOKEN_FILEPATH"] Some("file-oidc"), "Path of a file that holds an ID token.", aliases = &["oidc_token_filepath"], variables = &["DATABRICKS_OIDC_TOKEN_FILEPATH", "DATABRICKS_OIDC_TOKEN_FILE"]),
    attribute!("discovery_url" Text ["DATABRICKS_DISCOVERY_URL"] None, "URL of the OAuth metadata that names the token endpoint. If omitted, the host is asked."),
    attribute!("actions_id_token_request_url" Text ["ACTIONS_ID_TOKEN_REQUEST_URL"] None, "URL at which GitHub Actions issues ID tokens.", not_in_block),
    attribute!("actions_id_token_request_token" Text ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] None, "Token for that URL.", secret, not_in_block),
    attribute!("azure_workspace_resource_id" Text ["DATABRICKS_AZURE_RESOURCE_ID"] Some("azure"), "Azure resource ID of the workspace. If `host` is omitted, Azure Resource Manager is asked for the workspace's URL."),
    attribute!("azure_tenant_id" Text ["ARM_TENANT_ID"] Some("azure"), "Microsoft Entra tenant. If omitted, the host is asked."),
    attribute!("azure_client_id" Text ["ARM_CLIENT_ID"] Some("azure"), "Application ID of a Microsoft Entra service principal, or client ID of a managed identity."),
    attribute!("azure_client_secret" Text ["ARM_CLIENT_SECRET"] Some("azure"), "Secret of the Microsoft Entra service principal.", secret),
    attribute!("azure_use_msi" Boolean ["ARM_USE_MSI"] Some("azure"), "Whether to use the managed identity of this Azure machine. Default: `false`."),
    attribute!("azure_environment" Text ["ARM_ENVIRONMENT"] None, "Azure cloud: `PUBLIC`, `USGOVERNMENT` or `CHINA`. If omitted, the cloud of the host."),
    attribute!("azure_login_app_id" Text ["DATABRICKS_AZURE_LOGIN_APP_ID"] Some("azure"), "Without effect. The SDKs still read it.", not_in_block),
    attribute!("google_service_account" Text ["DATABRICKS_GOOGLE_SERVICE_ACCOUNT"] Some("google"), "Email address of the Google service account to impersonate with the Application Default Credentials."),
    attribute!("google_credentials" Text ["GOOGLE_CREDENTIALS"] Some("google"), "JSON key of a Google service account, or the path of its file.", secret),
    attribute!("cloud" Text ["DATABRICKS_CLOUD"] None, "Cloud of the workspace: `AWS`, `Azure` or `GCP`. If omitted, it follows from the host."),
    attribute!("username" Text ["DATABRICKS_USERNAME"] Some("basic"), "User name. Databricks no longer accepts passwords: `basic` authentication ended on July 10, 2024.", not_in_block),
    attribute!("password" Text ["DATABRICKS_PASSWORD"] Some("basic"), "Password.", secret, not_in_block),
    attribute!("skip_verify" Boolean [] None, "Whether to accept any TLS certificate. Whoever controls the network can then read the token. Default: `false`."),
    attribute!("allow_http" Boolean ["LAKEBASE_ALLOW_HTTP"] None, "Whether to reach a host on another machine by `http`, such as an emulator in another container. The token is then readable on the network. Default: `false`."),
    attribute!("rate_limit" Number ["DATABRICKS_RATE_LIMIT"] None, "Maximum number of requests a second.", not_in_block),
    attribute!("http_timeout_seconds" Number [] None, "Longest time for one attempt at a request, in seconds.", not_in_block),
    attribute!("retry_timeout_seconds" Number [] None, "Longest time for all attempts at one request, in seconds. A negative number is no limit.", not_in_block),
];

/// The attribute of that name.
///
/// *Panics.* The name is not in the table.
pub(super) fn attribute(name: &str) -> &'static Attribute {
    ATTRIBUTES.iter().find(|attribute| attribute.name == name).expect("the name of an attribute")
}
