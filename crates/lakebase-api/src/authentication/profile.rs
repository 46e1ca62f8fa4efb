//! Reads a profile: a section of `~/.databrickscfg`, which the Databricks CLI and SDKs share.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::ini;
use crate::{Environment, Secret};

const SETTINGS: &str = "__settings__";
const DEFAULT: &str = "DEFAULT";

/// What a configuration file has to say.
pub(super) enum Profile {
    /// Nothing, and no profile was named.
    Absent { why: String },
    /// The values of a section.
    Found { name: String, origin: String, values: BTreeMap<String, Secret> },
}

/// Where the file is: as configured, or in the home directory; none without one.
pub(super) fn path(configured: Option<&str>, environment: &Environment) -> Option<PathBuf> {
    let configured = configured.unwrap_or("~/.databrickscfg");
    match configured.strip_prefix('~') {
        Some(rest) => {
            let rest = rest.trim_start_matches(['/', '\\']);
            Some(Path::new(environment.home()?).join(rest))
        }
        None => Some(configured.into()),
    }
}

/// Reads the named profile, else the one that `[__settings__]` names, else `DEFAULT`. A named
/// profile must exist in a file that exists.
pub(super) fn load(path: Option<PathBuf>, named: Option<&str>) -> Result<Profile, String> {
    // A machine without the file may have all that is needed elsewhere, as in the SDKs.
    let absent = |why: String| match named {
        Some(name) => {
            Ok(Profile::Absent { why: format!("the profile `{name}` was not read: {why}") })
        }
        None => Ok(Profile::Absent { why }),
    };
    let Some(path) = path else {
        return absent(
            "there is no home directory in which to look for `.databrickscfg`".to_owned(),
        );
    };
    let shown = path.display();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return absent(format!("there is no file `{shown}`"));
        }
        Err(error) => return Err(format!("`{shown}` cannot be read: {error}")),
    };
    let mut sections =
        ini::parse(&text).map_err(|error| format!("`{shown}` cannot be read: {error}"))?;
    let chosen = sections.get(SETTINGS).and_then(|settings| settings.get("default_profile"));
    let chosen = chosen.filter(|name| !name.is_empty()).cloned();
    let chosen = chosen.as_deref();
    let name = named.or(chosen).unwrap_or(DEFAULT);
    if name == SETTINGS {
        return Err(format!("`{SETTINGS}` in `{shown}` holds settings and is not a profile"));
    }
    // A section without a value counts as none, as it does to the SDKs.
    match sections.remove(name).filter(|section| !section.is_empty()) {
        Some(section) => Ok(Profile::Found {
            name: name.to_owned(),
            origin: format!("the profile `{name}` of `{shown}`"),
            values: section.into_iter().map(|(key, value)| (key, value.into())).collect(),
        }),
        None if named.or(chosen).is_some() => Err(format!("`{shown}` has no profile `{name}`")),
        None => absent(format!("`{shown}` has no profile `{DEFAULT}`")),
    }
}
