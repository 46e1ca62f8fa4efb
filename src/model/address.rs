//! Writes resource names and takes them apart.
//!
//! An [`Address`] says where a resource stands in the API. The form of its names, its parent, its
//! collection, import, identity and the lock that its calls take follow from it: no other code cuts
//! names at slashes. It must not know a particular resource. Start reading at [`Address`].

use std::fmt;

/// Where a resource stands in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// A member of a collection, of the workspace or of a parent: `projects/{}/branches/{}`.
    Member {
        /// What holds the collection; `None`: the workspace.
        parent: Option<&'static Address>,
        /// The collection, e.g. `branches`.
        collection: &'static str,
        /// What stands for the ID in the form of a name, e.g. `branch_id`.
        id: &'static str,
    },
    /// The only one of its sort below its parent: `{database}/data-api`.
    Singleton {
        /// What it belongs to.
        parent: &'static Address,
        /// The last segment of its name.
        segment: &'static str,
    },
    /// A setting of its parent, whose name it has.
    Setting {
        /// The object that has the setting.
        parent: &'static Address,
    },
    /// The permissions on its parent, whose name they have. They stand in an API of their own.
    Permissions {
        /// The object on which permissions are granted.
        parent: &'static Address,
        /// What that API calls objects of this sort: `database-projects`.
        object_type: &'static str,
    },
    /// Issued on demand: it has no name, and cannot be read back.
    Issued,
}

/// A name taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The name of the parent, if there is one.
    pub parent: Option<&'a str>,
    /// The ID, if the address has one.
    pub id: Option<&'a str>,
}

/// Whose turn a change waits for: Lakebase makes one change at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The object whose changes take turns with this one: a project or a branch.
    pub own: String,
    /// The project, where the scope is a branch: a conflict may concern it.
    pub wider: Option<String>,
    /// What it shares with objects elsewhere, whose changes take turns with this one, too.
    pub shared: Option<String>,
}

impl Scope {
    /// The scope of an object by itself.
    fn of(own: &str, wider: Option<&str>) -> Self {
        Self { own: own.to_owned(), wider: wider.map(str::to_owned), shared: None }
    }
}

impl Address {
    /// A member of a collection of the workspace.
    pub const fn top_level(collection: &'static str, id: &'static str) -> Self {
        Self::Member { parent: None, collection, id }
    }

    /// A member of a collection of a parent.
    pub const fn member(
        parent: &'static Address,
        collection: &'static str,
        id: &'static str,
    ) -> Self {
        Self::Member { parent: Some(parent), collection, id }
    }

    /// The only one of its sort below its parent.
    pub const fn singleton(parent: &'static Address, segment: &'static str) -> Self {
        Self::Singleton { parent, segment }
    }

    /// A setting of its parent.
    pub const fn setting(parent: &'static Address) -> Self {
        Self::Setting { parent }
    }

    /// The permissions on a parent.
    pub const fn permissions(parent: &'static Address, object_type: &'static str) -> Self {
        Self::Permissions { parent, object_type }
    }

    /// The address of the parent.
    pub const fn parent(&self) -> Option<&'static Address> {
        match self {
            Self::Member { parent, .. } => *parent,
            Self::Singleton { parent, .. }
            | Self::Setting { parent }
            | Self::Permissions { parent, .. } => Some(parent),
            Self::Issued => None,
        }
    }

    /// Whether an ID is the last segment of a name.
    pub const fn has_id(&self) -> bool {
        matches!(self, Self::Member { .. })
    }

    /// Whether an object has a name at all.
    pub const fn is_named(&self) -> bool {
        !matches!(self, Self::Issued)
    }

    /// Whether an object has a name that no other resource has.
    pub const fn is_object(&self) -> bool {
        matches!(self, Self::Member { .. } | Self::Singleton { .. })
    }

    /// Whether the API answers a read of one alone, and not only of its parent.
    pub const fn is_readable(&self) -> bool {
        self.is_object() || matches!(self, Self::Permissions { .. })
    }

    /// What the API of permissions calls the object on which permissions of that name are: its type
    /// and its ID.
    pub fn permissions_on(&self, name: &str) -> Option<String> {
        let Self::Permissions { parent, object_type } = self else { return None };
        Some(format!("{object_type}/{}", parent.split(name)?.id?))
    }

    /// The collection, e.g. `endpoints`; empty for what is in none.
    pub const fn plural(&self) -> &'static str {
        match self {
            Self::Member { collection, .. } => collection,
            _ => "",
        }
    }

    /// The collection as attributes and types name it, e.g. `cdf_configs`.
    pub fn plural_name(&self) -> String {
        self.plural().replace('-', "_")
    }

    /// What one member of the collection is called, e.g. `endpoint`; empty for what is in none.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Member { id, .. } => id.strip_suffix("_id").unwrap_or(id),
            _ => "",
        }
    }

    /// The name of the collection below that parent.
    pub fn collection(&self, parent: Option<&str>) -> String {
        let plural = self.plural();
        parent.map_or_else(|| plural.to_owned(), |parent| format!("{parent}/{plural}"))
    }

    /// The name of the object with that parent and ID; `None` where the address needs one of them
    /// that is not given.
    pub fn join(&self, parent: Option<&str>, id: Option<&str>) -> Option<String> {
        match self {
            Self::Member { parent: holder, .. } => {
                let parent = if holder.is_some() { Some(parent?) } else { None };
                Some(format!("{}/{}", self.collection(parent), id?))
            }
            Self::Singleton { segment, .. } => Some(format!("{}/{segment}", parent?)),
            Self::Setting { .. } | Self::Permissions { .. } => Some(parent?.to_owned()),
            Self::Issued => None,
        }
    }

    /// The parent and the ID in a name, if it has the form of this address.
    pub fn split<'a>(&self, name: &'a str) -> Option<Parts<'a>> {
        match self {
            Self::Member { parent, collection, .. } => {
                let (rest, id) = cut(name);
                let (holder, found) = cut(rest?);
                let is_here = found == *collection && is_id(id) && is_parent(*parent, holder);
                is_here.then_some(Parts { parent: holder, id: Some(id) })
            }
            Self::Singleton { parent, segment } => {
                let (holder, found) = cut(name);
                let is_here = found == *segment && is_parent(Some(parent), holder);
                is_here.then_some(Parts { parent: holder, id: None })
            }
            Self::Setting { parent } | Self::Permissions { parent, .. } => {
                parent.matches(name).then_some(Parts { parent: Some(name), id: None })
            }
            Self::Issued => None,
        }
    }

    /// Whether a name has the form of this address.
    pub fn matches(&self, name: &str) -> bool {
        self.split(name).is_some()
    }

    /// The object of this address that an operation is about: `<name>/operations/<id>`.
    pub fn of_operation<'a>(&self, operation: &'a str) -> Option<&'a str> {
        let ends = operation.match_indices('/').map(|(at, _)| &operation[..at]);
        ends.into_iter().find(|name| self.matches(name))
    }

    /// Whose turn a change of an object with that name or that parent waits for: changes of a
    /// project and of its branches take turns by project, changes in a branch by branch.
    pub fn scope(&self, parent: Option<&str>, name: Option<&str>) -> Option<Scope> {
        match (self.parent(), parent) {
            (None, _) => Some(Scope::of(name?, None)),
            (Some(address), Some(parent)) => address.scope_of(parent),
            (Some(_), None) => None,
        }
    }

    /// The scope of a change of what the object of that name holds.
    pub fn scope_of(&self, name: &str) -> Option<Scope> {
        let parent = self.split(name)?.parent;
        match (self.parent(), parent) {
            (Some(address), Some(parent)) if address.parent().is_some() => address.scope_of(parent),
            (Some(_), parent) => Some(Scope::of(name, parent)),
            (None, _) => Some(Scope::of(name, None)),
        }
    }

    /// The name of the outer object of this address that holds the named one, or is it.
    pub fn find<'a>(&self, name: &'a str) -> Option<&'a str> {
        holders(name).chain([name]).find(|outer| self.matches(outer))
    }
}

/// The form of a name, e.g. `projects/{project_id}/branches/{branch_id}`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member { parent, collection, id } => {
                if let Some(parent) = parent {
                    write!(f, "{parent}/")?;
                }
                write!(f, "{collection}/{{{id}}}")
            }
            Self::Singleton { parent, segment } => write!(f, "{parent}/{segment}"),
            Self::Setting { parent } | Self::Permissions { parent, .. } => write!(f, "{parent}"),
            Self::Issued => Ok(()),
        }
    }
}

/// Whether the object of the name `holder` holds the object of the name `name`.
pub fn holds(holder: &str, name: &str) -> bool {
    name.strip_prefix(holder).is_some_and(|rest| rest.starts_with('/'))
}

/// What may be the names of the objects that hold a named one, outermost first.
pub fn holders(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(at, _)| &name[..at])
}

/// All but the last segment, and that.
fn cut(name: &str) -> (Option<&str>, &str) {
    match name.rsplit_once('/') {
        Some((rest, last)) => (Some(rest), last),
        None => (None, name),
    }
}

fn is_parent(address: Option<&'static Address>, name: Option<&str>) -> bool {
    match (address, name) {
        (None, None) => true,
        (Some(address), Some(name)) => address.matches(name),
        _ => false,
    }
}

/// Whether a segment can be an ID: of any form that an address of the web carries as it is.
fn is_id(segment: &str) -> bool {
    let is_strange =
        |letter: char| letter.is_whitespace() || letter.is_control() || "?#%".contains(letter);
    !segment.is_empty() && !segment.contains(is_strange)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: &Address = &Address::top_level("projects", "project_id");
    const BRANCH: &Address = &Address::member(PROJECT, "branches", "branch_id");
    const DATABASE: &Address = &Address::member(BRANCH, "databases", "database_id");
    const DATA_API: &Address = &Address::singleton(DATABASE, "data-api");
    const SCHEDULE: &Address = &Address::singleton(BRANCH, "snapshot-schedule");
    const DEFAULT_BRANCH: &Address = &Address::setting(PROJECT);
    const CATALOG: &Address = &Address::top_level("catalogs", "catalog_id");
    const PERMISSIONS: &Address = &Address::permissions(PROJECT, "database-projects");

    #[test]
    fn name_round_trips_through_its_components() {
        let table = [
            (PROJECT, "projects/p", None, Some("p")),
            (BRANCH, "projects/p/branches/b", Some("projects/p"), Some("b")),
            (
                DATABASE,
                "projects/p/branches/b/databases/17a31436-08aa",
                Some("projects/p/branches/b"),
                Some("17a31436-08aa"),
            ),
            (
                DATA_API,
                "projects/p/branches/b/databases/d/data-api",
                Some("projects/p/branches/b/databases/d"),
                None,
            ),
            (
                SCHEDULE,
                "projects/p/branches/b/snapshot-schedule",
                Some("projects/p/branches/b"),
                None,
            ),
            (DEFAULT_BRANCH, "projects/p", Some("projects/p"), None),
            (CATALOG, "catalogs/my_catalog", None, Some("my_catalog")),
            (PERMISSIONS, "projects/p", Some("projects/p"), None),
        ];
        for (address, name, parent, id) in table {
            assert_eq!(address.split(name), Some(Parts { parent, id }), "{name}");
            assert_eq!(address.join(parent, id).as_deref(), Some(name));
        }
        assert_eq!(
            PERMISSIONS.permissions_on("projects/p"),
            Some("database-projects/p".to_owned())
        );
        assert_eq!(DEFAULT_BRANCH.permissions_on("projects/p"), None);
        assert_eq!(DATA_API.to_string(), format!("{DATABASE}/data-api"));
        assert_eq!(DEFAULT_BRANCH.to_string(), "projects/{project_id}");
        assert_eq!(BRANCH.to_string(), "projects/{project_id}/branches/{branch_id}");
    }

    #[test]
    fn name_of_another_form_is_refused() {
        for name in [
            "",
            "b",
            "projects/p",
            "projects//branches/b",
            "projects/p/branches/",
            "projects/p/branch/b",
            "projects/p/branches/b/",
            "/projects/p/branches/b",
            "projects/p/branches/b?x",
            "projects/p /branches/b",
        ] {
            assert_eq!(BRANCH.split(name), None, "{name}");
        }
        assert_eq!(DATABASE.join(None, Some("d")), None);
        assert_eq!(DATABASE.join(Some("projects/p/branches/b"), None), None);
        assert_eq!(Address::Issued.join(Some("projects/p"), Some("x")), None);
        assert_eq!(Address::Issued.split("projects/p"), None);
    }

    #[test]
    fn changes_take_turns_by_project_or_by_branch() {
        let branch = Some("projects/p/branches/b");
        let database = Some("projects/p/branches/b/databases/d");
        let project = Some("projects/p");
        let own = |scope: Option<Scope>| scope.map(|scope| (scope.own, scope.wider));
        let by_project = || Some(("projects/p".to_owned(), None));
        let by_branch =
            || Some(("projects/p/branches/b".to_owned(), Some("projects/p".to_owned())));
        assert_eq!(own(PROJECT.scope(None, project)), by_project());
        assert_eq!(own(BRANCH.scope(project, branch)), by_project());
        assert_eq!(own(DEFAULT_BRANCH.scope(project, project)), by_project());
        // Where Lakebase generates the ID, only the parent is known.
        assert_eq!(own(DATABASE.scope(branch, None)), by_branch());
        assert_eq!(own(SCHEDULE.scope(branch, None)), by_branch());
        assert_eq!(own(DATA_API.scope(database, None)), by_branch());
        assert_eq!(own(BRANCH.scope_of("projects/p/branches/b")), by_branch());
    }

    #[test]
    fn operation_names_its_object() {
        let operation = "projects/p/branches/b/databases/d/operations/a/b+c=";
        assert_eq!(DATABASE.of_operation(operation), Some("projects/p/branches/b/databases/d"));
        assert_eq!(BRANCH.of_operation("projects/p/operations/a"), None);
    }

    #[test]
    fn holder_is_found_by_its_address() {
        let name = "projects/p/branches/b/databases/d";
        assert_eq!(BRANCH.find(name), Some("projects/p/branches/b"));
        assert_eq!(DATABASE.find(name), Some(name));
        assert_eq!(CATALOG.find(name), None);
        assert!(holds("projects/p", name) && !holds("projects/pp", name) && !holds(name, name));
    }
}
