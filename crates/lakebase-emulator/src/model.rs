//! Defines what a kind of object is, a static table and pure hooks, and what the emulated workspace
//! holds. The two refer to each other: an object has a kind, and the hooks of a kind read the world.
//!
//! One file a kind stands in [`crate::resources`], and the interpreter of all of them is
//! [`crate::api`]. A hook sees the world and the change that is asked for, and answers with values or
//! a refusal. It changes nothing: the interpreter applies the effects after the last check. Start
//! reading at [`Kind`], then at [`world::World`].

pub(crate) mod hosts;
pub(crate) mod operations;
pub(crate) mod stale;
pub(crate) mod store;
pub(crate) mod world;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::{ApiError, Result};
use crate::message::{Answer, Input};
use crate::options::{Options, Quotas};
use crate::schema::{Field, Map};
use store::{Object, Phase};
use world::World;

/// A kind of object.
#[expect(clippy::struct_excessive_bools, reason = "each is one independent trait of the kind")]
pub(crate) struct Kind {
    /// As in `branch_id` and in error texts.
    pub(crate) noun: &'static str,
    /// As in `@type`.
    pub(crate) message: &'static str,
    /// The names of its objects: `projects/*/branches/*`.
    pub(crate) pattern: &'static str,
    pub(crate) id: Id,
    /// The members of a body that a client may set.
    pub(crate) body: &'static [Field],
    pub(crate) layout: Layout,
    pub(crate) methods: &'static [Method],
    pub(crate) uid: Uid,
    /// Whether `replace_existing` turns a create into an update.
    pub(crate) adoptable: bool,
    /// Whether an empty body is refused before everything else.
    pub(crate) demands_body: bool,
    /// Mask paths that need not be in the body, and select nothing.
    pub(crate) optional_masks: &'static [&'static str],
    /// Whether a mask of `spec` and other paths counts as `*`.
    pub(crate) wildcard_by_parts: bool,
    pub(crate) deletion: Deletion,
    /// The query parameters of a delete, but for `purge`.
    pub(crate) delete_parameters: &'static [&'static str],
    /// Whether objects of this kind with one parent exclude each other's changes.
    pub(crate) takes_turns: bool,
    /// Whether changes go on after their operation is done.
    pub(crate) reconciles: bool,
    pub(crate) quotas: &'static [Quota],
    pub(crate) hooks: Hooks,
}

/// How the objects of a kind get their last segment.
pub(crate) enum Id {
    /// From a query parameter.
    Parameter {
        name: &'static str,
        form: &'static Form,
        /// Whether `status` shows it as well.
        in_status: bool,
    },
    /// It is fixed: there is one object in each parent.
    Singleton,
}

/// The form of an ID.
pub(crate) struct Form {
    /// As the refusal shows it.
    pub(crate) pattern: &'static str,
    pub(crate) accepts: fn(&str) -> bool,
}

/// [REC] §5.3 for databases, §14.1 for roles; [INF] for projects, branches and endpoints, of which
/// §7.1 has the same rule in words.
pub(crate) static LABEL: Form =
    Form { pattern: "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", accepts: is_label };

fn is_label(id: &str) -> bool {
    id.len() <= 63
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && !id.ends_with('-')
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Where settings stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Submitted in `spec`, shown in `status`.
    SpecAndStatus,
    /// At the top, in bodies and in answers.
    Flat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    Create,
    Get,
    List,
    Update,
    Delete,
    Undelete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Uid {
    None,
    Random,
    /// `br-<word>-<word>-<x>` for the prefix `br`.
    Words(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deletion {
    Permanent,
    /// Unless `purge` is true. `delete_time` and `purge_time` stand at the top.
    Soft,
    /// As `Soft`, but the times stand in `status`.
    SoftInStatus,
    /// Permanent, but reads find it until it has settled, with this state in this member.
    Lingering {
        member: &'static str,
        state: &'static str,
    },
}

/// How much there may be of a kind in what the first `segments` segments of a name say: 0 for the
/// workspace, 2 for a project, 4 for a branch.
pub(crate) struct Quota {
    pub(crate) segments: usize,
    pub(crate) limit: fn(&Quotas) -> usize,
    /// How much an object counts.
    pub(crate) weight: fn(&Object) -> usize,
    /// As in `Cannot create more than 3 branches per project.`
    pub(crate) what: &'static str,
}

/// What is asked of an object.
pub(crate) struct Change<'a> {
    pub(crate) kind: &'static Kind,
    pub(crate) name: &'a str,
    /// The object before it, if there is one.
    pub(crate) object: Option<&'a Object>,
    /// The checked settings of the body.
    pub(crate) settings: &'a Map,
    /// Those of them that are to be merged in: the masked ones, or what a create may set.
    pub(crate) patch: &'a Map,
    /// Whether the mask is of all settings, or it is a create.
    pub(crate) whole: bool,
    /// Whether the change is an adoption, or a create that would have been one.
    pub(crate) adopts: bool,
    pub(crate) query: &'a [(String, String)],
    pub(crate) now: Timestamp,
}

impl Change<'_> {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The text of a submitted setting.
    pub(crate) fn text(&self, setting: &str) -> Option<&str> {
        self.settings.get(setting)?.as_str()
    }

    pub(crate) fn parent(&self) -> &str {
        crate::name::parent(self.name).unwrap_or_default()
    }

    /// The refusal of a create of what exists.
    pub(crate) fn duplicate(&self, options: &Options) -> ApiError {
        (self.kind.hooks.duplicate)(options, self)
    }
}

/// A new object, and what the interpreter asks each kind: what of yours comes with it?
pub(crate) struct Arrival<'a> {
    pub(crate) name: &'a str,
    pub(crate) object: &'a Object,
    /// The body of the request that started it all.
    pub(crate) body: &'a Map,
    /// The new objects so far, this one and its ancestors among them, by name.
    pub(crate) so_far: &'a [(String, Object)],
    pub(crate) now: Timestamp,
}

impl Arrival<'_> {
    /// A member of the body that is an object.
    pub(crate) fn section(&self, name: &str) -> Option<&Map> {
        self.body.get(name).and_then(Json::as_object)
    }
}

/// The IDs and settings of new objects.
pub(crate) type Children = Vec<(String, Map)>;

/// When a change begins to show, is done, and has been reconciled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments {
    pub(crate) now: Timestamp,
    pub(crate) ends: Timestamp,
    pub(crate) settled: Timestamp,
}

/// What a change does to the world.
#[derive(Debug)]
pub(crate) enum StoreEffect {
    /// The object is there, or has changed.
    Put(String, Box<Object>),
    /// The object and everything in it is gone.
    Remove(String),
}

/// The rules that are a kind's own.
pub(crate) struct Hooks {
    /// The setting that is the ID if a create omits the ID.
    pub(crate) id_setting: &'static str,
    /// The prefix of generated IDs, if a create may omit the ID.
    pub(crate) generated_id: fn(&Options, adopts: bool) -> Option<&'static str>,
    /// Whether the ID of a soft-deleted object can be taken.
    pub(crate) frees_deleted_ids: fn(&Options) -> bool,
    /// Refuses a create by itself, before what it refers to is looked at.
    pub(crate) precheck: fn(&World, &Change<'_>) -> Result<()>,
    /// The refusal of a create of what exists.
    pub(crate) duplicate: fn(&Options, &Change<'_>) -> ApiError,
    /// The settings of a new object before the submitted ones are merged in.
    pub(crate) create: fn(&World, &Change<'_>) -> Result<Map>,
    /// What a create does beside creating the object and what comes with it.
    pub(crate) beside: fn(&World, &Change<'_>) -> Result<Vec<StoreEffect>>,
    /// Refuses an adoption.
    pub(crate) adopt: fn(&World, &Change<'_>) -> Result<()>,
    /// Merges the patch into the settings of a new or a changed object, and checks the outcome.
    pub(crate) update: fn(&World, &Change<'_>, &mut Map) -> Result<()>,
    /// Refuses a delete, or returns its effects beside deleting the object.
    pub(crate) delete: fn(&World, &Change<'_>) -> Result<Vec<StoreEffect>>,
    /// Refuses an undelete, or changes the settings of what comes back.
    pub(crate) restore: fn(&World, &Change<'_>, &mut Map) -> Result<()>,
    /// The objects of this kind that come with a new object of another kind: their IDs and settings.
    pub(crate) implied: fn(&World, &Arrival<'_>) -> Result<Children>,
    /// What else a change excludes others by, besides the parent: the branch, for what is not named
    /// after it.
    pub(crate) turns: fn(&Options, &str, &Map) -> Vec<String>,
    /// What the status shows for a time.
    pub(crate) timeline: fn(&Options, &Moments, &Map, is_new: bool) -> Vec<Phase>,
    /// When the object expires.
    pub(crate) expires: fn(&Object) -> Option<Timestamp>,
    /// Whether an object that has expired is soft-deleted, and otherwise removed.
    pub(crate) keeps_expired: fn(&Options) -> bool,
    /// Whether an object is there for as long as its parent, without settings until they are changed.
    pub(crate) is_always_there: bool,
    /// Members of answers that this kind does not have.
    pub(crate) hidden: &'static [&'static str],
    /// Whether the caller sees the object in lists.
    pub(crate) is_visible: fn(&World, &Object) -> bool,
    /// Adds to a shown status what is derived from elsewhere.
    pub(crate) show: fn(&World, name: &str, &Object, &mut Map),
}

impl Hooks {
    /// Without rules.
    pub(crate) const NONE: Hooks = Hooks {
        id_setting: "",
        generated_id: |_, _| None,
        frees_deleted_ids: |_| false,
        precheck: |_, _| Ok(()),
        // [REC] status and code, [FAKE] text: §5.3, of branches and endpoints.
        duplicate: |_, change| {
            ApiError::already_exists(format!("{} with such id already exists", change.kind.noun))
        },
        create: |_, _| Ok(Map::new()),
        beside: |_, _| Ok(Vec::new()),
        adopt: |_, _| Ok(()),
        update: |_, change, settings| {
            crate::schema::merge(change.kind.settings(), settings, change.patch);
            Ok(())
        },
        delete: |_, _| Ok(Vec::new()),
        restore: |_, _, _| Ok(()),
        implied: |_, _| Ok(Vec::new()),
        turns: |_, _, _| Vec::new(),
        timeline: |_, _, _, _| Vec::new(),
        expires: |_| None,
        keeps_expired: |_| false,
        is_always_there: false,
        hidden: &[],
        is_visible: |_, _| true,
        show: |_, _, _, _| {},
    };
}

impl Kind {
    /// The path of a collection: `projects/*/branches`. That of a singleton is its name.
    pub(crate) fn collection(&self) -> &'static str {
        self.pattern.strip_suffix("/*").unwrap_or(self.pattern)
    }

    /// As in names: `branches`.
    pub(crate) fn plural(&self) -> &'static str {
        crate::name::id(self.collection())
    }

    /// The name of an object of this kind in `parent` ("" at the top).
    pub(crate) fn name(&self, parent: &str, id: &str) -> String {
        let slash = if parent.is_empty() { "" } else { "/" };
        match self.id {
            Id::Parameter { .. } => format!("{parent}{slash}{}/{id}", self.plural()),
            Id::Singleton => format!("{parent}{slash}{}", self.plural()),
        }
    }

    /// The fields of the settings.
    pub(crate) fn settings(&self) -> &'static [Field] {
        if self.layout == Layout::Flat {
            return self.body;
        }
        let spec = self.body.iter().find(|field| field.name == "spec");
        match spec.map(|spec| &spec.value) {
            Some(crate::schema::Value::Message(fields)) => fields,
            _ => &[],
        }
    }

    pub(crate) fn id_field(&self) -> Option<&'static str> {
        match self.id {
            Id::Parameter { name, .. } => Some(name),
            Id::Singleton => None,
        }
    }

    /// As in the paths of a body: `cdf_config`.
    pub(crate) fn member(&self) -> String {
        self.noun.to_lowercase().replace(' ', "_")
    }

    /// What a change of an object excludes others by: running changes with one of these.
    pub(crate) fn turns(&self, options: &Options, name: &str, settings: &Map) -> Vec<String> {
        let parent = crate::name::parent(name).unwrap_or_default();
        let siblings = self.takes_turns.then(|| parent.to_owned());
        siblings.into_iter().chain((self.hooks.turns)(options, name, settings)).collect()
    }

    pub(crate) fn is_soft_deleted(&self) -> bool {
        matches!(self.deletion, Deletion::Soft | Deletion::SoftInStatus)
    }

    /// Whether a name is that of an object of this kind.
    pub(crate) fn has(&self, name: &str) -> bool {
        crate::name::matches(self.pattern, name)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Kind) -> bool {
        self.pattern == other.pattern
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.noun)
    }
}

/// A request that is about no object: it is answered at once, without an operation.
pub(crate) struct Call {
    pub(crate) method: &'static str,
    /// The whole path, as a pattern: `/api/2.0/postgres/credentials`.
    pub(crate) path: &'static str,
    /// Whether it is answered without a token.
    pub(crate) is_public: bool,
    /// Whether it changes something that the record of mutations shows.
    pub(crate) mutates: bool,
    pub(crate) answer: fn(&mut World, &Input<'_>) -> Result<Answer>,
}

#[cfg(test)]
mod tests {
    use super::is_label;

    #[test]
    fn label_follows_the_recorded_pattern() {
        let longest = "a".repeat(63);
        for id in ["a", "a1", "a-b", "postgres", "abc", longest.as_str()] {
            assert!(is_label(id), "{id}");
        }
        let too_long = "a".repeat(64);
        for id in ["", "1a", "-a", "a-", "A", "a_b", "a.b", "Invalid_DB_ID", too_long.as_str()] {
            assert!(!is_label(id), "{id}");
        }
    }
}
