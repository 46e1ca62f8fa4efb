//! Serves one client: TLS, the login, and then bytes both ways between the client and the server.
//!
//! The server is PostgreSQL itself. The proxy takes part in the start of a session and then only
//! notices when the client works, and when the session is to end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::conversation::{Conversation, Stream, Work};
use super::fleet::{Fleet, Lead};
use super::frames::{self, Fatal, LONGEST_START, Session, Start};
use super::logins::{self, Method};

/// How long a client may take for a login, as by PostgreSQL's default.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where a connection came in.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) tls: TlsAcceptor,
    /// The host that has this address for itself. Without one, the client's TLS names the host.
    pub(crate) host: Option<String>,
}

/// A client that has been promised a session: what it wants, and where it came in.
struct Client {
    stream: Box<dyn Stream>,
    session: Session,
    lead: Lead,
}

/// Serves a connection until it ends. What fails is the connection's end.
pub(crate) async fn serve(stream: TcpStream, door: Door) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let greeted = timeout(PATIENCE, greet(stream, &door)).await;
    let Some(mut client) = greeted.map_err(|_| io::ErrorKind::TimedOut)?? else { return Ok(()) };
    if let Err(refusal) = converse(&mut client, &door.fleet).await? {
        client.stream.write_all(&refusal.message()).await?;
        client.stream.shutdown().await?;
    }
    Ok(())
}

/// Agrees on TLS, and reads what the client wants; `None` where that was no session.
async fn greet(mut stream: TcpStream, door: &Door) -> io::Result<Option<Client>> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    // Clients may begin with TLS at once; its first byte is no length that PostgreSQL accepts.
    let mut is_encrypted = first == [0x16];
    while !is_encrypted {
        match read_start(&mut stream).await? {
            Start::Tls => {
                stream.write_all(b"S").await?;
                is_encrypted = true;
            }
            Start::Gss => stream.write_all(b"N").await?,
            Start::Cancel { process, secret } => {
                cancel(&door.fleet, process, &secret).await?;
                return Ok(None);
            }
            Start::Session(session) => {
                let refusal = Fatal::new(
                    "28000",
                    format!(
                        "no pg_hba.conf entry for host \"{}\", user \"{}\", database \"{}\", no \
                         encryption",
                        stream.peer_addr()?.ip(),
                        session.user(),
                        session.database()
                    ),
                );
                stream.write_all(&refusal.message()).await?;
                return Ok(None);
            }
        }
    }
    let mut stream = door.tls.accept(stream).await?;
    let name = stream.get_ref().1.server_name().map(str::to_owned);
    let session = match read_start(&mut stream).await? {
        Start::Session(session) => session,
        Start::Cancel { process, secret } => {
            cancel(&door.fleet, process, &secret).await?;
            return Ok(None);
        }
        Start::Tls | Start::Gss => return Err(io::ErrorKind::InvalidData.into()),
    };
    let name = door.host.clone().or(name);
    let lead = name.as_ref().and_then(|name| door.fleet.lead(name));
    let Some(lead) = lead else {
        let name = name.map_or_else(|| "no host name".to_owned(), |name| format!("\"{name}\""));
        let text = format!("no endpoint has this host: the client's TLS names {name}");
        stream.write_all(&Fatal::new("08004", text).message()).await?;
        return Ok(None);
    };
    Ok(Some(Client { stream: Box::new(stream), session, lead }))
}

async fn read_start(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Start> {
    let length = usize::try_from(stream.read_u32().await?).unwrap_or(usize::MAX);
    if !(8..=LONGEST_START).contains(&length) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; length - 4];
    stream.read_exact(&mut body).await?;
    frames::start(&body).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

async fn cancel(fleet: &Fleet, process: u32, secret: &[u8]) -> io::Result<()> {
    if let Some(target) = fleet.sessions.target(process, secret) {
        let mut server = UnixStream::connect(&target.socket).await?;
        server.write_all(&frames::cancel(target.process, &target.secret)).await?;
        // The server closes once it has done so, and then so does the proxy.
        server.read_to_end(&mut Vec::new()).await?;
    }
    Ok(())
}

/// Logs in, and serves the session to its end.
async fn converse(client: &mut Client, fleet: &Fleet) -> io::Result<Result<(), Fatal>> {
    let (endpoint, user) = (client.lead.endpoint.clone(), client.session.user().to_owned());
    if user.is_empty() {
        let text = "no PostgreSQL user name specified in startup packet";
        return Ok(Err(Fatal::new("28000", text)));
    }
    let method = {
        let service = fleet.shared.lock();
        logins::method(&service.world, &endpoint, &user, service.clock.now())
    };
    match method.clone() {
        Err(refusal) => return Ok(Err(refusal)),
        Ok(Method::Token) => {
            client.stream.write_all(&frames::ask_for_password()).await?;
            client.stream.flush().await?;
            let token = timeout(PATIENCE, read_password(&mut client.stream)).await;
            let token = token.map_err(|_| io::ErrorKind::TimedOut)??;
            let service = fleet.shared.lock();
            let now = service.clock.now();
            let checked = logins::check_token(&service.world, &endpoint, &user, &token, now);
            if let Err(refusal) = checked {
                return Ok(Err(refusal));
            }
        }
        Ok(Method::Native) => {}
    }
    let gate = fleet.sessions.gate(&client.lead.uid);
    let limit = client.lead.connections;
    let seat =
        if client.lead.purpose.pools { Some(gate.queue(limit).await) } else { gate.open(limit) };
    let Some(_seat) = seat else {
        return Ok(Err(Fatal::new("53300", "sorry, too many clients already")));
    };
    let awake = match fleet.wake(&client.lead).await {
        Ok(awake) => awake,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let socket = awake.directory.join(".s.PGSQL.5432");
    let mut server = UnixStream::connect(&socket).await?;
    server.write_all(&client.session.message()).await?;
    let work = Work::begin(fleet, &endpoint);
    let unproven = (method == Ok(Method::Native)).then(|| user.clone());
    let mut conversation =
        Conversation { work, unproven, opening: Some(Vec::new()), socket, cancel: None };
    conversation.run(&mut client.stream, &mut server, awake.ends).await
}

async fn read_password(stream: &mut Box<dyn Stream>) -> io::Result<String> {
    let kind = stream.read_u8().await?;
    let length = usize::try_from(stream.read_u32().await?).unwrap_or(usize::MAX);
    if kind != b'p' || !(5..=65_536).contains(&length) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; length - 4];
    stream.read_exact(&mut body).await?;
    Ok(frames::password(&body))
}
