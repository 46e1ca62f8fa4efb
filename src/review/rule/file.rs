//! Reads a file of rules: TOML, with rules for each scope, and exceptions.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

use super::{Exception, Rule, Scope, Severity};

/// The content of a file of rules.
#[derive(Debug, Default)]
pub struct RulesFile {
    pub rules: Vec<Rule>,
    pub exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default, rename = "scope")]
    scopes: Vec<RawScope>,
    #[serde(default, rename = "exception")]
    exceptions: Vec<RawException>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScope {
    #[serde(default, rename = "in")]
    within: Patterns,
    #[serde(default, rename = "not_in")]
    without: Patterns,
    #[serde(default)]
    deny: Vec<String>,
    #[serde(default)]
    warn: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawException {
    rule: String,
    #[serde(rename = "in")]
    within: Patterns,
    reason: String,
    until: toml::value::Datetime,
}

/// One pattern, or several.
#[derive(Default)]
struct Patterns(Vec<String>);

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMore {
            One(String),
            More(Vec<String>),
        }
        Ok(Patterns(match OneOrMore::deserialize(deserializer)? {
            OneOrMore::One(pattern) => vec![pattern],
            OneOrMore::More(patterns) => patterns,
        }))
    }
}

impl RulesFile {
    /// Reads the text of a file.
    ///
    /// *Errors.* The place and what is wrong there, in one line.
    pub fn parse(text: &str) -> Result<RulesFile, String> {
        let raw: Raw = toml::from_str(text).map_err(|error| place(text, &error))?;
        let mut file = RulesFile::default();
        for scope in raw.scopes {
            let severities = [(scope.deny, Severity::Deny), (scope.warn, Severity::Warn)];
            if severities.iter().all(|(rules, _)| rules.is_empty()) {
                return Err("a `[[scope]]` has neither `deny` nor `warn`".to_owned());
            }
            for (rules, severity) in severities {
                for text in rules {
                    let rule = Rule::parse(&text, severity);
                    let mut rule = rule.map_err(|error| format!("`{text}`: {error}"))?;
                    let (within, without) = (&scope.within.0, &scope.without.0);
                    if !(rule.scope.is_everything() || within.is_empty() && without.is_empty()) {
                        return Err(format!(
                            "`{text}`: its scope stands in `[[scope]]`; remove the `in` of the rule"
                        ));
                    }
                    if rule.scope.is_everything() {
                        rule.scope = Scope { within: within.clone(), without: without.clone() };
                    }
                    file.rules.push(rule);
                }
            }
        }
        for exception in raw.exceptions {
            file.exceptions.push(exception.read(&file.rules)?);
        }
        Ok(file)
    }
}

impl RawException {
    fn read(self, rules: &[Rule]) -> Result<Exception, String> {
        let RawException { rule, within, reason, until } = self;
        if rule != "*" && !rules.iter().any(|it| it.text == rule) {
            return Err(format!(
                "an exception is to the rule `{rule}`, which is not in the file; write it as there, \
                 or `*` for all"
            ));
        }
        if reason.trim().is_empty() {
            return Err(format!("the exception to `{rule}` has no reason"));
        }
        if within.0.is_empty() {
            return Err(format!("the exception to `{rule}` has no pattern in `in`"));
        }
        let date = match (until.date, until.time) {
            (Some(date), None) => Date::new(
                i16::try_from(date.year).unwrap_or_default(),
                i8::try_from(date.month).unwrap_or_default(),
                i8::try_from(date.day).unwrap_or_default(),
            )
            .ok(),
            _ => None,
        };
        let until = date.ok_or_else(|| {
            format!("the exception to `{rule}`: write `until` as a date, such as `2027-01-31`")
        })?;
        Ok(Exception {
            rule,
            scope: Scope { within: within.0, without: Vec::new() },
            reason,
            until,
        })
    }
}

/// An error of the library, with its line.
fn place(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().replace('\n', " ");
    match error.span() {
        Some(span) => {
            let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
            format!("line {line}: {message}")
        }
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_has_scopes_and_exceptions() {
        let file = RulesFile::parse(
            "[[scope]]\nin = \"projects/production/*\"\ndeny = [\"destroys\", \"ceiling > 64\"]\n\
             warn = [\"growth > 2x\"]\n[[scope]]\nnot_in = [\"projects/production/*\", \"a.b\"]\n\
             deny = [\"ceiling > 16\"]\n[[exception]]\nrule = \"ceiling > 16\"\n\
             in = \"projects/load/*\"\nreason = \"Load test\"\nuntil = 2027-01-31\n",
        )
        .unwrap();
        let texts: Vec<_> = file.rules.iter().map(|rule| (&*rule.text, rule.severity)).collect();
        let expected = [
            ("destroys", Severity::Deny),
            ("ceiling > 64", Severity::Deny),
            ("growth > 2x", Severity::Warn),
            ("ceiling > 16", Severity::Deny),
        ];
        assert_eq!(texts, expected);
        let scopes = [0, 3].map(|at| &file.rules[at].scope);
        let patterns = |patterns: &[&str]| patterns.iter().map(|it| (*it).to_owned()).collect();
        let within = Scope { within: patterns(&["projects/production/*"]), without: Vec::new() };
        let without =
            Scope { within: Vec::new(), without: patterns(&["projects/production/*", "a.b"]) };
        assert_eq!(scopes, [&within, &without]);
        assert_eq!(file.exceptions[0].until, jiff::civil::date(2027, 1, 31));
    }

    #[test]
    fn bad_file_is_refused_with_its_place() {
        let exception = |rest: &str| {
            format!("[[scope]]\ndeny = [\"destroys\"]\n[[exception]]\nrule = \"destroys\"\n{rest}")
        };
        let dated =
            |until: &str| exception(&format!("in = \"*\"\nreason = \"r\"\nuntil = {until}"));
        for (text, complaint) in [
            ("[[scope]]\nin = \"a\"\n".to_owned(), "neither `deny` nor `warn`"),
            ("[[scope]\n".to_owned(), "line 1: "),
            (
                "[[scope]]\ndeny = [\"destroys\"]\nwarnings = []\n".to_owned(),
                "line 3: unknown field `warnings`",
            ),
            (
                "[[scope]]\ndeny = [\"ceiling\"]\n".to_owned(),
                "`ceiling`: `ceiling` is not a valid condition",
            ),
            (
                "[[scope]]\nin = \"a\"\ndeny = [\"destroys in b\"]\n".to_owned(),
                "its scope stands in",
            ),
            (exception("in = \"*\"\nreason = \"\"\nuntil = 2027-01-01"), "has no reason"),
            (exception("in = []\nreason = \"r\"\nuntil = 2027-01-01"), "no pattern"),
            (exception("reason = \"r\"\nuntil = 2027-01-01"), "missing field `in`"),
            (dated("\"soon\""), "line 7: "),
            (dated("2027-01-01T00:00:00Z"), "write `until` as a date"),
            (
                dated("2027-01-01").replace("rule = \"destroys\"", "rule = \"unknown\""),
                "not in the file",
            ),
        ] {
            let error = RulesFile::parse(&text).expect_err(&text);
            assert!(error.contains(complaint), "{text}: {error}");
        }
    }
}
