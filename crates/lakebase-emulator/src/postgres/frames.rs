//! Reads and writes the messages of PostgreSQL's protocol that the proxy takes part in: the start of a
//! session, its errors, and the boundaries of all others. Pure: bytes in, bytes out.
//!
//! The formats are those of the chapter *Frontend/Backend Protocol* of PostgreSQL's documentation.

/// The longest first message that is accepted, as by PostgreSQL.
pub(crate) const LONGEST_START: usize = 10_000;

/// The first message of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// It asks for TLS.
    Tls,
    /// It asks for encryption by GSSAPI.
    Gss,
    /// It cancels the query of another session.
    Cancel { process: u32, secret: Vec<u8> },
    /// It starts a session.
    Session(Session),
}

/// How a client starts a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) version: u32,
    pub(crate) parameters: Vec<(String, String)>,
}

/// Reads the first message, without its length.
pub(crate) fn start(bytes: &[u8]) -> Option<Start> {
    let (code, rest) = number(bytes)?;
    match code {
        80_877_103 => Some(Start::Tls),
        80_877_104 => Some(Start::Gss),
        80_877_102 => {
            let (process, secret) = number(rest)?;
            Some(Start::Cancel { process, secret: secret.to_vec() })
        }
        version if version >> 16 == 3 => {
            let mut texts = rest.split(|byte| *byte == 0);
            let mut parameters = Vec::new();
            loop {
                let mut text = || Some(String::from_utf8_lossy(texts.next()?).into_owned());
                let name = text()?;
                if name.is_empty() {
                    return Some(Start::Session(Session { version, parameters }));
                }
                parameters.push((name, text()?));
            }
        }
        _ => None,
    }
}

impl Session {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().rfind(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn user(&self) -> &str {
        self.parameter("user").unwrap_or_default()
    }

    pub(crate) fn database(&self) -> &str {
        self.parameter("database").filter(|name| !name.is_empty()).unwrap_or(self.user())
    }

    /// The message that starts the session, for a server.
    pub(crate) fn message(&self) -> Vec<u8> {
        let mut body = self.version.to_be_bytes().to_vec();
        for (name, value) in &self.parameters {
            for text in [name, value] {
                body.extend(text.as_bytes());
                body.push(0);
            }
        }
        body.push(0);
        with_length(&body)
    }
}

/// The request that cancels a query, for a server.
pub(crate) fn cancel(process: u32, secret: &[u8]) -> Vec<u8> {
    let code = 80_877_102_u32.to_be_bytes();
    with_length(&[&code, &process.to_be_bytes(), secret].concat())
}

/// What makes a client send its password as it is.
pub(crate) fn ask_for_password() -> Vec<u8> {
    message(b'R', &3_u32.to_be_bytes())
}

/// The password in the body of a client's answer.
pub(crate) fn password(body: &[u8]) -> String {
    let text = body.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

/// An error that ends the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fatal {
    /// The SQLSTATE.
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

impl Fatal {
    pub(crate) fn new(code: &'static str, text: impl Into<String>) -> Fatal {
        Fatal { code, text: text.into() }
    }

    pub(crate) fn message(&self) -> Vec<u8> {
        let fields = [(b'S', "FATAL"), (b'V', "FATAL"), (b'C', self.code), (b'M', &self.text)];
        let mut body = Vec::new();
        for (field, text) in fields {
            body.push(field);
            body.extend(text.as_bytes());
            body.push(0);
        }
        body.push(0);
        message(b'E', &body)
    }
}

pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], with_length(body).as_slice()].concat()
}

fn with_length(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), body].concat()
}

/// A number at the beginning, and the rest.
pub(crate) fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*number), rest))
}

/// Finds the kinds of the messages in a stream, whichever way it is cut into pieces.
#[derive(Debug, Default)]
pub(crate) struct Boundaries {
    /// The kind and the length of a message, as far as they have come.
    head: Vec<u8>,
    /// How much of a message's body is still to come.
    missing: usize,
}

impl Boundaries {
    /// Calls back with the kind of each message that begins in this piece.
    pub(crate) fn pass(&mut self, mut piece: &[u8], mut found: impl FnMut(u8)) {
        while !piece.is_empty() {
            if self.missing > 0 {
                let passed = self.missing.min(piece.len());
                self.missing -= passed;
                piece = &piece[passed..];
                continue;
            }
            let taken = (5 - self.head.len()).min(piece.len());
            self.head.extend(&piece[..taken]);
            piece = &piece[taken..];
            if let [kind, length @ ..] = self.head.as_slice()
                && let Some((length, _)) = number(length)
            {
                found(*kind);
                self.missing = usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(4);
                self.head.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jane() -> Session {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let parameters = vec![pair("user", "jane"), pair("application_name", "")];
        Session { version: 3 << 16, parameters }
    }

    #[test]
    fn first_messages_are_told_apart() {
        let session = jane().message();
        assert_eq!(start(&session[4..]), Some(Start::Session(jane())));
        assert_eq!(jane().database(), "jane");
        let secret = vec![1, 2, 3, 4];
        let cancelled = Start::Cancel { process: 7, secret: secret.clone() };
        assert_eq!(start(&cancel(7, &secret)[4..]), Some(cancelled));
        assert_eq!(start(&80_877_103_u32.to_be_bytes()), Some(Start::Tls));
        assert_eq!(start(&80_877_104_u32.to_be_bytes()), Some(Start::Gss));
    }

    #[test]
    fn malformed_first_messages_are_refused() {
        let cut = jane().message();
        let cases: [&[u8]; 5] =
            [b"", b"\0\0", b"GET / HTTP/1.1", &(2_u32 << 16).to_be_bytes(), &cut[4..cut.len() - 2]];
        for bytes in cases {
            assert_eq!(start(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn boundaries_are_found_in_pieces_of_any_size() {
        let stream =
            [message(b'Q', b"select 1\0"), message(b'S', b""), message(b'X', b"")].concat();
        for size in 1..=stream.len() {
            let (mut boundaries, mut kinds) = (Boundaries::default(), Vec::new());
            for piece in stream.chunks(size) {
                boundaries.pass(piece, |kind| kinds.push(kind));
            }
            assert_eq!(kinds, b"QSX", "in pieces of {size}");
        }
    }

    #[test]
    fn error_has_the_fields_that_clients_read() {
        let message = Fatal::new("28P01", "no").message();
        assert_eq!(message, b"E\0\0\0\x1eSFATAL\0VFATAL\0C28P01\0Mno\0\0");
    }
}
