//! How a rule is written:
//!
//! ```text
//! RULE      = CONDITION [ [ "not" ] "in" PATTERN ]
//! CONDITION = FLAG | [ "total" ] QUANTITY ( ">" | ">=" | "<" | "<=" ) NUMBER [ UNIT ]
//! ```

use super::{Comparison, Condition, QUANTITIES, Rule};

const FLAGS: [(&str, Condition); 3] = [
    ("always-on", Condition::AlwaysOn),
    ("destroys", Condition::Destroys),
    ("unknown", Condition::Unknown),
];

impl Rule {
    /// Reads a rule.
    ///
    /// *Errors.* What is wrong, and what there is instead.
    pub fn parse(text: &str) -> Result<Rule, String> {
        let words: Vec<_> = text.split_whitespace().collect();
        let (condition, scope) = match words.iter().position(|it| *it == "in") {
            None => (&words[..], None),
            Some(at) => {
                let pattern = words[at + 1..].join(" ");
                // Blanks are in the keys of addresses only, which are quoted.
                if pattern.is_empty() || pattern.contains(' ') && !pattern.contains('"') {
                    return Err("after `in` comes one pattern of addresses".to_owned());
                }
                let negated = words[..at].last() == Some(&"not");
                (&words[..at - usize::from(negated)], Some((pattern, !negated)))
            }
        };
        let condition = condition.join(" ");
        let flag = FLAGS.iter().find(|(name, _)| *name == condition);
        let condition = match flag {
            Some((_, flag)) => *flag,
            None => comparison(&condition)?,
        };
        let of_totals = matches!(condition, Condition::Total(..));
        if of_totals && scope.is_some() {
            return Err(
                "`total` is of the whole plan, so that there is nothing to be `in`".to_owned()
            );
        }
        Ok(Rule { text: words.join(" "), condition, scope })
    }
}

fn comparison(text: &str) -> Result<Condition, String> {
    let Some(at) = text.find(['<', '>']) else {
        let flags = FLAGS.map(|(name, _)| format!("`{name}`")).join(", ");
        return Err(format!("`{text}` is neither {flags} nor a comparison such as `ceiling > 64`"));
    };
    let (name, rest) = text.split_at(at);
    let (of_totals, name) = match name.trim().strip_prefix("total ") {
        Some(name) => (true, name),
        None => (false, name.trim()),
    };
    let Some((_, quantity, unit, has_total)) = QUANTITIES.iter().find(|it| it.0 == name) else {
        let names = QUANTITIES.map(|it| format!("`{}`", it.0)).join(", ");
        return Err(format!("`{name}` is no quantity; there are {names}"));
    };
    if of_totals && !has_total {
        return Err(format!("there is no total of `{name}`"));
    }
    let (comparison, number) = match rest.as_bytes() {
        [b'>', b'=', ..] => (Comparison::AtLeast, &rest[2..]),
        [b'<', b'=', ..] => (Comparison::AtMost, &rest[2..]),
        [b'>', ..] => (Comparison::Above, &rest[1..]),
        _ => (Comparison::Below, &rest[1..]),
    };
    let number = number.trim();
    let number = number.strip_suffix(unit).unwrap_or(number).trim_end();
    let is_plain = number.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    let Some(bound) = number.parse().ok().filter(|_| is_plain) else {
        let unit =
            if unit.is_empty() { String::new() } else { format!(" and `{unit}` if you like") };
        return Err(format!(
            "after `{name}` comes a number, such as `2` or `0.5`{unit}, and not `{number}`"
        ));
    };
    let condition = if of_totals { Condition::Total } else { Condition::Each };
    Ok(condition(*quantity, comparison, bound))
}

#[cfg(test)]
mod tests {
    use super::super::Quantity;
    use super::*;

    #[test]
    fn a_rule_is_a_condition_and_a_scope() {
        let each = |quantity, comparison, bound| Condition::Each(quantity, comparison, bound);
        for (text, condition, scope) in [
            ("always-on", Condition::AlwaysOn, None),
            ("destroys  in module.prod.*", Condition::Destroys, Some(("module.prod.*", true))),
            ("unknown not in *dev*", Condition::Unknown, Some(("*dev*", false))),
            ("destroys in m[\"a b\"].*", Condition::Destroys, Some(("m[\"a b\"].*", true))),
            ("ceiling>64", each(Quantity::Ceiling, Comparison::Above, 64.0), None),
            ("ceiling >= 64 CU", each(Quantity::Ceiling, Comparison::AtLeast, 64.0), None),
            ("growth > 2x", each(Quantity::Growth, Comparison::Above, 2.0), None),
            ("connections < 200", each(Quantity::Connections, Comparison::Below, 200.0), None),
            (
                "total cost <= 99.5",
                Condition::Total(Quantity::Cost, Comparison::AtMost, 99.5),
                None,
            ),
        ] {
            let rule = Rule::parse(text).unwrap();
            assert_eq!(rule.condition, condition, "{text}");
            let scope = scope.map(|(pattern, among): (&str, bool)| (pattern.to_owned(), among));
            assert_eq!(rule.scope, scope, "{text}");
        }
    }

    #[test]
    fn what_is_no_rule_is_told() {
        for (text, complaint) in [
            ("", "neither"),
            ("ceilings > 64", "`ceilings` is no quantity; there are `ceiling`, `floor`"),
            ("ceiling", "neither `always-on`, `destroys`, `unknown` nor a comparison"),
            ("ceiling > ", "after `ceiling` comes a number"),
            ("ceiling > -1", "and not `-1`"),
            ("ceiling > 2x", "and not `2x`"),
            ("growth > two", "and not `two`"),
            ("growth = 2", "neither"),
            ("range > inf", "and not `inf`"),
            ("total range > 8", "there is no total of `range`"),
            ("total ceiling > 8 in *", "`total` is of the whole plan"),
            ("always-on in", "after `in` comes one pattern"),
            ("always-on in a b", "after `in` comes one pattern"),
        ] {
            let error = Rule::parse(text).expect_err(text);
            assert!(error.contains(complaint), "{text}: {error}");
        }
    }
}
