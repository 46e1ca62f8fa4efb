//! Finds changes of settings that protect data, or say how long it is kept.

use jiff::SignedDuration;
use tfplugin::{Object as Attributes, Value};

use crate::compute;
use crate::model::expiry::{EXPIRE_TIME, NO_EXPIRY, TTL};
use crate::model::meaning;
use crate::model::tf::Tf;
use crate::resources::project::HISTORY_RETENTION;
use crate::resources::{DELETION_PROTECTION, IS_PROTECTED, PURGE_ON_DELETE};

/// A change of a setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Shift {
    pub attribute: &'static str,
    /// Its value before, as people write it.
    pub before: String,
    pub after: String,
    /// Whether data is less protected, or kept for a shorter time, as far as that is known.
    pub reduces_protection: bool,
    /// Whether it says how long something is kept.
    pub is_lifetime: bool,
}

/// The changes from one state of an object to the next.
pub fn shifts(before: &Attributes, after: &Attributes) -> Vec<Shift> {
    let flags =
        [(DELETION_PROTECTION, false), (IS_PROTECTED, false), (PURGE_ON_DELETE.name(), true)];
    let flags = flags.into_iter().filter_map(|(attribute, loose)| {
        let reduces_protection = after.get(attribute) != Some(&Value::Bool(!loose));
        shift(attribute, text(before, attribute), text(after, attribute), reduces_protection)
    });
    let history = HISTORY_RETENTION.name();
    let (from, to) = (length(before, history), length(after, history));
    let shortens = to.is_none_or(|to| from.is_none_or(|from| to < from));
    let history = shift(history, span(from, before, history), span(to, after, history), shortens);
    flags.chain(history).chain(lifetime(before, after)).collect()
}

fn shift(
    attribute: &'static str,
    before: Option<String>,
    after: Option<String>,
    reduces_protection: bool,
) -> Option<Shift> {
    let (before, after) = (before?, after?);
    let is_lifetime = attribute == HISTORY_RETENTION.name();
    (before != after).then_some(Shift { attribute, before, after, reduces_protection, is_lifetime })
}

/// When a branch expires: three attributes, of which one is set.
fn lifetime(before: &Attributes, after: &Attributes) -> Option<Shift> {
    let (attribute, to) = expiry(after)?;
    let (_, from) = expiry(before)?;
    if from == to {
        return None;
    }
    let never = NO_EXPIRY.name();
    let shortens = match (length(before, TTL.name()), length(after, TTL.name())) {
        (Some(from), Some(to)) => to < from,
        _ => attribute != never,
    };
    let (before, after, reduces_protection) = (from, to, shortens);
    Some(Shift { attribute, before, after, reduces_protection, is_lifetime: true })
}

fn expiry(branch: &Attributes) -> Option<(&'static str, String)> {
    let is_set = |name: &str| !matches!(branch.get(name), None | Some(Value::Null));
    if is_set(TTL.name()) && length(branch, TTL.name()).is_some() {
        let ttl = length(branch, TTL.name())?;
        Some((TTL.name(), format!("{} after its creation", compute::duration(ttl))))
    } else if let Tf::Known(time) = EXPIRE_TIME.of(branch) {
        Some((EXPIRE_TIME.name(), time))
    } else if NO_EXPIRY.of(branch) == Tf::Known(true) {
        Some((NO_EXPIRY.name(), "never".to_owned()))
    } else if is_set(TTL.name()) {
        Some((TTL.name(), UNKNOWN.to_owned()))
    } else if is_set(EXPIRE_TIME.name()) {
        Some((EXPIRE_TIME.name(), UNKNOWN.to_owned()))
    } else {
        None
    }
}

const UNKNOWN: &str = "unknown";

fn text(object: &Attributes, attribute: &str) -> Option<String> {
    match object.get(attribute)? {
        Value::Bool(value) => Some(value.to_string()),
        Value::Unknown(_) => Some(UNKNOWN.to_owned()),
        // Where nothing is set, nothing is protected.
        Value::Null => Some(false.to_string()),
        _ => None,
    }
}

fn length(object: &Attributes, attribute: &str) -> Option<SignedDuration> {
    meaning::duration(object.get(attribute)?.as_str()?).ok()
}

fn span(length: Option<SignedDuration>, object: &Attributes, attribute: &str) -> Option<String> {
    match (length, object.get(attribute)?) {
        (Some(length), _) => Some(compute::duration(length)),
        (None, Value::Unknown(_)) => Some(UNKNOWN.to_owned()),
        _ => None,
    }
}
