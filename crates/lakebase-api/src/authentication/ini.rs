//! Reads INI files as the Databricks SDK for Go does: with the library go-ini, whose option
//! `SpaceBeforeInlineComment` is on and whose other options are the defaults. One configuration file
//! then means the same to all programs.
//!
//! Start reading at [`parse`].

use std::collections::BTreeMap;
use std::fmt;

/// The section of what stands before the first section.
const DEFAULT: &str = "DEFAULT";

/// The values of each section. A section, or a value of one, that comes again is merged: the last
/// value counts.
pub(super) type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// A line that is neither section, value nor comment. The line itself may hold a secret and is not
/// kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IniError {
    line: usize,
    what: &'static str,
}

impl fmt::Display for IniError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} {}", self.line, self.what)
    }
}

const NO_LINE: &str = "is neither `[section]` nor `key = value`";
const NO_END: &str = "begins a quotation that does not end";

/// The lines of a file, each with its number.
struct Lines<'a> {
    rest: std::iter::Enumerate<std::str::SplitInclusive<'a, char>>,
}

/// Reads a file.
///
/// A value may stand in single or double quotes, which are removed; in backquotes or three double
/// quotes it may go over several lines. Elsewhere `#` or `;` after a space begins a comment, and a
/// backslash at the end of a line joins the next one to it.
pub(super) fn parse(text: &str) -> Result<Sections, IniError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = Lines { rest: text.split_inclusive('\n').enumerate() };
    let mut sections = Sections::new();
    let mut current = DEFAULT.to_owned();
    while let Some((line, text)) = lines.next() {
        let text = text.trim_start();
        if text.is_empty() || text.starts_with(['#', ';']) {
            continue;
        }
        let error = |what| IniError { line, what };
        if let Some(inside) = text.strip_prefix('[') {
            let (name, _) = inside.rsplit_once(']').ok_or_else(|| error(NO_LINE))?;
            if name.is_empty() {
                return Err(error(NO_LINE));
            }
            name.clone_into(&mut current);
            sections.entry(current.clone()).or_default();
            continue;
        }
        let (key, value) = key(text).ok_or_else(|| error(NO_LINE))?;
        let value = lines.value(value).ok_or_else(|| error(NO_END))?;
        sections.entry(current.clone()).or_default().insert(key.to_owned(), value);
    }
    Ok(sections)
}

/// Splits a line into its key and what follows `=` or `:`.
fn key(line: &str) -> Option<(&str, &str)> {
    let quote = [r#"""""#, "\"", "`"].into_iter().find(|quote| line.starts_with(quote));
    let (key, value) = match quote {
        Some(quote) => {
            let (key, rest) = line[quote.len()..].split_once(quote)?;
            let (_, value) = rest.split_once(['=', ':'])?;
            (key, value)
        }
        None => line.split_once(['=', ':'])?,
    };
    Some((key.trim(), value)).filter(|(key, _)| !key.is_empty())
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<(usize, &'a str)> {
        self.rest.next().map(|(index, line)| (index + 1, line))
    }

    /// The value that begins with the rest of a line; none if its quotation does not end.
    fn value(&mut self, line: &str) -> Option<String> {
        let line = line.trim_start();
        for quote in [r#"""""#, "`"] {
            if let Some(inside) = line.strip_prefix(quote) {
                return self.quoted(inside, quote);
            }
        }
        let line = line.trim_end();
        if let Some(begun) = line.strip_suffix('\\') {
            return Some(self.continued(begun));
        }
        // A secret may hold `#`, so that a comment begins with a space before it.
        let end = line.find(" #").or_else(|| line.find(" ;")).unwrap_or(line.len());
        let line = line[..end].trim_end();
        Some(without_quotes(line).to_owned())
    }

    /// A value in quotes that mean all inside literally.
    fn quoted(&mut self, inside: &str, quote: &str) -> Option<String> {
        if let Some((value, _)) = inside.rsplit_once(quote) {
            return Some(value.to_owned());
        }
        let mut value = inside.to_owned();
        loop {
            let (_, next) = self.next()?;
            if let Some((last, _)) = next.rsplit_once(quote) {
                return Some(value + last);
            }
            value.push_str(next);
        }
    }

    /// A value that goes on in the next line.
    fn continued(&mut self, begun: &str) -> String {
        let mut value = begun.to_owned();
        while let Some((_, next)) = self.next() {
            let next = next.trim();
            match next.strip_suffix('\\') {
                Some(more) => value.push_str(more),
                None => return value + next,
            }
        }
        value
    }
}

/// Removes quotes around a value that has no others of their kind inside.
fn without_quotes(value: &str) -> &str {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    let mut quotes = ['\'', '"'].into_iter();
    let found = quotes.find_map(|quote| inside(quote).filter(|text| !text.contains(quote)));
    found.unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of the section `p`, as `key=value` each.
    fn read(file: &str) -> Result<Vec<String>, IniError> {
        let section = parse(file)?.remove("p").unwrap_or_default();
        Ok(section.into_iter().map(|(key, value)| format!("{key}={value}")).collect())
    }

    #[test]
    fn files_are_read_as_go_ini_reads_them() {
        let table: &[(&str, &[&str])] = &[
            ("[p]\na = 1\nb=2\n c : 3", &["a=1", "b=2", "c=3"]),
            ("[p]\r\na = 1\r\nb = 2\r\n", &["a=1", "b=2"]),
            ("\u{feff}[p]\na = 1", &["a=1"]),
            ("[p] # note\na = 1", &["a=1"]),
            ("[p]\na = \"1\"\nb = '2'", &["a=1", "b=2"]),
            ("[p]\na = \"1' \nb = \"a\"b\"\nc = \"", &["a=\"1'", "b=\"a\"b\"", "c=\""]),
            ("[p]\na = 1 # note\nb = 2; note\nc = #", &["a=1", "b=2; note", "c=#"]),
            ("[p]\na = \"1\" # note\nb = \"1#2\"", &["a=1", "b=1#2"]),
            (
                "[p]\na = %Y#X$Z ; note\nb = 1\t# 2\nc = 1 ; 2 # 3",
                &["a=%Y#X$Z", "b=1\t# 2", "c=1 ; 2"],
            ),
            ("[p]\na = `1#2`\nb = `3\n4` # note", &["a=1#2", "b=3\n4"]),
            ("[p]\na = \"\"\"1\n2\"\"\"\nb = 3", &["a=1\n2", "b=3"]),
            ("[p]\na = 1\\\n  2\\\n3\nb = 4", &["a=123", "b=4"]),
            ("[p]\na = 1\\", &["a=1"]),
            ("[p]\na = 1\na = 2", &["a=2"]),
            ("[p]\na = 1\nb = 1\n[q]\na = 3\n[p]\na = 2", &["a=2", "b=1"]),
            ("[p]\na =\nb = x=y", &["a=", "b=x=y"]),
            ("[p]\n\"a\" = 1\n`b` = 2", &["a=1", "b=2"]),
            ("# [q]\n; x\n[p]\n\n   # y\na = 1", &["a=1"]),
            ("[q]\na = 1", &[]),
        ];
        for (file, expected) in table {
            assert_eq!(read(file).unwrap(), *expected, "{file:?}");
        }
        assert_eq!(parse("a = 1").unwrap()[DEFAULT]["a"], "1");
    }

    #[test]
    fn malformed_profile_line_is_an_error_with_its_number() {
        let table = [
            ("[p]\nstray\na = 1", 2, NO_LINE),
            ("[p", 1, NO_LINE),
            ("[]", 1, NO_LINE),
            ("\n\n = 1", 3, NO_LINE),
            ("\"a = 1", 1, NO_LINE),
            ("[p]\na = `1\nb = 2", 2, NO_END),
            ("[p]\na = \"\"\"1", 2, NO_END),
        ];
        for (file, line, what) in table {
            assert_eq!(read(file), Err(IniError { line, what }), "{file:?}");
        }
    }
}
