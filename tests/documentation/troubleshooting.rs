//! Checks that the troubleshooting guide has a section for every diagnostic of the provider.
//!
//! The summaries come from the source code. To be found there, a summary is a text or a `format!`:
//! as the first argument of `Diagnostic::error` or `Diagnostic::warning`, or under the name
//! `summary`, as a variable or as a field.

use std::collections::BTreeSet;
use std::fs;

use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, Item, Local, Pat, Stmt};

use crate::{files, pages, relative, root};

/// Where the provider's own diagnostics are written.
const SOURCES: [&str; 2] = ["src", "crates/tfplugin/src/server"];

/// What these modules write for reviews is no diagnostic, and what tests write neither.
const NOT_SHOWN: [&str; 4] = ["src/review/", "/tests/", "/tests.rs", "/server/fake.rs"];

const GUIDE: &str = "docs/guides/troubleshooting.md";

#[test]
fn troubleshooting_has_every_diagnostic_and_no_other() {
    let summaries = summaries();
    assert!(60 < summaries.len(), "only {} summaries were found", summaries.len());
    let pages = pages();
    let described: Vec<_> = pages[GUIDE].lines().filter_map(message).collect();
    let missing: Vec<_> = summaries
        .iter()
        .filter(|summary| !described.iter().any(|message| describes(message, summary)))
        .collect();
    assert!(missing.is_empty(), "{GUIDE} lacks these diagnostics: {missing:#?}");
    let stale: Vec<_> = described
        .iter()
        .filter(|message| !summaries.iter().any(|summary| describes(message, summary)))
        .collect();
    assert!(stale.is_empty(), "{GUIDE} has diagnostics that the provider does not: {stale:#?}");
}

#[test]
fn message_is_an_instance_of_a_summary_with_anything_for_its_placeholders() {
    let cases = [
        ("Invalid `…`", "Invalid `{path}`", true),
        ("Invalid `…`", "Invalid {field}", true),
        ("Project `…` already exists", "{} `{name}` already exists", true),
        ("Project `…` exists", "{} `{name}` already exists", false),
        ("Incomplete `…`", "Invalid `{path}`", false),
        ("Range too wide", "Range too wide", true),
        ("Range too wide here", "Range too wide", false),
        ("Invalid `…`", "Invalid `ttl`", true),
        ("Incomplete `…`", "Invalid `ttl`", false),
    ];
    for (message, summary, expected) in cases {
        assert_eq!(describes(message, summary), expected, "{message} / {summary}");
    }
}

#[test]
fn summaries_are_found_wherever_they_are_written() {
    let source = r#"
        fn a() -> Diagnostic { Diagnostic::error("a text", detail) }
        fn b() -> Diagnostic { Diagnostic::warning(format!("a {format}"), "detail") }
        fn c() -> Diagnostic {
            let (summary, detail) = if past { ("one arm", d) } else { (format!("other {arm}"), d) };
            let found = Finding { summary: "a field".to_owned(), detail };
            Diagnostic::error(summary, detail)
        }
        fn d(summary: String) -> Diagnostic { Diagnostic::error(summary, "detail") }
        fn e() {
            let found = if low { Some(("in an option", d)) } else { bound.map(|it| ("mapped", it)) };
            if let Some((summary, detail)) = found { Diagnostic::error(summary, detail); }
        }
        const FUNCTION: Function = Function { summary: "of a function" };
        fn f() -> Diagnostic { let text = "lost"; Diagnostic::error(text, "detail") }
        #[cfg(test)]
        mod tests { fn g() { Diagnostic::error("of a test", "detail"); } }
    "#;
    let collector = collected(source);
    let found: Vec<_> = collector.summaries.into_iter().collect();
    assert_eq!(
        found,
        ["a field", "a text", "a {format}", "in an option", "mapped", "one arm", "other {arm}"]
            .map(str::to_owned)
    );
    assert_eq!(collector.unknown, ["text"]);
}

/// The message that a line of the guide describes.
fn message(line: &str) -> Option<&str> {
    let bold = line.strip_prefix("* **")?.strip_suffix("**")?;
    bold.strip_prefix("Error: ").or_else(|| bold.strip_prefix("Warning: "))
}

/// Whether a message of the guide, with `…` for names, describes a summary.
fn describes(message: &str, summary: &str) -> bool {
    is_instance(message, summary) || is_instance(summary, &message.replace('…', "{}"))
}

/// Whether a message can be made of a summary. Marks of code do not count.
fn is_instance(message: &str, summary: &str) -> bool {
    let message = message.replace('`', "");
    let summary = summary.replace('`', "");
    let mut parts = summary.split('{').enumerate().map(|(index, part)| match index {
        0 => part,
        _ => part.split_once('}').map_or(part, |(_, rest)| rest),
    });
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = message.strip_prefix(first) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        // A placeholder stands for something.
        let Some((at, _)) = rest.match_indices(part).find(|(at, _)| 0 < *at) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.strip_suffix(last).is_some_and(|something| !something.is_empty())
}

/// The summaries of all diagnostics, with placeholders in braces.
fn summaries() -> BTreeSet<String> {
    let mut summaries = BTreeSet::new();
    for file in SOURCES.iter().flat_map(|source| files(&root().join(source))) {
        let path = relative(&file);
        if NOT_SHOWN.iter().any(|part| path.contains(part)) || path.strip_suffix(".rs").is_none() {
            continue;
        }
        let collector = collected(&fs::read_to_string(&file).expect("a source file can be read"));
        assert!(
            collector.unknown.is_empty(),
            "{path}: call the summary of a diagnostic `summary`, not {:?}, so that this test finds it",
            collector.unknown
        );
        summaries.extend(collector.summaries);
    }
    summaries
}

fn collected(source: &str) -> Collector {
    let file = syn::parse_file(source).expect("a source file is Rust");
    let mut pairs = Pairs::default();
    pairs.visit_file(&file);
    let mut collector = Collector { pairs: pairs.0, ..Collector::default() };
    collector.visit_file(&file);
    collector
}

/// The variables that `if let Some((summary, …)) = variable` takes apart.
#[derive(Default)]
struct Pairs(BTreeSet<String>);

impl<'a> Visit<'a> for Pairs {
    fn visit_expr_let(&mut self, matched: &'a syn::ExprLet) {
        if let Pat::TupleStruct(some) = &*matched.pat
            && let Some(Pat::Tuple(pair)) = some.elems.first()
            && is_called_summary(pair.elems.first())
            && let Expr::Path(variable) = &*matched.expr
        {
            self.0.extend(path_of(&variable.path));
        }
        visit::visit_expr_let(self, matched);
    }
}

#[derive(Default)]
struct Collector {
    summaries: BTreeSet<String>,
    pairs: BTreeSet<String>,
    /// First arguments that are neither a text nor called `summary`.
    unknown: Vec<String>,
}

impl Collector {
    /// Adds the texts that an expression can be.
    fn add(&mut self, expression: &Expr) {
        match expression {
            Expr::Lit(literal) => {
                if let syn::Lit::Str(text) = &literal.lit {
                    self.summaries.insert(text.value());
                }
            }
            Expr::Macro(call) if call.mac.path.is_ident("format") => {
                let first = call.mac.tokens.clone().into_iter().next();
                let literal = first.map(|token| syn::parse_str::<syn::LitStr>(&token.to_string()));
                if let Some(Ok(text)) = literal {
                    self.summaries.insert(text.value());
                }
            }
            Expr::MethodCall(call) => {
                self.add(&call.receiver);
                call.args.iter().for_each(|argument| self.add(argument));
            }
            Expr::Closure(closure) => self.add(&closure.body),
            Expr::Reference(reference) => self.add(&reference.expr),
            Expr::Paren(inner) => self.add(&inner.expr),
            Expr::If(choice) => {
                self.add_block(&choice.then_branch);
                choice.else_branch.iter().for_each(|(_, other)| self.add(other));
            }
            Expr::Match(choice) => choice.arms.iter().for_each(|arm| self.add(&arm.body)),
            Expr::Block(block) => self.add_block(&block.block),
            // A summary with its detail, alone or in a `Some`.
            Expr::Tuple(tuple) => tuple.elems.iter().take(1).for_each(|first| self.add(first)),
            Expr::Call(call) => call.args.iter().take(1).for_each(|first| self.add(first)),
            _ => {}
        }
    }

    fn add_block(&mut self, block: &syn::Block) {
        if let Some(Stmt::Expr(last, None)) = block.stmts.last() {
            self.add(last);
        }
    }
}

impl<'a> Visit<'a> for Collector {
    fn visit_item(&mut self, item: &'a Item) {
        let is_test = |attribute: &syn::Attribute| {
            attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|it| it.is_ident("test"))
        };
        let attributes = match item {
            Item::Mod(module) => &module.attrs,
            Item::Fn(function) => &function.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !attributes.iter().any(is_test) {
            visit::visit_item(self, item);
        }
    }

    fn visit_expr_call(&mut self, call: &'a ExprCall) {
        if let Expr::Path(function) = &*call.func
            && let [.., owner, name] = &*path_of(&function.path)
            && owner == "Diagnostic"
            && (name == "error" || name == "warning")
            && let Some(summary) = call.args.first()
        {
            let names = |expression: &Expr| match expression {
                Expr::Path(path) => path_of(&path.path).pop(),
                Expr::Field(field) => match &field.member {
                    syn::Member::Named(name) => Some(name.to_string()),
                    syn::Member::Unnamed(_) => None,
                },
                Expr::MethodCall(call) => match &*call.receiver {
                    Expr::Path(path) => path_of(&path.path).pop(),
                    _ => None,
                },
                _ => None,
            };
            match names(summary) {
                Some(name) if name != "summary" => self.unknown.push(name),
                _ => self.add(summary),
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_local(&mut self, local: &'a Local) {
        let is_summary = match &local.pat {
            Pat::Ident(name) => {
                name.ident == "summary" || self.pairs.contains(&name.ident.to_string())
            }
            Pat::Tuple(names) => is_called_summary(names.elems.first()),
            _ => false,
        };
        if let Some(value) = &local.init
            && is_summary
        {
            self.add(&value.expr);
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_struct(&mut self, value: &'a syn::ExprStruct) {
        let is_summary = |field: &&syn::FieldValue| match &field.member {
            syn::Member::Named(name) => name == "summary",
            syn::Member::Unnamed(_) => false,
        };
        // The summary of a function is what its page begins with.
        if !value.path.is_ident("Function") {
            value.fields.iter().filter(is_summary).for_each(|field| self.add(&field.expr));
        }
        visit::visit_expr_struct(self, value);
    }
}

fn is_called_summary(pattern: Option<&Pat>) -> bool {
    matches!(pattern, Some(Pat::Ident(name)) if name.ident == "summary")
}

fn path_of(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}
