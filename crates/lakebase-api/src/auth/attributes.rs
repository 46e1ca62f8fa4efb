//! What is configured, and where: given values, then the environment, then a profile.

use std::collections::BTreeMap;

use super::error::AuthError;
use super::profile::{self, Profile};
use crate::{Environment, Secret};

/// What the caller was given for signing in. Everything is optional: what is missing here comes
/// from the environment or from a profile.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The workspace's address; `https://` may be left out.
    pub host: Option<String>,
    /// A personal access token.
    pub token: Option<Secret>,
    /// The application id of a service principal.
    pub client_id: Option<String>,
    /// Its OAuth secret.
    pub client_secret: Option<Secret>,
    /// The section of the configuration file.
    pub profile: Option<String>,
    /// The configuration file, `~/.databrickscfg` if none is given.
    pub config_file: Option<String>,
    /// The one method to use: `pat`, `oauth-m2m`.
    pub auth_type: Option<String>,
    /// The account, for hosts that serve an account.
    pub account_id: Option<String>,
    /// The workspace, for hosts that serve several.
    pub workspace_id: Option<String>,
    /// Whether the host may be reached by `http` although it is not this machine, which shows the
    /// token to the network; by default it may not.
    pub allow_http: Option<bool>,
}

/// A name, the environment variable that may hold it, and the family of methods that it is for.
type Known = (&'static str, &'static str, Option<&'static str>);

/// What unified authentication knows (API reference, 8.1). Names without a supported method are
/// here too: they decide whether the file is read, and whether two families are in conflict.
const KNOWN: &[Known] = &[
    ("host", "DATABRICKS_HOST", None),
    ("token", "DATABRICKS_TOKEN", Some("pat")),
    ("username", "DATABRICKS_USERNAME", Some("basic")),
    ("password", "DATABRICKS_PASSWORD", Some("basic")),
    ("client_id", "DATABRICKS_CLIENT_ID", Some("oauth")),
    ("client_secret", "DATABRICKS_CLIENT_SECRET", Some("oauth")),
    ("profile", "DATABRICKS_CONFIG_PROFILE", None),
    ("config_file", "DATABRICKS_CONFIG_FILE", None),
    ("auth_type", "DATABRICKS_AUTH_TYPE", None),
    ("account_id", "DATABRICKS_ACCOUNT_ID", None),
    ("workspace_id", "DATABRICKS_WORKSPACE_ID", None),
    ("rate_limit", "DATABRICKS_RATE_LIMIT", None),
    ("metadata_service_url", "DATABRICKS_METADATA_SERVICE_URL", Some("metadata-service")),
    ("google_service_account", "DATABRICKS_GOOGLE_SERVICE_ACCOUNT", Some("google")),
    ("google_credentials", "GOOGLE_CREDENTIALS", Some("google")),
    ("azure_workspace_resource_id", "DATABRICKS_AZURE_RESOURCE_ID", Some("azure")),
    ("azure_use_msi", "ARM_USE_MSI", Some("azure")),
    ("azure_client_secret", "ARM_CLIENT_SECRET", Some("azure")),
    ("azure_client_id", "ARM_CLIENT_ID", Some("azure")),
    ("azure_tenant_id", "ARM_TENANT_ID", Some("azure")),
];

/// The configured values, each with the place it came from.
pub(crate) struct Attributes {
    values: BTreeMap<&'static str, (Secret, String)>,
    /// Which file and section were read, or why none was.
    pub(super) file: String,
    /// Whether tokens may be sent without TLS to another machine.
    pub(super) allow_http: bool,
}

/// The variable that holds `allow_http`.
const ALLOW_HTTP: &str = "LAKEBASE_ALLOW_HTTP";

/// Gathers: a value that is given is never overwritten, and the file is read only if it is named
/// by a profile or nothing else says where to go or who asks.
pub(crate) fn gather(
    credentials: Credentials,
    environment: &Environment,
) -> Result<Attributes, AuthError> {
    let Credentials {
        host,
        token,
        client_id,
        client_secret,
        profile,
        config_file,
        auth_type,
        account_id,
        workspace_id,
        allow_http,
    } = credentials;
    let allow_http = match (allow_http, environment.get(ALLOW_HTTP)) {
        (Some(allow_http), _) => allow_http,
        (None, None | Some("false" | "0")) => false,
        (None, Some("true" | "1")) => true,
        (None, Some(other)) => return Err(AuthError::no_boolean(ALLOW_HTTP, other)),
    };
    let mut attributes = Attributes { values: BTreeMap::new(), file: String::new(), allow_http };
    let plain = [
        ("host", host),
        ("client_id", client_id),
        ("profile", profile),
        ("config_file", config_file),
        ("auth_type", auth_type),
        ("account_id", account_id),
        ("workspace_id", workspace_id),
    ];
    let plain = plain.map(|(name, value)| (name, value.map(Secret::from)));
    for (name, value) in
        plain.into_iter().chain([("token", token), ("client_secret", client_secret)])
    {
        attributes.set(name, value, "the configuration");
    }
    for (name, variable, _) in KNOWN {
        let value = environment.get(variable).map(Secret::from);
        attributes.set(name, value, &format!("`{variable}`"));
    }

    let named = attributes.text("profile").map(str::to_owned);
    let settled = KNOWN.iter().find(|(name, _, family)| {
        (*name == "host" || family.is_some()) && attributes.get(name).is_some()
    });
    if let (None, Some((name, ..))) = (&named, settled) {
        attributes.file = format!("no profile was read, because `{name}` is set");
        return Ok(attributes);
    }
    let path = profile::path(attributes.text("config_file"), environment);
    match profile::load(path, named.as_deref()).map_err(AuthError::profile)? {
        Profile::Absent { why } => attributes.file = why,
        Profile::Found { origin, mut values } => {
            for (name, ..) in KNOWN {
                attributes.set(name, values.remove(*name), &origin);
            }
            attributes.file = format!("{origin} was read");
        }
    }
    Ok(attributes)
}

impl Attributes {
    /// A value; an empty one counts as none.
    pub(super) fn get(&self, name: &str) -> Option<&Secret> {
        self.values.get(name).map(|(value, _)| value)
    }

    /// A value that is not secret.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).map(Secret::expose)
    }

    /// The most requests a second that are configured; 0 is no limit.
    pub(super) fn rate_limit(&self) -> Result<Option<f64>, AuthError> {
        let Some((value, origin)) = self.values.get("rate_limit") else { return Ok(None) };
        match value.expose().parse::<f64>() {
            Ok(rate) if rate > 0.0 && rate.is_finite() => Ok(Some(rate)),
            Ok(0.0) => Ok(None),
            _ => Err(AuthError::rate_limit(value.expose(), origin)),
        }
    }

    /// Sets what nothing else has set.
    pub(super) fn default(&mut self, name: &'static str, value: Option<String>, origin: &str) {
        self.set(name, value.map(Secret::from), &format!("`{origin}`"));
    }

    /// That a value is missing, and where it could have been.
    pub(super) fn missing(name: &str) -> String {
        let known = KNOWN.iter().find(|(it, ..)| *it == name);
        let (_, variable, _) = known.expect("only known names are asked for");
        format!("neither `{name}` nor `{variable}` is set")
    }

    /// Refuses what could mean two methods of which only one was meant.
    pub(super) fn check_one_family(&self) -> Result<(), AuthError> {
        let mut families = BTreeMap::<_, Vec<_>>::new();
        for (name, _, family) in KNOWN {
            if let (Some(family), Some((_, origin))) = (family, self.values.get(name)) {
                families.entry(*family).or_default().push(format!("`{name}` from {origin}"));
            }
        }
        if families.len() > 1 { Err(AuthError::ambiguous(&families)) } else { Ok(()) }
    }

    fn set(&mut self, name: &'static str, value: Option<Secret>, origin: &str) {
        if let Some(value) = value.filter(|it| !it.expose().is_empty()) {
            self.values.entry(name).or_insert_with(|| (value, origin.to_owned()));
        }
    }
}
