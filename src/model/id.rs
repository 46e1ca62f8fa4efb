//! Checks the ID of an object: the last segment of its name.
//!
//! Characters that Lakebase is known to refuse are errors. A length is a limit that may move, so
//! that more is a warning. Start reading at [`check`].

use tfplugin::{Diagnostic, Path};

use super::field::IdRule;
use super::meaning::quoted;

/// The longest ID that Lakebase documents today, in characters.
const LONGEST: usize = 63;
/// The longest part of a name of Unity Catalog, in characters.
const LONGEST_IN_UNITY_CATALOG: usize = 255;

/// What is wrong with the ID of an object, which a create would give it or which it has already.
pub fn check(rule: IdRule, id: &str, is_created: bool, path: &Path) -> Option<Diagnostic> {
    let error = |why: &str| {
        let what = if matches!(rule, IdRule::UnityCatalog(3)) { "table name" } else { "ID" };
        let detail = format!("{} is not a valid {what}. {why}", quoted(id));
        Some(Diagnostic::error(format!("Invalid `{path}`"), detail).at(path.clone()))
    };
    match rule {
        IdRule::Label if !is_label(id) => error(
            "An ID must start with a lowercase letter, contain only lowercase letters, digits and \
             hyphens, and not end with a hyphen. Specify only the ID, not the full resource name.",
        ),
        IdRule::LabelIfCreated if is_created && !(is_label(id) && id.len() <= LONGEST) => error(
            "The ID of a new object must match the pattern `^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`.",
        ),
        IdRule::LabelIfCreated if !is_segment(id) => error(
            "An ID must not contain slashes or spaces. Specify only the ID, not the full resource \
             name.",
        ),
        IdRule::Words if !is_words(id) => error(
            "It must start with a lowercase letter and contain only lowercase letters, digits and \
             underscores.",
        ),
        IdRule::UnityCatalog(parts) if !is_in_unity_catalog(id, parts) => error(&match parts {
            1 => "It must be a Unity Catalog name without dots, slashes and spaces.".to_owned(),
            parts => format!(
                "It must be a Unity Catalog name with {parts} parts separated by dots, without \
                 slashes and spaces, for example `main.sales.orders`."
            ),
        }),
        IdRule::Label | IdRule::Words if LONGEST < id.len() => {
            let detail = format!(
                "`{id}` has {} characters. Databricks documents a maximum of {LONGEST}. The API may \
                 reject it.",
                id.len()
            );
            Some(
                Diagnostic::warning(format!("`{path}` is longer than documented"), detail)
                    .at(path.clone()),
            )
        }
        _ => None,
    }
}

/// The pattern of most IDs, but for their length (API reference, 7.1 and 14).
fn is_label(id: &str) -> bool {
    let begins = id.bytes().next().is_some_and(|it| it.is_ascii_lowercase());
    let is_letter = |it: u8| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'-');
    begins && !id.ends_with('-') && id.bytes().all(is_letter)
}

/// The pattern of the ID of a CDF config, but for its length (API reference, 7.1).
fn is_words(id: &str) -> bool {
    let begins = id.bytes().next().is_some_and(|it| it.is_ascii_lowercase());
    begins && id.bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

fn is_in_unity_catalog(id: &str, parts: usize) -> bool {
    let is_part = |part: &str| is_segment(part) && part.chars().count() <= LONGEST_IN_UNITY_CATALOG;
    id.split('.').count() == parts && id.split('.').all(is_part)
}

fn is_segment(id: &str) -> bool {
    let is_strange =
        |letter: char| letter.is_whitespace() || letter.is_control() || "/?#%".contains(letter);
    !id.is_empty() && !id.contains(is_strange)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_accepted_by_its_rule() {
        let (long, longer) = ("a".repeat(63), "a".repeat(64));
        let uuid = "17a31436-08aa-456e-8ec3-d22f5c0de123";
        let jane = "jane@example.com";
        for (rule, is_created, accepted, refused) in [
            (IdRule::Label, false, vec!["a", "a-1", &*long], vec!["", "A", "9lives", "a-", "a_b"]),
            (
                IdRule::LabelIfCreated,
                true,
                vec!["app", "postgres", &*long],
                vec![uuid, jane, &*longer],
            ),
            (IdRule::LabelIfCreated, false, vec![uuid, jane, &*longer], vec!["", "a/b", "a b"]),
            (IdRule::Words, true, vec!["app_db"], vec!["app-db", "_a", ""]),
            (IdRule::UnityCatalog(1), true, vec!["my_Catalog"], vec!["a.b", "", "a b", "a/b"]),
            (IdRule::UnityCatalog(3), true, vec!["main.sales.orders"], vec!["main.sales", "a..b"]),
        ] {
            let problem = |id: &str| check(rule, id, is_created, &Path::root("id"));
            for id in accepted {
                assert_eq!(problem(id), None, "{rule:?} {id}");
            }
            for id in refused {
                assert!(problem(id).is_some_and(|it| it.is_error()), "{rule:?} {id}");
            }
        }
    }

    #[test]
    fn long_id_is_a_warning_where_the_limit_may_move() {
        let problem = check(IdRule::Label, &"a".repeat(64), true, &Path::root("project_id"));
        assert!(problem.is_some_and(|diagnostic| !diagnostic.is_error()
            && diagnostic.summary.starts_with("`project_id` is longer")));
    }
}
