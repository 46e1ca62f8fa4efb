//! A program that asks a workspace who the caller is, with nothing but its environment: what a
//! process reads of it can only be tested in a process of its own.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use lakebase_api::{CancellationToken, Client, Credentials, Environment, Settings, SystemClock};

#[tokio::main]
async fn main() -> ExitCode {
    match ask().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut cause: Option<&dyn Error> = Some(&*error);
            while let Some(error) = cause {
                eprintln!("{error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn ask() -> Result<(), Box<dyn Error>> {
    let (credentials, environment) = (Credentials::default(), Environment::of_process());
    let (settings, clock) = (Settings::default(), Arc::new(SystemClock::new()));
    let timeout = Settings::RETRY_TIMEOUT;
    let client = Client::new(&credentials, &environment, settings, clock)?;
    client.me(&client.deadline(timeout, CancellationToken::new())).await?;
    Ok(())
}
