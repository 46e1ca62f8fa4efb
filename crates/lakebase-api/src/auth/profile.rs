//! Profiles: sections of `~/.databrickscfg`, shared with the Databricks CLI and SDKs.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ini::{Ini, ParseOption};

use crate::{Environment, Secret};

const SETTINGS: &str = "__settings__";
const DEFAULT: &str = "DEFAULT";

/// What a configuration file has to say.
pub(super) enum Profile {
    /// Nothing, and nothing was to be expected.
    Absent { why: String },
    /// The values of a section.
    Found { origin: String, values: BTreeMap<String, Secret> },
}

/// Where the file is: as configured, or in the home folder; none without one.
pub(super) fn path(configured: Option<&str>, environment: &Environment) -> Option<PathBuf> {
    let configured = configured.unwrap_or("~/.databrickscfg");
    match configured.strip_prefix("~/") {
        Some(rest) => Some(Path::new(environment.home()?).join(rest)),
        None => Some(configured.into()),
    }
}

/// Reads the named profile, else the one that `[__settings__]` names, else `DEFAULT`. Only what
/// is named must exist.
pub(super) fn load(path: Option<PathBuf>, named: Option<&str>) -> Result<Profile, String> {
    let absent = |why: String| match named {
        Some(name) => Err(format!("The profile `{name}` cannot be read: {why}")),
        None => Ok(Profile::Absent { why }),
    };
    let Some(path) = path else {
        return absent("there is no home folder in which to look for `.databrickscfg`".to_owned());
    };
    let shown = path.display();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return absent(format!("there is no file `{shown}`"));
        }
        Err(error) => return Err(format!("`{shown}` cannot be read: {error}")),
    };
    // Quotes and backslashes mean themselves, as they do to the SDKs.
    let options = ParseOption { enabled_quote: false, enabled_escape: false, ..Default::default() };
    let file = Ini::load_from_str_opt(&text, options)
        .map_err(|error| format!("`{shown}` cannot be read: line {}: {}", error.line, error.msg))?;
    let chosen = file.get_from(Some(SETTINGS), "default_profile").filter(|it| !it.is_empty());
    let name = named.or(chosen).unwrap_or(DEFAULT);
    match file.section(Some(name)) {
        Some(section) => Ok(Profile::Found {
            origin: format!("the profile `{name}` of `{shown}`"),
            values: section.iter().map(|(key, value)| (key.to_owned(), value.into())).collect(),
        }),
        None if named.or(chosen).is_some() => Err(format!("`{shown}` has no profile `{name}`")),
        None => absent(format!("`{shown}` has no profile `{DEFAULT}`")),
    }
}
