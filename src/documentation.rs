//! The pages of the documentation, in the layout of the Terraform Registry.
//!
//! This room may see every other, and does no I/O: `cargo xtask docs` reads the examples and
//! writes the pages. Descriptions come from the declarations; what a page says besides is here.
//!
//! Start reading at [`pages`].

mod lifecycle;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{self, Write as _};

use tfplugin::{Block, Function, IdentitySchema, Parameter, Type};

use crate::model::markdown;
use crate::model::table::{Resource, Table, Timeouts};
use crate::provider;

/// Texts of files, by their paths below a folder, with `/` between the parts.
pub type Files = BTreeMap<String, String>;

/// Every page below `docs/`, but for the guides.
///
/// `examples` are the files below `examples/`. A page shows `resource.tf` first (or the file of its
/// kind), then `resource-2-….tf` and so on. A comment at the top of an example is its heading and its
/// introduction. `notes.md` follows the examples; `lifecycle.md` completes the section about changes.
///
/// *Errors.* An object without an example.
pub fn pages(examples: &Files) -> Result<Files, MissingExample> {
    let schemas = provider::schemas();
    let mut pages = Files::new();
    let index = Page { kind: "Provider", folder: "provider", name: "lakebase", examples };
    let contents = [
        ("Resources", listed("resources", schemas.resources.keys())),
        ("Data sources", listed("data-sources", schemas.data_sources.keys())),
        ("Ephemeral resources", listed("ephemeral-resources", schemas.ephemeral_resources.keys())),
        ("Functions", listed("functions", schemas.functions.keys())),
    ];
    let contents = contents.map(|(kind, pages)| format!("* {kind}: {pages}")).join("\n");
    let contents = format!("## Contents\n\n{contents}");
    let body = index.block(&schemas.provider.block, "provider.tf", &contents)?;
    pages.insert("index.md".to_owned(), index.text(&schemas.provider.block.description, &body));

    for table in provider::managed().map(Resource::table) {
        let name = table.type_name;
        let page = Page { kind: "Resource", folder: "resources", name, examples };
        let block = &schemas.resources[name].block;
        let related = read_with(table, |name| schemas.data_sources.contains_key(name));
        let mut body = page.block(block, "resource.tf", &related)?;
        body += &lifecycle::section(table, page.example("lifecycle.md").ok());
        body += &timeouts(&table.timeouts);
        if let Some(identity) = schemas.identities.get(name) {
            body += &page.import(table, identity)?;
            body += &migration(table);
        }
        pages.insert(page.path(), page.text(&block.description, &body));
    }
    for (name, schema) in &schemas.data_sources {
        let own = Page { kind: "Data Source", folder: "data-sources", name, examples };
        let derived = derived_example(name, examples);
        let derived = derived.map(|text| (own.path_of("data-source.tf"), text));
        let derived: Files = derived.into_iter().collect();
        let has_own = own.example("data-source.tf").is_ok();
        let page = Page { examples: if has_own { examples } else { &derived }, ..own };
        let body = page.block(&schema.block, "data-source.tf", &managers(name))?;
        pages.insert(page.path(), page.text(&schema.block.description, &body));
    }
    for (name, schema) in &schemas.ephemeral_resources {
        let kind = "Ephemeral Resource";
        let page = Page { kind, folder: "ephemeral-resources", name, examples };
        let body = page.block(&schema.block, "ephemeral-resource.tf", "")?;
        pages.insert(page.path(), page.text(&schema.block.description, &body));
    }
    for (name, function) in &schemas.functions {
        let page = Page { kind: "Function", folder: "functions", name, examples };
        let body = page.usage("function.tf")? + &signature(name, function);
        let description = format!("{}.\n\n{}", function.summary, function.description);
        pages.insert(page.path(), page.text(&description, &body));
    }
    Ok(pages)
}

/// An example that is not there.
#[derive(Debug)]
pub struct MissingExample {
    path: String,
}

impl fmt::Display for MissingExample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "examples/{} is missing: every page opens with an example", self.path)
    }
}

impl Error for MissingExample {}

/// What all parts of a page know.
struct Page<'a> {
    /// What is described, as the registry writes it.
    kind: &'static str,
    /// The folder of its kind, the same in `docs/` and in `examples/`.
    folder: &'static str,
    name: &'a str,
    examples: &'a Files,
}

impl Page<'_> {
    fn path(&self) -> String {
        format!("{}/{}.md", self.folder, self.name.trim_start_matches("lakebase_"))
    }

    fn text(&self, description: &str, body: &str) -> String {
        let Page { kind, name, .. } = *self;
        let title = match kind {
            "Provider" => format!("{name} Provider"),
            "Function" => format!("{name} function - lakebase"),
            _ => format!("{name} {kind} - lakebase"),
        };
        let heading = match kind {
            "Provider" => format!("{name} Provider"),
            "Function" => format!("function: {name}"),
            _ => format!("{name} ({kind})"),
        };
        // The Registry refuses a subcategory of the provider's own page.
        let subcategory = if kind == "Provider" { "" } else { "subcategory: \"\"\n" };
        let requirement = match kind {
            "Ephemeral Resource" => {
                "-> Ephemeral resources require Terraform 1.10 or OpenTofu 1.11, or later.\n\n"
            }
            "Function" => {
                "-> Provider-defined functions require Terraform 1.8 or OpenTofu 1.7, or later.\n\n"
            }
            _ => "",
        };
        format!(
            "---\n\
             # Generated by `cargo xtask docs` from the declarations in src/ and from examples/. Do not edit.\n\
             page_title: \"{title}\"\n\
             {subcategory}\
             description: |-\n  {summary}\n\
             ---\n\n\
             # {heading}\n\n{requirement}{description}\n{body}",
            summary = plain(description),
        )
    }

    /// The examples, links to related pages, and the schema: what the pages of all blocks have.
    fn block(&self, block: &Block, file: &str, related: &str) -> Result<String, MissingExample> {
        let mut text = self.usage(file)?;
        if !related.is_empty() {
            let _ = writeln!(text, "\n{related}");
        }
        Ok(format!("{text}\n{}", markdown::schema(block)))
    }

    fn usage(&self, file: &str) -> Result<String, MissingExample> {
        let mut text = "\n## Example Usage\n".to_owned();
        text += &usage_example(self.example(file)?);
        let further = self.path_of(&file.replace(".tf", "-"));
        for example in self.examples.iter().filter(|(path, _)| path.starts_with(&further)) {
            text += &usage_example(example.1);
        }
        if let Ok(notes) = self.example("notes.md") {
            let _ = write!(text, "\n{notes}");
        }
        Ok(text)
    }

    fn import(&self, table: &Table, identity: &IdentitySchema) -> Result<String, MissingExample> {
        let block = self.example("import.tf")?;
        let [by_identity, command] = other_imports(block).unwrap_or_default();
        let mut text = format!(
            "\n## Import\n\nImport by resource name, in the format `{}`, with an \
             [`import` block](https://developer.hashicorp.com/terraform/language/import):\n{}",
            table.address,
            fenced("terraform", block),
        );
        text += "\nImport on the command line:\n";
        text += &fenced("shell", &command);
        text += "\n-> Import by identity requires Terraform 1.12 or later.\n";
        text += &fenced("terraform", &by_identity);
        text += "\n### Identity Schema\n";
        for (heading, required) in [("Required", true), ("Optional", false)] {
            let _ = write!(text, "\n#### {heading}\n\n");
            let attributes = identity.attributes.iter();
            for attribute in attributes.filter(|it| it.required_for_import == required) {
                let kind = markdown::type_name(&attribute.r#type);
                let _ = writeln!(text, "- `{}` ({kind}) {}", attribute.name, attribute.description);
            }
        }
        Ok(text)
    }

    fn path_of(&self, file: &str) -> String {
        match self.kind {
            "Provider" => format!("{}/{file}", self.folder),
            _ => format!("{}/{}/{file}", self.folder, self.name),
        }
    }

    fn example(&self, file: &str) -> Result<&str, MissingExample> {
        let path = self.path_of(file);
        match self.examples.get(&path) {
            Some(text) => Ok(text),
            None => Err(MissingExample { path }),
        }
    }
}

/// The example of a data source that has none of its own: it reads the object that the import of the
/// resource names, or lists the objects beside it.
pub fn derived_example(name: &str, examples: &Files) -> Option<String> {
    let mut tables = provider::managed().map(Resource::table);
    let table = tables.find(|table| readers(table).iter().any(|reader| reader == name))?;
    let import = examples.get(&format!("resources/{}/import.tf", table.type_name))?;
    let [to, id] = target(import)?;
    let id = id.trim_matches('"');
    if name == table.type_name {
        let label = to.rsplit('.').next()?;
        return Some(format!("data \"{name}\" \"{label}\" {{\n  name = \"{id}\"\n}}\n"));
    }
    let plural = table.address.plural_name();
    let parent = table.parent().zip(table.address.split(id)?.parent);
    let parent = parent.map(|(field, parent)| format!("  {} = \"{parent}\"\n", field.name));
    let parent = parent.unwrap_or_default();
    Some(format!(
        "data \"{name}\" \"all\" {{\n{parent}}}\n\noutput \"names\" {{\n  value = \
         data.{name}.all.{plural}[*].name\n}}\n"
    ))
}

/// The same import as the block of an example says, by identity and on the command line; none, if
/// the block does not say what and to where.
pub fn other_imports(block: &str) -> Option<[String; 2]> {
    let [to, id] = target(block)?;
    let by_identity =
        format!("import {{\n  to = {to}\n  identity = {{\n    name = {id}\n  }}\n}}\n");
    Some([by_identity, format!("terraform import {to} {}\n", id.trim_matches('"'))])
}

/// The data sources that could read the objects of a resource: of one object, and of all.
fn readers(table: &Table) -> [String; 2] {
    [table.type_name.to_owned(), format!("lakebase_{}", table.address.plural_name())]
}

/// What leads from a resource to the data sources that read its objects.
fn read_with(table: &Table, exists: impl Fn(&str) -> bool) -> String {
    let objects = table.plural_noun();
    let links: Vec<_> = readers(table)
        .iter()
        .filter(|name| exists(name))
        .map(|name| link(name, "data-sources"))
        .collect();
    match &links[..] {
        [] => String::new(),
        [one] => format!("To read {objects}, use the data source {one}."),
        several => format!("To read {objects}, use the data sources {}.", several.join(" and ")),
    }
}

/// What leads from a data source to the resource whose objects it reads.
fn managers(name: &str) -> String {
    let mut tables = provider::managed().map(Resource::table);
    let table = tables.find(|table| readers(table).iter().any(|reader| reader == name));
    table.map_or_else(String::new, |table| {
        let resource = link(table.type_name, "resources");
        format!("To manage {}, use the resource {resource}.", table.plural_noun())
    })
}

/// Links of the index to the pages in a directory.
fn listed<'a>(directory: &str, names: impl Iterator<Item = &'a String>) -> String {
    let links: Vec<_> = names
        .map(|name| format!("[`{name}`]({directory}/{}.md)", name.trim_start_matches("lakebase_")))
        .collect();
    links.join(", ")
}

/// A link to a page in a directory beside the page's own.
fn link(name: &str, directory: &str) -> String {
    format!("[`{name}`](../{directory}/{}.md)", name.trim_start_matches("lakebase_"))
}

/// The address and the ID of an `import` block.
fn target(block: &str) -> Option<[&str; 2]> {
    let value = |key: &str| {
        let mut lines = block.lines().filter_map(|line| line.trim().strip_prefix(key));
        lines.next()?.trim_start().strip_prefix("= ")
    };
    Some([value("to")?, value("id")?])
}

/// An example with its heading and its introduction: the comment at its top, if a blank line follows.
fn usage_example(example: &str) -> String {
    let Some((comment, code)) =
        example.split_once("\n\n").filter(|(comment, _)| is_comment(comment))
    else {
        return fenced("terraform", example);
    };
    let mut lines = comment.lines().map(|line| line.trim_start_matches('#').trim_start());
    let heading = lines.next().unwrap_or_default();
    let introduction = lines.collect::<Vec<_>>().join("\n");
    let introduction = introduction.trim();
    let text = match introduction {
        "" => String::new(),
        _ => format!("\n{introduction}\n"),
    };
    format!("\n### {heading}\n{text}{}", fenced("terraform", code))
}

fn is_comment(text: &str) -> bool {
    text.lines().all(|line| line.starts_with('#'))
}

fn fenced(language: &str, text: &str) -> String {
    format!("\n```{language}\n{}\n```\n", text.trim_end())
}

fn timeouts(defaults: &Timeouts) -> String {
    let Timeouts { create, read, update, delete } = defaults;
    format!(
        "\n## Timeouts\n\nDefault timeouts: `create` {create}, `read` {read}, `update` {update}, `delete` {delete}.\n"
    )
}

fn migration(table: &Table) -> String {
    let Table { type_name, counterpart, .. } = table;
    if counterpart.is_empty() {
        return String::new();
    }
    let moved =
        format!("moved {{\n  from = {counterpart}.example\n  to   = {type_name}.example\n}}");
    format!(
        "\n## Migrating from the Databricks provider\n\n\
         -> Moves between resource types require Terraform 1.8 or OpenTofu 1.10, or later.\n\nA \
         [`moved` block](https://developer.hashicorp.com/terraform/language/moved) moves a \
         `{counterpart}` of the provider `databricks/databricks` to this resource. Nothing is \
         created or destroyed. [Migrating from the Databricks provider]\
         (../guides/migrating-from-databricks.md) shows every step.\n{}",
        fenced("terraform", &moved),
    )
}

fn signature(name: &str, function: &Function) -> String {
    let Function { parameters, variadic, returns, .. } = function;
    let mut parts: Vec<_> = parameters.iter().map(parameter).collect();
    parts.extend(variadic.iter().map(|it| parameter(it) + "..."));
    let call = format!("{name}({}) {}", parts.join(", "), keyword(returns));
    let mut text = format!("\n## Signature\n{}\n## Arguments\n\n", fenced("text", &call));
    for (index, parameter) in parameters.iter().chain(variadic).enumerate() {
        let kind = markdown::type_name(&parameter.r#type);
        let (name, description) = (&parameter.name, &parameter.description);
        let _ = writeln!(text, "{}. `{name}` ({kind}) {description}", index + 1);
    }
    let parameters: Vec<_> = parameters.iter().chain(variadic).collect();
    if parameters.iter().all(|it| !it.allow_null) {
        text +=
            "\nA null argument is an error. The result is unknown while an argument is unknown.\n";
    }
    let _ = writeln!(text, "\n## Return Type\n\n{}", markdown::type_name(returns));
    if let Type::Object(attributes) = returns {
        text.push('\n');
        for (name, r#type) in attributes {
            let _ = writeln!(text, "- `{name}` ({})", markdown::type_name(r#type));
        }
    }
    text
}

fn parameter(parameter: &Parameter) -> String {
    format!("{} {}", parameter.name, keyword(&parameter.r#type))
}

/// A type as a configuration writes it.
fn keyword(r#type: &Type) -> String {
    markdown::type_name(r#type).to_lowercase().replace("boolean", "bool")
}

/// The first paragraph that is no warning, without marks: what a list of search results shows.
fn plain(description: &str) -> String {
    let is_callout =
        |paragraph: &str| ["~> ", "-> ", "!> "].iter().any(|mark| paragraph.starts_with(mark));
    let prose = description.split("\n\n").find(|it| !is_callout(it));
    prose.unwrap_or_default().replace(['`', '*'], "").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_its_example_is_refused_by_the_path() {
        let error = pages(&Files::new()).expect_err("there are no examples");
        let expected = "examples/provider/provider.tf is missing: every page opens with an example";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_summary_has_neither_warnings_nor_marks() {
        let description = "~> **Stored in plain text.**\n\nA *short* `token`.\n\nMore of it.";
        assert_eq!(plain(description), "A short token.");
    }
}
