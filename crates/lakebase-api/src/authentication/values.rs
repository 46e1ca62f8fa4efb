//! Gathers the values of the attributes, each with its origin: the configuration, then the
//! environment, then a profile.

use std::collections::BTreeMap;
use std::fmt;

use super::attribute::{ATTRIBUTES, Attribute, ValueKind, attribute};
use super::error::AuthError;
use super::profile::{self, Profile};
use crate::{Environment, Secret};

/// What the caller was given for authentication: values of [attributes](super::attribute), by name.
/// Everything is optional: the rest comes from the environment or from a profile.
#[derive(Clone)]
pub struct Credentials {
    values: BTreeMap<&'static str, Secret>,
    origin: &'static str,
}

/// The values of the attributes.
pub(crate) struct Values {
    by_name: BTreeMap<&'static str, Value>,
    /// Which file and section were read, or why none was.
    pub(super) file: String,
    /// The profile that was read, if one was.
    pub(super) profile: Option<String>,
}

/// A value and its origin.
struct Value {
    text: Secret,
    /// `DATABRICKS_HOST` in backquotes, `the profile …`.
    origin: String,
    is_of_file: bool,
}

impl Default for Credentials {
    fn default() -> Self {
        Self { values: BTreeMap::new(), origin: "the configuration" }
    }
}

impl Credentials {
    /// Says what messages call the place that these values come from: `the provider block`.
    #[must_use]
    pub fn of(origin: &'static str) -> Self {
        Self { origin, ..Self::default() }
    }

    /// Adds the value of an attribute.
    ///
    /// *Panics.* There is no attribute of that name.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Secret>) -> Self {
        self.values.insert(attribute(name).name, value.into());
        self
    }
}

impl fmt::Debug for Credentials {
    /// Shows the names alone: what is secret of the values differs from attribute to attribute.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Values {
    /// Gathers the values. A value that is given is never overwritten. The file is read only if a
    /// profile is named, or if neither a host nor a credential is configured (SDK for Go,
    /// `config_file.go`).
    pub(super) fn gather(
        credentials: &Credentials,
        environment: &Environment,
    ) -> Result<Self, AuthError> {
        let mut values = Self { by_name: BTreeMap::new(), file: String::new(), profile: None };
        for (name, value) in &credentials.values {
            values.set(attribute(name), value.clone(), credentials.origin.to_owned(), false)?;
        }
        for attribute in ATTRIBUTES {
            let set =
                attribute.variables.iter().find_map(|name| Some((name, environment.get(name)?)));
            if let Some((variable, value)) = set {
                values.set(attribute, value.into(), format!("`{variable}`"), false)?;
            }
        }
        let named = values.text("profile").map(str::to_owned);
        let settled = ATTRIBUTES.iter().find(|attribute| {
            (attribute.name == "host" || attribute.family.is_some()) && values.counts(attribute)
        });
        if let (None, Some(attribute)) = (&named, settled) {
            values.file = format!("no profile was read, because `{}` is set", attribute.name);
            return Ok(values);
        }
        let path = profile::path(values.text("config_file"), environment);
        match profile::load(path, named.as_deref()).map_err(AuthError::profile)? {
            Profile::Absent { why } => values.file = why,
            Profile::Found { name, origin, values: mut found } => {
                for attribute in ATTRIBUTES {
                    let keys =
                        [attribute.name].into_iter().chain(attribute.aliases.iter().copied());
                    for value in keys.filter_map(|key| found.remove(key)).collect::<Vec<_>>() {
                        values.set(attribute, value, origin.clone(), true)?;
                    }
                }
                values.file = format!("{origin} was read");
                values.profile = Some(name);
            }
        }
        Ok(values)
    }

    /// A value; an empty one counts as none.
    pub(super) fn get(&self, name: &str) -> Option<&Secret> {
        self.by_name.get(name).map(|value| &value.text)
    }

    /// A value that is not secret.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        debug_assert!(!attribute(name).is_secret, "{name} is secret");
        self.get(name).map(Secret::expose)
    }

    /// A value, or the reason that it is missing.
    pub(super) fn demand(&self, name: &str) -> Result<&Secret, String> {
        self.get(name).ok_or_else(|| Self::missing(name))
    }

    /// Whether an attribute is set to `true`.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.expose() == "true")
    }

    /// A whole number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.expose().parse().ok()
    }

    /// The items of a list, sorted, each once (SDK for Go, `config.go`).
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let mut items: Vec<_> = items(self.get(name).map_or("", Secret::expose)).collect();
        items.sort_unstable();
        items.dedup();
        items
    }

    /// Whether the value comes from the configuration file.
    pub(super) fn is_of_file(&self, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|value| value.is_of_file)
    }

    /// Sets the value of an attribute that nothing else has set.
    pub(super) fn default(&mut self, name: &str, value: Option<String>, origin: &str) {
        if let Some(value) = value {
            // Only text has a default that is found out.
            let _ = self.set(attribute(name), value.into(), format!("`{origin}`"), false);
        }
    }

    /// That a value is missing, and where it could have been.
    pub(super) fn missing(name: &str) -> String {
        match attribute(name).variables {
            [] => format!("`{name}` is not set"),
            [variable, ..] => format!("neither `{name}` nor `{variable}` is set"),
        }
    }

    /// The origins of those of these values that are set: `` `client_id` from
    /// `DATABRICKS_CLIENT_ID` ``.
    pub(super) fn origins(&self, names: &[&str]) -> String {
        let mut origins = Vec::<(&str, Vec<String>)>::new();
        for name in names {
            let Some(Value { origin, .. }) = self.by_name.get(name) else { continue };
            let name = format!("`{name}`");
            match origins.iter_mut().find(|(known, _)| known == origin) {
                Some((_, names)) => names.push(name),
                None => origins.push((origin, vec![name])),
            }
        }
        let origins = origins.iter().map(|(origin, names)| format!("{} from {origin}", and(names)));
        origins.collect::<Vec<_>>().join(", ")
    }

    /// Refuses values of two families, of which only one can be meant.
    pub(super) fn check_one_family(&self) -> Result<(), AuthError> {
        let mut families = BTreeMap::<_, Vec<_>>::new();
        for attribute in ATTRIBUTES.iter().filter(|attribute| self.counts(attribute)) {
            if let Some(family) = attribute.family {
                families.entry(family).or_default().push(attribute.name);
            }
        }
        let families: BTreeMap<_, _> =
            families.into_iter().map(|(family, names)| (family, self.origins(&names))).collect();
        if families.len() > 1 { Err(AuthError::ambiguous(&families)) } else { Ok(()) }
    }

    /// Whether a value says something. `false` counts as not set, as in the SDKs.
    fn counts(&self, attribute: &Attribute) -> bool {
        self.get(attribute.name)
            .is_some_and(|value| attribute.kind != ValueKind::Boolean || value.expose() == "true")
    }

    fn set(
        &mut self,
        attribute: &'static Attribute,
        value: Secret,
        origin: String,
        is_of_file: bool,
    ) -> Result<(), AuthError> {
        let Attribute { name, kind, .. } = attribute;
        let invalid = |needed| {
            let shown = Some(value.expose()).filter(|_| !attribute.is_secret);
            AuthError::invalid(name, shown, &origin, needed)
        };
        let value = match kind {
            ValueKind::Boolean => match boolean(value.expose()) {
                Some(value) => value.to_string().into(),
                None if value.expose().is_empty() => return Ok(()),
                None => return Err(invalid("`true` or `false`")),
            },
            ValueKind::Number if value.expose().trim().is_empty() => return Ok(()),
            ValueKind::Number => match value.expose().trim().parse::<i64>() {
                // Only this one has a meaning below 0.
                Ok(number) if number >= 0 || *name == "retry_timeout_seconds" => {
                    number.to_string().into()
                }
                _ => return Err(invalid("a whole number, such as `15`")),
            },
            ValueKind::List if items(value.expose()).next().is_none() => return Ok(()),
            ValueKind::Text if value.expose().is_empty() => return Ok(()),
            ValueKind::Text | ValueKind::List => value,
        };
        self.by_name.entry(name).or_insert(Value { text: value, origin, is_of_file });
        Ok(())
    }
}

/// `a`, `b` and `c`.
fn and(names: &[String]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.join(""),
    }
}

/// The spellings that Go accepts (`strconv.ParseBool`).
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}
