//! Who is let in, and who is still here.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tokio_stream::Stream as AsyncStream;
use tonic::transport::server::Connected;

use super::Failure;
use super::socket::{self, Listener, Stream};
use crate::clock;

/// How long a peer may take to prove who it is.
const PROOF: Duration = Duration::from_secs(10);

/// How long to wait before accepting again after that failed: the cause, too many open files as a
/// rule, does not go away by asking.
const AFTER_FAILURE: Duration = Duration::from_millis(50);

#[derive(Clone)]
pub(crate) enum Admission {
    /// The holder of the pinned certificate.
    Certificate(TlsAcceptor),
    /// Every process of the user with that id, in plain text.
    User(u32),
}

/// How many connections there are.
#[derive(Clone)]
pub(crate) struct Connections(watch::Sender<Count>);

/// Connections, now and ever.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    /// Connections that are open now.
    pub(crate) open: usize,
    /// That were ever admitted.
    pub(crate) ever: usize,
}

impl Default for Connections {
    fn default() -> Self {
        Self(watch::Sender::new(Count::default()))
    }
}

impl Connections {
    /// Accepts connections for as long as somebody takes them. A peer that is slow to prove who it
    /// is keeps nobody else waiting, and no failure ends the accepting.
    pub(crate) fn accept(
        &self,
        listener: Listener,
        admission: Admission,
    ) -> impl AsyncStream<Item = Result<Connection, Infallible>> + use<> {
        let (admitted, incoming) = mpsc::channel(1);
        let connections = self.clone();
        tokio::spawn(async move {
            while !admitted.is_closed() {
                match listener.accept().await {
                    Ok(stream) => {
                        let admitting = admission.clone().admit(stream);
                        let (connections, admitted) = (connections.clone(), admitted.clone());
                        tokio::spawn(async move {
                            match tokio::time::timeout(PROOF, admitting).await {
                                Ok(Ok(transport)) => {
                                    let connection = connections.connection(transport);
                                    // No receiver: the process ends.
                                    let _ = admitted.send(Ok(connection)).await;
                                }
                                Ok(Err(error)) => tracing::warn!(%error, "refused a connection"),
                                Err(_) => tracing::warn!("refused a connection: no proof in time"),
                            }
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "could not accept a connection");
                        clock::pause(AFTER_FAILURE).await;
                    }
                }
            }
        });
        tokio_stream::wrappers::ReceiverStream::new(incoming)
    }

    /// Waits until the count is as wanted, and gives that count.
    pub(crate) async fn until(&self, wanted: impl FnMut(&Count) -> bool) -> Count {
        let mut counts = self.0.subscribe();
        *counts.wait_for(wanted).await.expect("`self` sends, so the channel is open")
    }

    /// How many there are now.
    pub(crate) fn count(&self) -> Count {
        *self.0.borrow()
    }

    fn connection(self, transport: Transport) -> Connection {
        self.0.send_modify(|count| *count = Count { open: count.open + 1, ever: count.ever + 1 });
        Connection { transport, open: Open(self) }
    }
}

impl Admission {
    /// Every process of this user, whom the socket must know.
    pub(crate) fn own_user(user: Option<u32>) -> Result<Self, Failure> {
        user.map(Self::User).ok_or_else(|| {
            "Without TLS the provider serves only its own user, and on this system it cannot tell \
             who connects. Start Terraform without TF_DISABLE_PLUGIN_TLS, or debug elsewhere."
                .to_owned()
        })
    }

    async fn admit(self, stream: Stream) -> io::Result<Transport> {
        match self {
            Self::Certificate(acceptor) => Ok(Box::pin(acceptor.accept(stream).await?)),
            Self::User(user) if socket::peer(&stream) == Some(user) => Ok(Box::pin(stream)),
            Self::User(_) => Err(io::Error::other("the peer is another user")),
        }
    }
}

/// Bytes, in plain text or through TLS.
trait Duplex: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Duplex for T {}

type Transport = Pin<Box<dyn Duplex>>;

/// An admitted connection; counted for as long as it lives.
pub(crate) struct Connection {
    transport: Transport,
    #[expect(dead_code, reason = "counts by being dropped")]
    open: Open,
}

struct Open(Connections);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| count.open -= 1);
    }
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.transport.as_mut().poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.transport.as_mut().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport.as_mut().poll_shutdown(context)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_tls_only_ones_own_user_is_admitted() {
        let connect = || Stream::pair().expect("sockets can be made").0;
        let own = socket::peer(&connect()).expect("the peer is this process");
        assert!(Admission::User(own).admit(connect()).await.is_ok());
        assert!(Admission::User(own + 1).admit(connect()).await.is_err());
        assert!(Admission::own_user(None).is_err());
    }
}
