//! The gRPC service `tfplugin6.Provider` over a [`Provider`]: each question is decoded, asked,
//! and its answer encoded.
//!
//! What no provider should have to think of happens here: a panic, wherever it happens, or an
//! unreadable message is a diagnostic, never a gRPC status, for with a status Terraform forgets
//! private state and identity; a lost connection cancels nothing; write-only values never leave.
//!
//! This room knows no transport: `launch.rs` mounts [`service`]. Start at the list of calls below,
//! then `change.rs`.

mod call;
mod catalog;
mod change;
mod data_source;
mod ephemeral;
#[cfg(test)]
mod fake;
mod function;
mod outgoing;
mod provider_block;
mod resource;
mod schema;
mod stored;
mod unsupported;
mod wire;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock};

use tonic::{Request, Response, Status, Streaming};

use self::call::caught;
use self::catalog::Catalog;
use crate::generated::tfplugin6::{self, provider_server};
use crate::{CancellationToken, Provider};

/// The largest message that is taken, in bytes: what Go providers take. Tonic's own limit is 4 MiB.
const MAX_MESSAGE: usize = 256 << 20;

/// The service, to be mounted on a server.
pub(crate) fn service(provider: Arc<dyn Provider>) -> provider_server::ProviderServer<Server> {
    provider_server::ProviderServer::new(Server::new(provider))
        .max_decoding_message_size(MAX_MESSAGE)
}

/// One provider, and what is remembered between calls.
pub(crate) struct Server {
    provider: Arc<dyn Provider>,
    /// What the provider offers, or the text of its panic when it was asked.
    catalog: OnceLock<Result<Catalog, String>>,
    /// What the calls of now listen to; `StopProvider` cancels it and puts a fresh one in place.
    stop: Mutex<CancellationToken>,
    /// How many calls there have been: the source of their ids in the log.
    calls: AtomicU64,
}

impl Server {
    pub(crate) fn new(provider: Arc<dyn Provider>) -> Self {
        Self {
            provider,
            catalog: OnceLock::new(),
            stop: Mutex::default(),
            calls: AtomicU64::default(),
        }
    }
}

/// Every call of the service: those that ask the provider, those that are answered from what is
/// known, those that are not supported, and those that stream, which are not supported either.
///
/// A call that asks may say which member of its request names the type, and what is answered
/// besides the diagnostic where no answer comes about.
macro_rules! calls {
    (
        asked: { $($rpc:literal $asked:ident($($type_name:ident)?) => $ask:path $(, or $kept:path)?;)* }
        known: { $($known:ident => $answer:path,)* }
        refused: { $($refused:ident($request:ident) => $refuse:path,)* }
        streamed: { $($stream:tt)* }
    ) => {
        #[tonic::async_trait]
        impl provider_server::Provider for Server {
            $(async fn $asked(
                &self,
                request: Request<tfplugin6::$asked::Request>,
            ) -> Result<Response<tfplugin6::$asked::Response>, Status> {
                let request = request.into_inner();
                let type_name: Option<&str> = None$(.or(Some(&request.$type_name)))?;
                let rpc = self.begin($rpc, type_name.unwrap_or_default());
                let kept: Option<tfplugin6::$asked::Response> = None$(.or(Some($kept(&request))))?;
                let answer = caught($ask(&rpc, request)).await.flatten();
                Ok(Response::new(answer.unwrap_or_else(|problem| {
                    let mut response = kept.unwrap_or_default();
                    response.diagnostics = vec![wire::diagnostic(problem)];
                    response
                })))
            })*

            $(async fn $known(
                &self,
                _: Request<tfplugin6::$known::Request>,
            ) -> Result<Response<tfplugin6::$known::Response>, Status> {
                Ok(Response::new($answer(self)))
            })*

            $(async fn $refused(
                &self,
                request: Request<tfplugin6::$request::Request>,
            ) -> Result<Response<tfplugin6::$request::Response>, Status> {
                Ok(Response::new($refuse(self, request.get_ref())))
            })*

            $($stream)*
        }
    };
}

calls! {
    asked: {
        "ValidateProviderConfig" validate_provider_config() => provider_block::validate;
        "ConfigureProvider" configure_provider() => provider_block::configure;

        "ValidateResourceConfig" validate_resource_config(type_name) => resource::validate;
        "UpgradeResourceState" upgrade_resource_state(type_name) => stored::upgrade_state;
        "UpgradeResourceIdentity" upgrade_resource_identity(type_name) => stored::upgrade_identity;
        "ReadResource" read_resource(type_name) => resource::read, or resource::unread;
        "PlanResourceChange" plan_resource_change(type_name) => change::plan, or change::unplanned;
        "ApplyResourceChange" apply_resource_change(type_name)
            => change::apply, or change::unapplied;
        "ImportResourceState" import_resource_state(type_name) => resource::import;
        "MoveResourceState" move_resource_state(target_type_name) => stored::move_state;

        "ValidateDataResourceConfig" validate_data_resource_config(type_name)
            => data_source::validate;
        "ReadDataSource" read_data_source(type_name) => data_source::read;

        "ValidateEphemeralResourceConfig" validate_ephemeral_resource_config(type_name)
            => ephemeral::validate;
        "OpenEphemeralResource" open_ephemeral_resource(type_name) => ephemeral::open;
        "RenewEphemeralResource" renew_ephemeral_resource(type_name)
            => ephemeral::renew, or ephemeral::unrenewed;
        "CloseEphemeralResource" close_ephemeral_resource(type_name) => ephemeral::close;
    }
    known: {
        get_metadata => schema::metadata,
        get_provider_schema => schema::provider_schema,
        get_resource_identity_schemas => schema::identity_schemas,
        get_functions => schema::functions,
        stop_provider => provider_block::stop,
    }
    refused: {
        generate_resource_config(generate_resource_config) => unsupported::generate_config,
        validate_list_resource_config(validate_list_resource_config) => unsupported::validate_list,
        validate_action_config(validate_action_config) => unsupported::validate_action,
        plan_action(plan_action) => unsupported::plan_action,
        validate_state_store_config(validate_state_store) => unsupported::validate_state_store,
        configure_state_store(configure_state_store) => unsupported::configure_state_store,
        lock_state(lock_state) => unsupported::lock_state,
        unlock_state(unlock_state) => unsupported::unlock_state,
        get_states(get_states) => unsupported::get_states,
        delete_state(delete_state) => unsupported::delete_state,
    }
    streamed: {
        // A function answers with its own kind of error.
        async fn call_function(
            &self,
            request: Request<tfplugin6::call_function::Request>,
        ) -> Result<Response<tfplugin6::call_function::Response>, Status> {
            Ok(Response::new(function::call(self, request.into_inner()).await))
        }

        type ListResourceStream = unsupported::OneEvent<tfplugin6::list_resource::Event>;
        type InvokeActionStream = unsupported::OneEvent<tfplugin6::invoke_action::Event>;
        type ReadStateBytesStream = unsupported::OneEvent<tfplugin6::read_state_bytes::Response>;

        async fn list_resource(
            &self,
            request: Request<tfplugin6::list_resource::Request>,
        ) -> Result<Response<Self::ListResourceStream>, Status> {
            Ok(Response::new(unsupported::list_resource(self, request.get_ref())))
        }

        async fn invoke_action(
            &self,
            request: Request<tfplugin6::invoke_action::Request>,
        ) -> Result<Response<Self::InvokeActionStream>, Status> {
            Ok(Response::new(unsupported::invoke_action(self, request.get_ref())))
        }

        async fn read_state_bytes(
            &self,
            request: Request<tfplugin6::read_state_bytes::Request>,
        ) -> Result<Response<Self::ReadStateBytesStream>, Status> {
            Ok(Response::new(unsupported::read_state_bytes(self, request.get_ref())))
        }

        async fn write_state_bytes(
            &self,
            _: Request<Streaming<tfplugin6::write_state_bytes::RequestChunk>>,
        ) -> Result<Response<tfplugin6::write_state_bytes::Response>, Status> {
            Ok(Response::new(unsupported::write_state_bytes(self)))
        }
    }
}
