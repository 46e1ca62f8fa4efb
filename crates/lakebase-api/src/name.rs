//! The names of resources, such as `projects/{project}/branches/{branch}/endpoints/{endpoint}`.
//!
//! A name says what an object is and what it belongs to. Whether an id is a good one is for the
//! service to say: its rules have changed before.

use std::fmt;
use std::str::FromStr;

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `projects/{project}`
    Project,
    /// `projects/{project}/branches/{branch}`
    Branch,
    /// `projects/{project}/branches/{branch}/endpoints/{endpoint}`
    Endpoint,
    /// `projects/{project}/branches/{branch}/roles/{role}`
    Role,
    /// `projects/{project}/branches/{branch}/databases/{database}`
    Database,
}

impl Kind {
    const ALL: [Self; 5] =
        [Self::Project, Self::Branch, Self::Endpoint, Self::Role, Self::Database];

    /// The word for it, in a message: `branch`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Branch => "branch",
            Self::Endpoint => "endpoint",
            Self::Role => "role",
            Self::Database => "database",
        }
    }

    /// The last collection in its names: `branches`.
    pub fn collection(self) -> &'static str {
        match self {
            Self::Project => "projects",
            Self::Branch => "branches",
            Self::Endpoint => "endpoints",
            Self::Role => "roles",
            Self::Database => "databases",
        }
    }

    /// What it belongs to.
    pub fn parent(self) -> Option<Self> {
        match self {
            Self::Project => None,
            Self::Branch => Some(Self::Project),
            Self::Endpoint | Self::Role | Self::Database => Some(Self::Branch),
        }
    }

    /// How its names look: `projects/{project}/branches/{branch}`.
    pub fn form(self) -> String {
        let own = format!("{}/{{{}}}", self.collection(), self.noun());
        self.parent().map_or(own.clone(), |it| format!("{}/{own}", it.form()))
    }

    /// Reads a name that must be of this kind.
    ///
    /// *Errors.* Say the right form.
    pub fn parse(self, text: &str) -> Result<ResourceName, NameError> {
        let error = || NameError { text: text.to_owned(), expected: Some(self) };
        let (parent, own) = match self.parent() {
            None => (None, text),
            Some(kind) => {
                let mut slashes = text.rmatch_indices('/').skip(1);
                let (cut, _) = slashes.next().ok_or_else(error)?;
                (Some(kind.parse(&text[..cut]).map_err(|_| error())?), &text[cut + 1..])
            }
        };
        let (collection, id) = own.split_once('/').ok_or_else(error)?;
        if collection != self.collection() || !is_id(id) {
            return Err(error());
        }
        Ok(ResourceName { kind: self, parent: parent.map(Box::new), id: id.to_owned() })
    }
}

/// A name of a known form.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceName {
    parent: Option<Box<ResourceName>>,
    kind: Kind,
    id: String,
}

impl ResourceName {
    /// What it is the name of.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The last part.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name of what it belongs to; none for a project.
    pub fn parent(&self) -> Option<&Self> {
        self.parent.as_deref()
    }

    /// The name of the project that it is in, or is.
    pub fn project(&self) -> &Self {
        self.parent().map_or(self, Self::project)
    }

    /// The name of the branch that it is in, or is; none for a project.
    pub fn branch(&self) -> Option<&Self> {
        if self.kind == Kind::Branch { Some(self) } else { self.parent()?.branch() }
    }
}

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = &self.parent {
            write!(f, "{parent}/")?;
        }
        write!(f, "{}/{}", self.kind.collection(), self.id)
    }
}

impl FromStr for ResourceName {
    type Err = NameError;

    /// Reads a name of any kind.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let parsed = Kind::ALL.into_iter().find_map(|kind| kind.parse(text).ok());
        parsed.ok_or_else(|| NameError { text: text.to_owned(), expected: None })
    }
}

/// A text that is not the name it should be. What is printed says how the name would look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError {
    text: String,
    expected: Option<Kind>,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.text;
        if let Some(kind) = self.expected {
            let (noun, form) = (kind.noun(), kind.form());
            return write!(f, "`{text}` is not the name of a {noun}, which has the form `{form}`");
        }
        let forms = Kind::ALL.map(|kind| format!("`{}`", kind.form())).join(", ");
        write!(f, "`{text}` is not the name of a resource, which has one of the forms {forms}")
    }
}

impl std::error::Error for NameError {}

/// Whether a text can be one part of a name, in a name and in an address.
fn is_id(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "/?#%\\{}".contains(c);
    !text.is_empty() && !text.contains(odd)
}
