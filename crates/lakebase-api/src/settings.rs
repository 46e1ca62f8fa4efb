//! Says how a client behaves.

use std::time::Duration;

/// How the client behaves. What is omitted comes from the environment or a profile, else it has a
/// default.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The longest time for one attempt, answer included. If omitted, `http_timeout_seconds` of the
    /// profile, else [`Settings::HTTP_TIMEOUT`].
    pub http_timeout: Option<Duration>,
    /// The longest time for all attempts at one request. If omitted, `retry_timeout_seconds` of the
    /// profile, else [`Settings::RETRY_TIMEOUT`].
    pub retry_timeout: Option<Duration>,
    /// The most requests a second. If omitted, `DATABRICKS_RATE_LIMIT` or `rate_limit` of the
    /// profile; without these there is no limit.
    pub requests_per_second: Option<f64>,
    /// The product that makes the requests: `product/version`, and more of that form.
    pub user_agent: String,
    /// The only workspace whose answers are believed.
    pub expected_workspace_id: Option<String>,
}

impl Settings {
    /// The default of `http_timeout`.
    pub const HTTP_TIMEOUT: Duration = Duration::from_mins(1);
    /// The default of `retry_timeout`.
    pub const RETRY_TIMEOUT: Duration = Duration::from_mins(5);
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            http_timeout: None,
            retry_timeout: None,
            requests_per_second: None,
            user_agent: concat!("lakebase-api/", env!("CARGO_PKG_VERSION")).to_owned(),
            expected_workspace_id: None,
        }
    }
}

/// The limits of a client, once every source has been asked.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) http_timeout: Duration,
    pub(crate) retry_timeout: Duration,
    pub(crate) requests_per_second: Option<f64>,
    pub(crate) expected_workspace_id: Option<String>,
}
