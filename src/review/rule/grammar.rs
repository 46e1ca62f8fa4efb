//! Reads a rule:
//!
//! ```text
//! RULE      = CONDITION [ [ "not" ] "in" PATTERN ]
//! CONDITION = FLAG | [ "total" ] QUANTITY ( ">" | ">=" | "<" | "<=" ) NUMBER [ UNIT ]
//! ```

use super::{Comparison, Condition, QUANTITIES, Rule, Scope, Severity};

const FLAGS: [(&str, Condition); 3] = [
    ("always-on", Condition::AlwaysOn),
    ("destroys", Condition::Destroys),
    ("unknown", Condition::Unknown),
];

impl Rule {
    /// Reads a rule.
    ///
    /// *Errors.* What is wrong, and what is possible instead.
    pub fn parse(text: &str, severity: Severity) -> Result<Rule, String> {
        // A pattern is taken as it is, for keys in addresses can contain anything.
        let (condition, pattern) = match format!("{} ", text.trim_end()).split_once(" in ") {
            Some((condition, pattern)) => (condition.to_owned(), Some(pattern.trim().to_owned())),
            None => (text.to_owned(), None),
        };
        let mut words: Vec<_> = condition.split_whitespace().collect();
        let mut scope = Scope::default();
        let mut written = None;
        if let Some(pattern) = pattern {
            if pattern.is_empty() || pattern.contains(' ') && !pattern.contains('"') {
                return Err("expected one pattern after `in`".to_owned());
            }
            let is_negated = words.last() == Some(&"not");
            if is_negated {
                words.pop();
            }
            let not = if is_negated { " not" } else { "" };
            written = Some(format!("{not} in {pattern}"));
            let patterns = if is_negated { &mut scope.without } else { &mut scope.within };
            patterns.push(pattern);
        }
        let condition = words.join(" ");
        let text = format!("{condition}{}", written.unwrap_or_default());
        let flag = FLAGS.iter().find(|(name, _)| *name == condition);
        let condition = match flag {
            Some((_, flag)) => *flag,
            None => comparison(&condition)?,
        };
        Ok(Rule { text, severity, condition, scope })
    }
}

fn comparison(text: &str) -> Result<Condition, String> {
    let Some(at) = text.find(['<', '>']) else {
        let flags = FLAGS.map(|(name, _)| format!("`{name}`")).join(", ");
        return Err(format!(
            "`{text}` is not a valid condition; expected {flags} or a comparison such as `ceiling > 64`"
        ));
    };
    let (name, rest) = text.split_at(at);
    let (of_totals, name) = match name.trim().strip_prefix("total ") {
        Some(name) => (true, name.trim()),
        None => (false, name.trim()),
    };
    let Some(quantity) = QUANTITIES.iter().find(|quantity| quantity.name == name) else {
        let names = QUANTITIES.each_ref().map(|quantity| format!("`{}`", quantity.name)).join(", ");
        return Err(format!("`{name}` is not a known metric; valid metrics: {names}"));
    };
    if of_totals && quantity.of_total.is_none() {
        return Err(format!("`{name}` has no total"));
    }
    let (comparison, number) = match rest.as_bytes() {
        [b'>', b'=', ..] => (Comparison::AtLeast, &rest[2..]),
        [b'<', b'=', ..] => (Comparison::AtMost, &rest[2..]),
        [b'>', ..] => (Comparison::Above, &rest[1..]),
        _ => (Comparison::Below, &rest[1..]),
    };
    let number = number.trim();
    let unit = quantity.unit;
    let number = number.strip_suffix(unit).unwrap_or(number).trim_end();
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let Some(bound) = number.parse().ok().filter(|_| is_plain) else {
        let unit =
            if unit.is_empty() { String::new() } else { format!(", with or without `{unit}`") };
        return Err(format!(
            "expected a number after `{name}`, such as `2` or `0.5`{unit}, but got `{number}`"
        ));
    };
    let condition = if of_totals { Condition::Total } else { Condition::Each };
    Ok(condition(quantity, comparison, bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_is_condition_and_scope() {
        for (text, written, within, without) in [
            ("always-on", "always-on", None, None),
            (
                "destroys  in module.prod.*",
                "destroys in module.prod.*",
                Some("module.prod.*"),
                None,
            ),
            ("unknown not in *dev*", "unknown not in *dev*", None, Some("*dev*")),
            ("destroys in m[\"a  b\"].*", "destroys in m[\"a  b\"].*", Some("m[\"a  b\"].*"), None),
            ("destroys in m[\"a in b\"]", "destroys in m[\"a in b\"]", Some("m[\"a in b\"]"), None),
            ("ceiling>64", "ceiling>64", None, None),
            ("ceiling >= 64 CU", "ceiling >= 64 CU", None, None),
            ("growth > 2x", "growth > 2x", None, None),
            ("total  cost <= 99.5", "total cost <= 99.5", None, None),
            (
                "total ceiling > 8 in projects/p/*",
                "total ceiling > 8 in projects/p/*",
                Some("projects/p/*"),
                None,
            ),
        ] {
            let rule = Rule::parse(text, Severity::Deny).unwrap();
            assert_eq!(rule.text, written);
            let patterns = |pattern: Option<&str>| pattern.map(str::to_owned).into_iter().collect();
            let scope = Scope { within: patterns(within), without: patterns(without) };
            assert_eq!(rule.scope, scope, "{text}");
        }
    }

    #[test]
    fn invalid_rule_is_rejected_with_the_valid_syntax() {
        for (text, complaint) in [
            ("", "not a valid condition"),
            (
                "ceilings > 64",
                "`ceilings` is not a known metric; valid metrics: `ceiling`, `floor`",
            ),
            ("ceiling", "expected `always-on`, `destroys`, `unknown` or a comparison"),
            ("ceiling > ", "expected a number after `ceiling`"),
            ("ceiling > -1", "but got `-1`"),
            ("ceiling > 2x", "but got `2x`"),
            ("growth > two", "but got `two`"),
            ("growth = 2", "not a valid condition"),
            ("range > inf", "but got `inf`"),
            ("total range > 8", "`range` has no total"),
            ("always-on in", "expected one pattern after `in`"),
            ("always-on in a b", "expected one pattern after `in`"),
        ] {
            let error = Rule::parse(text, Severity::Deny).expect_err(text);
            assert!(error.contains(complaint), "{text}: {error}");
        }
    }
}
