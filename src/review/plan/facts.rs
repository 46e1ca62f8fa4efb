//! Takes from an object's attributes what a review needs to know.

use jiff::{SignedDuration, Timestamp};
use tfplugin::{Object as Attributes, Value};

use crate::compute::{Compute, Suspension};
use crate::model::expiry::{EXPIRE_TIME, EXPIRES_AT, NO_EXPIRY, TTL};
use crate::model::life::HasCompute;
use crate::model::meaning;
use crate::model::table::Resource;
use crate::model::tf::Tf;
use crate::resources::endpoint::{DISABLED, GROUP, GROUP_MAX, NO_SUSPENSION, RANGE, SUSPEND_AFTER};
use crate::resources::project::{DEFAULT_ENDPOINT_SETTINGS, INITIAL_ENDPOINT};
use crate::resources::{CREATE_TIME, PURGE_ON_DELETE, REPLACE_EXISTING};

/// One side of a change.
#[derive(Clone, Debug)]
pub struct Facts {
    pub name: Name,
    /// Whether a create adopts an object of that name.
    pub adopts: bool,
    /// Whether a delete is permanent; `None` if it is not known.
    pub purges: Option<bool>,
    pub object: Object,
}

/// A resource name, or the parts of it that are known.
#[derive(Clone, Debug)]
pub enum Name {
    /// The resource name, such as `projects/shop/branches/dev`.
    Known(String),
    /// The name of the object that holds it, and its ID.
    Parts {
        /// The name of the object that holds it, or nothing at the top.
        parent: Option<String>,
        id: Option<String>,
    },
}

/// What a resource is.
#[derive(Clone, Debug)]
pub enum Object {
    /// A project.
    Project(Box<Project>),
    /// A branch.
    Branch(Branch),
    Endpoint(Endpoint),
    /// An object without compute.
    Other {
        /// Whether data is lost with it.
        holds_data: bool,
        /// What is lost besides, in sentences.
        loss: &'static str,
    },
}

/// A project.
#[derive(Clone, Debug)]
pub struct Project {
    /// The settings of computes that are created later.
    pub defaults: ComputeSettings,
    /// The settings of the compute that a new project comes with.
    pub initial: ComputeSettings,
}

/// A branch.
#[derive(Clone, Copy, Debug)]
pub struct Branch {
    /// Whether it is created and deleted together with its project.
    pub is_root: bool,
    /// How long it exists.
    pub lifetime: Lifetime,
}

#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// Whether it is created and deleted together with its branch.
    pub is_read_write: bool,
    /// The settings of its compute.
    pub settings: ComputeSettings,
}

/// How long a branch exists.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lifetime {
    /// Until somebody deletes it.
    Unlimited,
    /// That long after its creation.
    For(SignedDuration),
    /// The object can be restored until this time.
    Until(Timestamp),
    /// It is not known.
    Unknown,
}

/// A setting of a compute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Setting<T> {
    /// Nothing chooses it, so that Lakebase does.
    #[default]
    Default,
    /// Something chooses it, and its value is not known.
    Unknown,
    /// The plan has the value.
    Known(T),
}

/// The settings of a compute, as a configuration or a state has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct ComputeSettings {
    min_cu: Setting<f64>,
    max_cu: Setting<f64>,
    suspension: Setting<Suspension>,
    disabled: Setting<bool>,
    computes: Setting<i64>,
}

impl Facts {
    /// The facts of an object.
    pub fn of(resource: &dyn Resource, attributes: &Attributes, object: Object) -> Facts {
        Facts {
            name: name(resource, attributes),
            adopts: REPLACE_EXISTING.of(attributes) == Tf::Known(true),
            purges: match PURGE_ON_DELETE.of(attributes) {
                Tf::Known(purges) => Some(purges),
                Tf::Null => Some(false),
                Tf::Unknown => None,
            },
            object,
        }
    }
}

/// What a resource is. `exists`: whether the attributes are those of an object that exists.
pub fn object(resource: &dyn Resource, attributes: &Attributes, exists: bool) -> Object {
    match resource.table().compute {
        HasCompute::AsDefaults => Object::Project(Box::new(Project {
            defaults: ComputeSettings::within(&DEFAULT_ENDPOINT_SETTINGS.of(attributes)),
            initial: ComputeSettings::within(&INITIAL_ENDPOINT.of(attributes)),
        })),
        HasCompute::ComesWith => Object::Branch(Branch {
            is_root: if exists {
                resource.is_deleted_only_with_parent(attributes)
            } else {
                resource.is_created_with_parent(attributes)
            },
            lifetime: lifetime(attributes),
        }),
        HasCompute::IsCompute => Object::Endpoint(Endpoint {
            is_read_write: resource.is_deleted_only_with_parent(attributes),
            settings: ComputeSettings::of(attributes),
        }),
        HasCompute::No => Object::Other {
            holds_data: resource.loses_data(attributes),
            loss: resource.loss(attributes),
        },
    }
}

fn name(resource: &dyn Resource, attributes: &Attributes) -> Name {
    let table = resource.table();
    let text = |name: &str| attributes.get(name).and_then(Value::as_str).map(str::to_owned);
    match table.name_of(attributes) {
        Some(name) => Name::Known(name),
        None => Name::Parts {
            parent: table.parent_of(attributes).map(str::to_owned),
            id: table.id().and_then(|field| text(field.name)),
        },
    }
}

fn lifetime(branch: &Attributes) -> Lifetime {
    let timestamp = |text: String| text.parse::<Timestamp>().ok();
    let expires_at = EXPIRES_AT.of(branch).known().and_then(timestamp);
    let at = EXPIRE_TIME.of(branch).known().and_then(timestamp).or(expires_at);
    let created = CREATE_TIME.of(branch).known().and_then(timestamp);
    let ttl = TTL.of(branch).known().and_then(|text| meaning::duration(&text).ok());
    let is_unknown = |field: Tf<String>| field == Tf::Unknown;
    match (ttl, created, at) {
        (Some(ttl), Some(created), _) => {
            created.checked_add(ttl).map_or(Lifetime::Unknown, Lifetime::Until)
        }
        (Some(ttl), None, _) => Lifetime::For(ttl),
        (None, _, Some(at)) => Lifetime::Until(at),
        _ if NO_EXPIRY.of(branch) == Tf::Known(true) => Lifetime::Unlimited,
        _ if is_unknown(TTL.of(branch)) || is_unknown(EXPIRE_TIME.of(branch)) => Lifetime::Unknown,
        _ => Lifetime::Unlimited,
    }
}

impl ComputeSettings {
    /// The settings among the attributes of an endpoint.
    fn of(attributes: &Attributes) -> ComputeSettings {
        let never = NO_SUSPENSION.of(attributes);
        let after = SUSPEND_AFTER.of(attributes);
        let suspension = match (never, after) {
            (Tf::Known(true), _) => Setting::Known(Suspension::Never),
            (_, Tf::Known(text)) => match meaning::duration(&text) {
                Ok(duration) => Setting::Known(Suspension::After(duration)),
                Err(_) => Setting::Unknown,
            },
            (Tf::Unknown, _) | (_, Tf::Unknown) => Setting::Unknown,
            _ => Setting::Default,
        };
        ComputeSettings {
            min_cu: RANGE.min.of(attributes).into(),
            max_cu: RANGE.max.of(attributes).into(),
            suspension,
            disabled: DISABLED.of(attributes).into(),
            computes: match GROUP.of(attributes) {
                Tf::Known(group) => GROUP_MAX.of(&group).into(),
                Tf::Unknown => Setting::Unknown,
                Tf::Null => Setting::Default,
            },
        }
    }

    /// The settings in an attribute of a project.
    fn within(member: &Tf<Attributes>) -> ComputeSettings {
        match member {
            Tf::Known(attributes) => ComputeSettings::of(attributes),
            Tf::Null => ComputeSettings::default(),
            Tf::Unknown => ComputeSettings {
                min_cu: Setting::Unknown,
                max_cu: Setting::Unknown,
                suspension: Setting::Unknown,
                disabled: Setting::Default,
                computes: Setting::Unknown,
            },
        }
    }

    /// The same where the configuration leaves to Lakebase what it does not mention.
    #[must_use]
    pub fn with_defaults(self, mentions: &dyn Fn(&str) -> bool) -> ComputeSettings {
        fn choose<T>(setting: Setting<T>, is_chosen: bool) -> Setting<T> {
            match setting {
                Setting::Unknown if !is_chosen => Setting::Default,
                setting => setting,
            }
        }
        let suspension = mentions(NO_SUSPENSION.name()) || mentions(SUSPEND_AFTER.name());
        ComputeSettings {
            min_cu: choose(self.min_cu, mentions(RANGE.min.name())),
            max_cu: choose(self.max_cu, mentions(RANGE.max.name())),
            suspension: choose(self.suspension, suspension),
            disabled: choose(self.disabled, mentions(DISABLED.name())),
            computes: choose(self.computes, mentions(GROUP.name())),
        }
    }

    /// The compute, given what Lakebase chooses where nothing else does.
    pub fn resolved(&self, defaults: &Compute) -> Compute {
        Compute {
            min_cu: self.min_cu.or(defaults.min_cu),
            max_cu: self.max_cu.or(defaults.max_cu),
            suspension: self.suspension.or(defaults.suspension),
            disabled: self.disabled.or(defaults.disabled),
            computes: self.computes.or(defaults.computes),
        }
    }

    /// The attributes that a review looks at in a configuration.
    pub const ATTRIBUTES: [&'static str; 8] = [
        RANGE.min.name(),
        RANGE.max.name(),
        NO_SUSPENSION.name(),
        SUSPEND_AFTER.name(),
        DISABLED.name(),
        GROUP.name(),
        DEFAULT_ENDPOINT_SETTINGS.name(),
        INITIAL_ENDPOINT.name(),
    ];

    /// Whether nothing chooses any.
    pub fn is_empty(&self) -> bool {
        let ComputeSettings { min_cu, max_cu, suspension, .. } = self;
        (*min_cu, *max_cu) == (Setting::Default, Setting::Default)
            && *suspension == Setting::Default
    }
}

impl<T> Setting<T> {
    fn or(self, default: Option<T>) -> Option<T> {
        match self {
            Setting::Known(value) => Some(value),
            Setting::Unknown => None,
            Setting::Default => default,
        }
    }
}

impl<T> From<Tf<T>> for Setting<T> {
    fn from(value: Tf<T>) -> Self {
        match value {
            Tf::Known(value) => Setting::Known(value),
            Tf::Unknown => Setting::Unknown,
            Tf::Null => Setting::Default,
        }
    }
}
