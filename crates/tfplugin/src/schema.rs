//! What a provider offers, in the protocol's terms and no more.

use std::collections::BTreeMap;

use crate::{Object, Type, Value};

/// Everything a provider offers. Keys are full type names (`example_thing`); functions go by
/// their bare names.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    /// The block `provider` in a configuration.
    pub provider: Schema,
    /// Managed resources, by type name.
    pub resources: BTreeMap<String, Schema>,
    /// The identities of managed resources, for those that have one.
    pub identities: BTreeMap<String, IdentitySchema>,
    /// Data sources, by type name.
    pub data_sources: BTreeMap<String, Schema>,
    /// Ephemeral resources, by type name.
    pub ephemeral_resources: BTreeMap<String, Schema>,
    /// Provider functions, by name.
    pub functions: BTreeMap<String, Function>,
}

/// The schema of one block type.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// The version stored with each object; it grows when stored objects need an upgrade.
    pub version: i64,
    /// What the block holds.
    pub block: Block,
}

/// What a block holds.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Its attributes, in the order of the documentation.
    pub attributes: Vec<Attribute>,
    /// Blocks inside it. New schemas use nested attributes instead.
    pub blocks: Vec<NestedBlock>,
    /// What it is, in Markdown.
    pub description: String,
    /// Why not to use it any more, if so.
    pub deprecated: Option<String>,
}

/// One attribute. Of the flags, `required` stands alone, or `optional`, `computed` or both are set.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the protocol has these flags")]
pub struct Attribute {
    /// The name in the configuration.
    pub name: String,
    /// A type, or attributes nested in an object.
    pub kind: AttributeKind,
    /// What it means, in Markdown.
    pub description: String,
    /// The configuration must set it.
    pub required: bool,
    /// The configuration may set it.
    pub optional: bool,
    /// The provider may set it where the configuration does not.
    pub computed: bool,
    /// Terraform does not print it. State keeps it all the same.
    pub sensitive: bool,
    /// Only the configuration ever holds it: neither plan nor state do.
    pub write_only: bool,
    /// Why not to use it any more, if so.
    pub deprecated: Option<String>,
}

impl Attribute {
    /// An attribute without flags: set `required`, `optional` or `computed` with `..`.
    pub fn new(
        name: impl Into<String>,
        kind: AttributeKind,
        description: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            kind,
            description: description.into(),
            required: false,
            optional: false,
            computed: false,
            sensitive: false,
            write_only: false,
            deprecated: None,
        }
    }
}

/// What an attribute holds.
#[derive(Clone, Debug)]
pub enum AttributeKind {
    /// A value of a type.
    Type(Type),
    /// An object, or a collection of objects, whose members are attributes with flags of their own.
    Nested(Nesting, Vec<Attribute>),
}

/// How many objects a nested attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// At most one object.
    Single,
    /// Some, in order.
    List,
    /// Some, without order.
    Set,
    /// Some, under keys.
    Map,
}

/// A block inside a block.
#[derive(Clone, Debug)]
pub struct NestedBlock {
    /// The name in the configuration.
    pub name: String,
    /// The attributes and blocks of each nested block.
    pub block: Block,
    /// How many there may be.
    pub nesting: BlockNesting,
    /// The fewest there may be.
    pub min_items: i64,
    /// The most there may be; 0 is any number.
    pub max_items: i64,
}

/// How many nested blocks there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockNesting {
    /// One or none; none is null.
    Single,
    /// Some, in order; none is the empty list.
    List,
    /// Some, without order; none is the empty set.
    Set,
    /// Some, under labels; none is the empty map.
    Map,
    /// Always one; made up where the configuration has none.
    Group,
}

/// What tells one object of a resource type from all others, everywhere.
#[derive(Clone, Debug, Default)]
pub struct IdentitySchema {
    /// The version stored with each identity. Start at 0.
    pub version: i64,
    /// The attributes that tell one object from all others.
    pub attributes: Vec<IdentityAttribute>,
}

/// One attribute of an identity.
#[derive(Clone, Debug)]
pub struct IdentityAttribute {
    /// The name in an `identity` block.
    pub name: String,
    /// Its type: a primitive, or a list of a primitive.
    pub r#type: Type,
    /// Whether an `import` block must give it; otherwise it may.
    pub required_for_import: bool,
    /// The description, in plain text.
    pub description: String,
}

/// A provider function. It is pure: equal arguments give equal results, without the service.
#[derive(Clone, Debug)]
pub struct Function {
    /// What it does, in a line.
    pub summary: String,
    /// What it does, in Markdown.
    pub description: String,
    /// Its parameters, in order.
    pub parameters: Vec<Parameter>,
    /// A last parameter that takes any number of arguments.
    pub variadic: Option<Parameter>,
    /// The type of the result.
    pub returns: Type,
}

/// A parameter of a function.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The name that error messages and documentation use.
    pub name: String,
    /// The type, to which Terraform converts the argument.
    pub r#type: Type,
    /// Whether the function takes null.
    pub allow_null: bool,
    /// The description, in Markdown.
    pub description: String,
}

impl Block {
    /// The type of the block's values.
    ///
    /// Blocks in a list or a map whose members hold a dynamic value may differ in type, so that they
    /// are a tuple or an object, whose type comes with the value: [`Type::Dynamic`].
    pub fn r#type(&self) -> Type {
        let blocks = self.blocks.iter().map(|block| {
            let object = block.block.r#type();
            let r#type = match block.nesting {
                BlockNesting::Single | BlockNesting::Group => object,
                BlockNesting::List | BlockNesting::Map if object.has_dynamic() => Type::Dynamic,
                BlockNesting::List => Type::List(Box::new(object)),
                BlockNesting::Set => Type::Set(Box::new(object)),
                BlockNesting::Map => Type::Map(Box::new(object)),
            };
            (block.name.clone(), r#type)
        });
        Type::Object(types(&self.attributes).chain(blocks).collect())
    }

    /// An object with every attribute null.
    pub fn null(&self) -> Object {
        self.attributes.iter().map(|attribute| (attribute.name.clone(), Value::Null)).collect()
    }
}

impl AttributeKind {
    /// The type of the attribute's values.
    pub fn r#type(&self) -> Type {
        let (nesting, attributes) = match self {
            Self::Type(it) => return it.clone(),
            Self::Nested(nesting, attributes) => (nesting, attributes),
        };
        let object = Type::Object(types(attributes).collect());
        match nesting {
            Nesting::Single => object,
            Nesting::List => Type::List(Box::new(object)),
            Nesting::Set => Type::Set(Box::new(object)),
            Nesting::Map => Type::Map(Box::new(object)),
        }
    }
}

impl IdentitySchema {
    /// The type of the identity's values.
    pub fn r#type(&self) -> Type {
        let attributes = self.attributes.iter();
        let types = attributes.map(|attribute| (attribute.name.clone(), attribute.r#type.clone()));
        Type::Object(types.collect())
    }
}

/// The attributes' names, and the types of their values.
fn types(attributes: &[Attribute]) -> impl Iterator<Item = (String, Type)> {
    attributes.iter().map(|attribute| (attribute.name.clone(), attribute.kind.r#type()))
}
