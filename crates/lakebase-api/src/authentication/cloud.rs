//! Tells the cloud of a workspace, and where Azure issues tokens for it.

use reqwest::Url;

use super::host::is_account;
use super::values::Values;

/// The cloud that a workspace runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cloud {
    /// Amazon Web Services, or a cloud that needs nothing of its own.
    Aws,
    /// Microsoft Azure: hosts below `azuredatabricks.net` and its national clouds.
    Azure,
    /// Google Cloud: hosts below `gcp.databricks.com`.
    Gcp,
}

/// Where Azure issues tokens.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AzureEnvironment {
    name: &'static str,
    pub(crate) active_directory: &'static str,
    pub(crate) service_management: &'static str,
    pub(crate) resource_manager: &'static str,
}

/// The domain of the hosts of a cloud (SDK for Go, `common/environment`).
struct Zone {
    suffix: &'static str,
    cloud: Cloud,
    /// The application that tokens for the workspace are meant for, and the cloud's endpoints.
    azure: Option<(&'static str, &'static AzureEnvironment)>,
}

static PUBLIC: AzureEnvironment = AzureEnvironment {
    name: "PUBLIC",
    active_directory: "https://login.microsoftonline.com/",
    service_management: "https://management.core.windows.net/",
    resource_manager: "https://management.azure.com",
};
static US_GOVERNMENT: AzureEnvironment = AzureEnvironment {
    name: "USGOVERNMENT",
    active_directory: "https://login.microsoftonline.us/",
    service_management: "https://management.core.usgovcloudapi.net/",
    resource_manager: "https://management.usgovcloudapi.net",
};
static CHINA: AzureEnvironment = AzureEnvironment {
    name: "CHINA",
    active_directory: "https://login.chinacloudapi.cn/",
    service_management: "https://management.core.chinacloudapi.cn/",
    resource_manager: "https://management.chinacloudapi.cn",
};

/// The application of Azure Databricks.
const APPLICATION: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";

static ZONES: &[Zone] = &[
    aws(".dev.databricks.com"),
    aws(".staging.cloud.databricks.com"),
    aws(".cloud.databricks.us"),
    aws(".cloud.databricks.com"),
    azure(".dev.azuredatabricks.net", "62a912ac-b58e-4c1d-89ea-b2dbfc7358fc", &PUBLIC),
    azure(".staging.azuredatabricks.net", "4a67d088-db5c-48f1-9ff2-0aace800ae68", &PUBLIC),
    azure(".azuredatabricks.net", APPLICATION, &PUBLIC),
    azure(".databricks.azure.us", APPLICATION, &US_GOVERNMENT),
    azure(".databricks.azure.cn", APPLICATION, &CHINA),
    gcp(".gcp.databricks.com"),
];

const fn aws(suffix: &'static str) -> Zone {
    Zone { suffix, cloud: Cloud::Aws, azure: None }
}

const fn azure(
    suffix: &'static str,
    application: &'static str,
    environment: &'static AzureEnvironment,
) -> Zone {
    Zone { suffix, cloud: Cloud::Azure, azure: Some((application, environment)) }
}

const fn gcp(suffix: &'static str) -> Zone {
    Zone { suffix, cloud: Cloud::Gcp, azure: None }
}

/// The cloud that is configured or follows from the host's name. A host outside of the known
/// domains counts as one of AWS, as in the SDKs.
pub(super) fn cloud(values: &Values, host: Option<&Url>) -> Cloud {
    if values.get("azure_workspace_resource_id").is_some() {
        return Cloud::Azure;
    }
    match values.text("cloud").map(str::to_ascii_uppercase).as_deref() {
        Some("AZURE") => Cloud::Azure,
        Some("GCP") => Cloud::Gcp,
        Some(_) => Cloud::Aws,
        None => host.and_then(zone).map_or(Cloud::Aws, |zone| zone.cloud),
    }
}

/// The application that tokens for the workspace are meant for, and the endpoints of its cloud: of
/// the host's domain, else those of `azure_environment`.
pub(super) fn azure_endpoints(
    values: &Values,
    host: Option<&Url>,
) -> Result<(&'static str, &'static AzureEnvironment), String> {
    if let Some(endpoints) = host.and_then(zone).and_then(|zone| zone.azure) {
        return Ok(endpoints);
    }
    let name = values.text("azure_environment").unwrap_or("PUBLIC").to_ascii_uppercase();
    let environment = [&PUBLIC, &US_GOVERNMENT, &CHINA].into_iter().find(|it| it.name == name);
    let environment = environment.ok_or_else(|| {
        format!("`azure_environment` is `{name}`, and not `PUBLIC`, `USGOVERNMENT` or `CHINA`")
    })?;
    Ok((APPLICATION, environment))
}

/// Whether the name of the host says that it serves one workspace, so that it need not be asked:
/// `dbc-a1b2c3d4-e5f6.cloud.databricks.com`, `adb-1234.5.azuredatabricks.net`,
/// `1234.5.gcp.databricks.com`.
pub(super) fn is_workspace_by_name(host: &Url) -> bool {
    let name = host.host_str().unwrap_or_default();
    let Some(zone) = zone(host).filter(|_| !is_account(host)) else { return false };
    let label = name.strip_suffix(zone.suffix).unwrap_or_default();
    match zone.cloud {
        Cloud::Aws => label.starts_with("dbc-"),
        Cloud::Azure => label.starts_with("adb-"),
        Cloud::Gcp => label.starts_with(|first: char| first.is_ascii_digit()),
    }
}

fn zone(host: &Url) -> Option<&'static Zone> {
    let name = host.host_str()?;
    ZONES.iter().find(|zone| name.ends_with(zone.suffix))
}

#[cfg(test)]
mod tests {
    use super::super::values::Credentials;
    use super::*;
    use crate::Environment;

    fn values(pairs: &[(&str, &str)]) -> Values {
        let credentials =
            pairs.iter().fold(Credentials::default(), |credentials, (name, value)| {
                credentials.with(name, *value)
            });
        Values::gather(&credentials, &Environment::default()).unwrap()
    }

    #[test]
    fn cloud_follows_from_configuration_else_from_host() {
        type Pairs = [(&'static str, &'static str)];
        let table: &[(&str, &Pairs, Cloud)] = &[
            ("https://dbc-1.cloud.databricks.com", &[], Cloud::Aws),
            ("https://adb-1.2.azuredatabricks.net", &[], Cloud::Azure),
            ("https://adb-1.2.databricks.azure.us", &[], Cloud::Azure),
            ("https://1.2.gcp.databricks.com", &[], Cloud::Gcp),
            ("https://acme.example.com", &[], Cloud::Aws),
            ("https://acme.example.com", &[("cloud", "azure")], Cloud::Azure),
            ("https://acme.example.com", &[("cloud", "Gcp")], Cloud::Gcp),
            ("https://adb-1.2.azuredatabricks.net", &[("cloud", "AWS")], Cloud::Aws),
            ("https://acme.example.com", &[("azure_workspace_resource_id", "/a")], Cloud::Azure),
        ];
        for (host, pairs, expected) in table {
            let host = Url::parse(host).unwrap();
            assert_eq!(cloud(&values(pairs), Some(&host)), *expected, "{host} {pairs:?}");
        }
    }

    #[test]
    fn azure_endpoints_follow_from_host_else_from_environment() {
        let table = [
            (Some("https://adb-1.2.azuredatabricks.net"), "CHINA", Some("PUBLIC")),
            (Some("https://adb-1.2.databricks.azure.us"), "", Some("USGOVERNMENT")),
            (Some("https://acme.example.com"), "china", Some("CHINA")),
            (None, "", Some("PUBLIC")),
            (None, "MOON", None),
        ];
        for (host, environment, expected) in table {
            let host = host.map(|host| Url::parse(host).unwrap());
            let values = values(&[("azure_environment", environment)]);
            let found = azure_endpoints(&values, host.as_ref()).ok();
            assert_eq!(found.map(|(_, environment)| environment.name), expected, "{host:?}");
        }
    }

    #[test]
    fn workspace_follows_from_host_name() {
        let table = [
            ("https://dbc-1.cloud.databricks.com", true),
            ("https://acme.cloud.databricks.com", false),
            ("https://accounts.cloud.databricks.com", false),
            ("https://adb-1.2.azuredatabricks.net", true),
            ("https://db-acme.azuredatabricks.net", false),
            ("https://1.2.gcp.databricks.com", true),
            ("https://db-acme.gcp.databricks.com", false),
            ("https://dbc-1.example.com", false),
        ];
        for (host, expected) in table {
            assert_eq!(is_workspace_by_name(&Url::parse(host).unwrap()), expected, "{host}");
        }
    }
}
