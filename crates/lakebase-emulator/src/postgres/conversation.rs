//! Forwards the bytes of one session both ways. Notices when the client works, so that the endpoint
//! stays awake meanwhile, and ends the session when the endpoint suspends.

use std::io;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::watch;

use super::fleet::Fleet;
use super::frames::{self, Boundaries, Fatal};
use super::logins::wrong_password;
use super::sessions::Target;

/// A connection of a client, encrypted.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What the server says of a login, in messages of the kind `R`.
const LET_IN: u32 = 0;
const PROVE_BY_SCRAM: u32 = 10;

/// How much is read at once.
const PIECE: usize = 16 * 1024;

/// A session between a client and a server.
pub(crate) struct Conversation<'a> {
    pub(crate) work: Work<'a>,
    /// The user, if PostgreSQL itself is to ask for a password, and has not done so yet.
    pub(crate) unproven: Option<String>,
    /// The server's messages that are not complete yet, until the session is ready.
    pub(crate) opening: Option<Vec<u8>>,
    pub(crate) socket: PathBuf,
    /// How the client's queries can be cancelled: the process and the client's secret.
    pub(crate) cancel: Option<(u32, Vec<u8>)>,
}

impl Conversation<'_> {
    /// Forwards until one side ends, or the endpoint suspends.
    pub(crate) async fn run(
        &mut self,
        client: &mut (impl Stream + ?Sized),
        server: &mut UnixStream,
        mut ends: watch::Receiver<()>,
    ) -> io::Result<Result<(), Fatal>> {
        let suspended =
            || Ok(Err(Fatal::new("57P01", "terminating connection due to administrator command")));
        let (mut said, mut answered) = (vec![0; PIECE], vec![0; PIECE]);
        let mut requests = Boundaries::default();
        loop {
            tokio::select! {
                // Whoever ends, there is a reason to tell first.
                biased;
                _ = ends.changed() => return suspended(),
                read = server.read(&mut answered) => {
                    let Some(answered) = answered.get(..read?).filter(|piece| !piece.is_empty()) else {
                        client.shutdown().await?;
                        return Ok(Ok(()));
                    };
                    let answered = match self.answer(answered) {
                        Ok(answered) => answered,
                        Err(refusal) => return Ok(Err(refusal)),
                    };
                    tokio::select! {
                        written = client.write_all(&answered) => written?,
                        // The client does not even read.
                        _ = ends.changed() => return Ok(Ok(())),
                    }
                    client.flush().await?;
                }
                read = client.read(&mut said) => {
                    let Some(said) = said.get(..read?).filter(|piece| !piece.is_empty()) else {
                        return Ok(Ok(()));
                    };
                    let mut answers = 0;
                    if self.opening.is_none() {
                        // Each of these is answered by one `ReadyForQuery`.
                        requests.pass(said, |kind| answers += usize::from(b"QSF".contains(&kind)));
                    }
                    if !self.work.ask(answers) {
                        return suspended();
                    }
                    server.write_all(said).await?;
                }
            }
        }
    }

    /// What the client gets of a piece that the server sends.
    fn answer(&mut self, piece: &[u8]) -> Result<Vec<u8>, Fatal> {
        let Some(mut opening) = self.opening.take() else {
            self.work.answer(piece);
            return Ok(piece.to_vec());
        };
        opening.extend(piece);
        let mut forwarded = Vec::new();
        while let Some((message, rest)) = split(&opening) {
            let (kind, body) = (message[0], &message[5..]);
            match (kind, frames::number(body)) {
                (b'R', Some((LET_IN, _))) if self.unproven.is_some() => {
                    // The rules of the server let some in whom the proxy has checked, but not this one.
                    return Err(wrong_password(self.unproven.as_deref().unwrap_or_default()));
                }
                (b'R', Some((PROVE_BY_SCRAM, _))) => {
                    self.unproven = None;
                    forwarded.extend(message);
                }
                (b'K', Some((process, secret))) => {
                    let target =
                        Target { socket: self.socket.clone(), process, secret: secret.to_vec() };
                    let secret = self.work.fleet.sessions.enter(target);
                    let key = [&process.to_be_bytes(), secret.as_slice()].concat();
                    forwarded.extend(frames::message(b'K', &key));
                    self.cancel = Some((process, secret));
                }
                _ => forwarded.extend(message),
            }
            let rest = rest.to_vec();
            if kind == b'Z' {
                self.work.answer(message);
                self.work.answer(&rest);
                forwarded.extend(rest);
                return Ok(forwarded);
            }
            opening = rest;
        }
        self.opening = Some(opening);
        Ok(forwarded)
    }
}

impl Drop for Conversation<'_> {
    fn drop(&mut self) {
        if let Some((process, secret)) = &self.cancel {
            self.work.fleet.sessions.leave(*process, secret);
        }
    }
}

/// The first complete message, with its head.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, _) = frames::number(bytes.get(1..)?)?;
    bytes.split_at_checked(usize::try_from(length).ok()?.checked_add(1)?.max(5))
}

/// What a client waits for. The endpoint does not suspend meanwhile.
pub(crate) struct Work<'a> {
    fleet: &'a Fleet,
    endpoint: &'a str,
    /// The number of answers that are still to come.
    pending: usize,
    answers: Boundaries,
}

impl Work<'_> {
    /// The client waits for its login.
    pub(crate) fn begin<'a>(fleet: &'a Fleet, endpoint: &'a str) -> Work<'a> {
        fleet.work(endpoint, 1);
        Work { fleet, endpoint, pending: 1, answers: Boundaries::default() }
    }

    /// The client asks for so many answers. Returns whether the endpoint is awake.
    fn ask(&mut self, answers: usize) -> bool {
        let begins = self.pending == 0 && answers > 0;
        self.pending += answers;
        self.fleet.work(self.endpoint, isize::from(begins))
    }

    /// The server has sent this.
    fn answer(&mut self, piece: &[u8]) {
        let before = self.pending;
        let pending = &mut self.pending;
        self.answers.pass(piece, |kind| {
            if kind == b'Z' {
                *pending = pending.saturating_sub(1);
            }
        });
        if before > 0 && self.pending == 0 {
            self.fleet.work(self.endpoint, -1);
        }
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        if self.pending > 0 {
            self.fleet.work(self.endpoint, -1);
        }
    }
}
