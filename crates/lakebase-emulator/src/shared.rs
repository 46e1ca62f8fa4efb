//! Shares one service among the threads of an emulator. Knows neither sockets nor rules.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::service::Service;

/// The service that all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    service: Mutex<Service>,
    /// Notified with every recorded request.
    pub(crate) recorded: Condvar,
    /// Notified after every request.
    pub(crate) answered: Notify,
}

impl Shared {
    pub(crate) fn new(service: Service) -> Arc<Shared> {
        Arc::new(Shared {
            service: Mutex::new(service),
            recorded: Condvar::new(),
            answered: Notify::new(),
        })
    }

    /// The service, be it after a panic: a change is applied as a whole or not at all.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
