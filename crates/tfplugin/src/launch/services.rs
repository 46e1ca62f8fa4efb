//! What a plugin serves beside the provider: its health, its end, and two streams that stay silent.

use std::convert::Infallible;
use std::pin::Pin;

use tokio::sync::watch;
use tokio_stream::{Pending, Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};
use tonic_health::ServingStatus;

use super::connections::Connection;
use crate::generated::plugin::grpc_broker_server::{GrpcBroker, GrpcBrokerServer};
use crate::generated::plugin::grpc_controller_server::{GrpcController, GrpcControllerServer};
use crate::generated::plugin::grpc_stdio_server::{GrpcStdio, GrpcStdioServer};
use crate::generated::plugin::{ConnInfo, Empty, StdioData};
use crate::generated::tfplugin6::provider_server::{Provider, ProviderServer};

/// Everything that a plugin serves.
pub(crate) struct Services<P> {
    pub(crate) provider: ProviderServer<P>,
    /// What becomes of Terraform's wish that the process end.
    pub(crate) control: Control,
}

impl<P: Provider> Services<P> {
    /// Serves all connections until the shutdown.
    pub(crate) async fn serve(
        self,
        connections: impl Stream<Item = Result<Connection, Infallible>>,
    ) {
        let (health, health_server) = tonic_health::server::health_reporter();
        health.set_service_status("plugin", ServingStatus::Serving).await;
        let served = tonic::transport::Server::builder()
            .add_service(self.provider)
            .add_service(GrpcControllerServer::new(self.control))
            .add_service(GrpcStdioServer::new(Silence))
            .add_service(GrpcBrokerServer::new(Silence))
            .add_service(health_server)
            .serve_with_incoming(connections)
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "stopped serving");
        }
    }
}

/// Takes Terraform's wish that the process end.
pub(crate) struct Control(watch::Sender<bool>);

/// Learns of Terraform's wish that the process end.
pub(crate) struct Shutdown(watch::Receiver<bool>);

impl Control {
    pub(crate) fn new() -> (Self, Shutdown) {
        let (wish, wished) = watch::channel(false);
        (Self(wish), Shutdown(wished))
    }
}

impl Shutdown {
    /// Waits for the wish.
    pub(crate) async fn wished(&mut self) {
        if self.0.wait_for(|it| *it).await.is_err() {
            std::future::pending::<()>().await; // no service is left to hear it
        }
    }
}

#[tonic::async_trait]
impl GrpcController for Control {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.0.send_replace(true);
        Ok(Response::new(Empty {}))
    }
}

/// Streams that Terraform opens on every connection and expects to stay open.
struct Silence;

#[tonic::async_trait]
impl GrpcStdio for Silence {
    type StreamStdioStream = Pending<Result<StdioData, Status>>;

    async fn stream_stdio(
        &self,
        _: Request<()>,
    ) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(tokio_stream::pending()))
    }
}

#[tonic::async_trait]
impl GrpcBroker for Silence {
    type StartStreamStream = Pin<Box<dyn Stream<Item = Result<ConnInfo, Status>> + Send>>;

    /// Listens without an answer, and ends when Terraform ends its side.
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        Ok(Response::new(Box::pin(request.into_inner().filter(|_| false))))
    }
}
