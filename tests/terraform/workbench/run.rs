//! A run of Terraform that has ended.

use std::fmt;

use serde_json::Value as Json;

/// What a command printed, and how it ended.
pub(crate) struct Run {
    /// As typed: `terraform plan -detailed-exitcode`.
    pub(crate) command: String,
    /// The exit code; none where a signal ended the run.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// All that was printed, for people: first stdout, then stderr.
    ///
    /// Without the warning about development overrides that opens every run of these tests.
    pub(crate) fn output(&self) -> String {
        const OPENING: &str = "\nWarning: Provider development overrides are in effect\n";
        const END: &str = "published\nreleases.\n";
        let mut text = format!("{}{}", self.stdout, self.stderr);
        if let Some(start) = text.find(OPENING)
            && let Some(length) = text[start..].find(END)
        {
            text.replace_range(start..start + length + END.len(), "");
        }
        text.trim().to_owned()
    }

    /// What was printed, from this text on.
    #[track_caller]
    pub(crate) fn from(&self, start: &str) -> String {
        let output = self.output();
        let start = output.find(start).unwrap_or_else(|| panic!("There is no {start:?}.\n{self}"));
        output[start..].to_owned()
    }

    /// The same without where in the configuration it is about: for what is inside an object, older
    /// Terraforms show the head of the block, newer ones the line.
    #[track_caller]
    pub(crate) fn without_places_from(&self, start: &str) -> String {
        let is_place = |line: &str| {
            let line = line.trim_start();
            let rest = line.trim_start_matches(|it: char| it.is_ascii_digit());
            line.starts_with("on main.tf line") || rest != line && rest.starts_with(": ")
        };
        let text = self.from(start);
        text.lines().filter(|line| !is_place(line)).collect::<Vec<_>>().join("\n")
    }

    /// Itself, or the end of the test where the command failed.
    #[track_caller]
    pub(crate) fn succeeded(self) -> Run {
        assert!(self.status == Some(0), "It should have succeeded.\n{self}");
        self
    }

    /// Itself, or the end of the test where the command did not fail of its own accord.
    #[track_caller]
    pub(crate) fn failed(self) -> Run {
        assert!(self.status == Some(1), "It should have failed.\n{self}");
        self
    }

    /// What was printed, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("This is no JSON: {error}.\n{self}"))
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => writeln!(f, "$ {} (exit code {status})", self.command)?,
            None => writeln!(f, "$ {} (ended by a signal)", self.command)?,
        }
        f.write_str(&self.output())
    }
}
