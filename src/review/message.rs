//! Writes messages in which names stand apart from words, so that each format marks them its way.

/// A sentence, or several, with names in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(pub Vec<Segment>);

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    Text(String),
    /// A name: an address, an attribute, a rule. It can hold any character.
    Code(String),
}

impl Message {
    /// A message from a template: `{}` stands for the next name, and what is between backquotes is
    /// a name too.
    pub fn new(template: &str, names: &[&str]) -> Message {
        let mut names = names.iter();
        let mut segments = Vec::new();
        for (at, part) in template.split('`').enumerate() {
            if at % 2 == 1 {
                segments.push(Segment::Code(part.to_owned()));
                continue;
            }
            for (at, words) in part.split("{}").enumerate() {
                if at > 0 {
                    segments.extend(names.next().map(|name| Segment::Code((*name).to_owned())));
                }
                if !words.is_empty() {
                    segments.push(Segment::Text(words.to_owned()));
                }
            }
        }
        Message(segments)
    }

    /// The message with names in backquotes, for terminals and for programs.
    pub fn plain(&self) -> String {
        self.render(printable, |name| format!("`{}`", printable(name)))
    }

    /// The message, given how words and names are written.
    pub fn render(&self, text: impl Fn(&str) -> String, code: impl Fn(&str) -> String) -> String {
        let parts = self.0.iter().map(|segment| match segment {
            Segment::Text(words) => text(words),
            Segment::Code(name) => code(name),
        });
        parts.collect()
    }

    /// The message with another one behind it.
    #[must_use]
    pub fn and(mut self, other: Message) -> Message {
        self.0.extend(other.0);
        self
    }
}

/// Text whose control characters, and those that change the direction of writing, are visible:
/// instance keys can contain any.
pub fn printable(text: &str) -> String {
    let is_invisible = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let shown = |c: char| match c {
        _ if c.is_control() || is_invisible(c) => c.escape_default().to_string(),
        _ => c.to_string(),
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_apart_from_words_whatever_they_hold() {
        let message = Message::new("The {} of {}: see `--help`.", &["a`{}b", "c"]);
        assert_eq!(message.plain(), "The `a`{}b` of `c`: see `--help`.");
        let names = message.0.iter().filter(|segment| matches!(segment, Segment::Code(_)));
        assert_eq!(names.count(), 3);
    }
}
