//! What can be chosen about an emulator when it starts.

use std::time::Duration;

use crate::unkind::Unkind;

/// What can be chosen about an emulator when it starts. The default is a workspace in which
/// operations are done at their first poll.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// How long an operation runs. 0: it is done at the first poll, never in the first answer.
    pub operation_delay: Duration,
    /// How long `pending_state` of an endpoint stays after its operation is done.
    pub settle_delay: Duration,
    /// Whether answers carry the submitted `spec` beside `status`, as the service did for some
    /// weeks (reference §6.9).
    pub echo_spec: bool,
    /// How many objects of a sort there may be.
    pub quotas: Quotas,
    /// The widest `autoscaling_limit_max_cu - autoscaling_limit_min_cu` that is accepted.
    pub max_autoscaling_range_cu: u32,
    /// How many objects a list answer holds where the request names no `page_size`.
    pub page_size: usize,
    /// What `X-Databricks-Org-Id` says.
    pub workspace_id: String,
    /// Who asks: an e-mail address, or the application id of a service principal.
    pub user_name: String,
    /// The personal access token that is accepted.
    pub token: String,
    /// The OAuth client that is accepted.
    pub client_id: String,
    /// The secret of that client.
    pub client_secret: String,
    /// Whether the clock stands at 2026-01-01T00:00:00Z and only moves when it is told to, so that
    /// answers repeat from run to run, times included.
    pub frozen_clock: bool,
    /// How long an OAuth token is accepted.
    pub token_lifetime: Duration,
    /// How `status` shows that a compute never suspends, which was never recorded (§12).
    pub report_never_suspended_as: NeverSuspended,
    /// Ways in which the service may differ from what was recorded of it.
    pub unkind: Unkind,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            port: 0,
            operation_delay: Duration::ZERO,
            settle_delay: Duration::ZERO,
            echo_spec: false,
            quotas: Quotas::default(),
            max_autoscaling_range_cu: 16,
            page_size: 100,
            workspace_id: "470576644108500".to_owned(),
            user_name: "jane.doe@example.com".to_owned(),
            token: "emulator-token".to_owned(),
            client_id: "emulator-client".to_owned(),
            client_secret: "emulator-secret".to_owned(),
            frozen_clock: false,
            token_lifetime: Duration::from_hours(1),
            report_never_suspended_as: NeverSuspended::TimeoutAbsent,
            unkind: Unkind::default(),
        }
    }
}

/// The two forms in which a status may say "never suspends".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NeverSuspended {
    /// There is no `suspend_timeout_duration`.
    #[default]
    TimeoutAbsent,
    /// There is none, and `no_suspension` is true.
    Flag,
}

/// How many objects of a sort there may be. [KIT] §7.3.
#[derive(Clone, Debug)]
pub struct Quotas {
    /// Projects in the workspace, soft-deleted ones included.
    pub projects: usize,
    /// Branches in a project.
    pub branches: usize,
    /// Branches in a project that are not archived.
    pub unarchived_branches: usize,
    /// Protected branches in a project.
    pub protected_branches: usize,
    /// Computes in a project that are not disabled, those of a group one by one.
    pub active_computes: usize,
    /// Roles on a branch.
    pub roles: usize,
    /// Databases on a branch.
    pub databases: usize,
}

impl Default for Quotas {
    fn default() -> Quotas {
        Quotas {
            projects: 1000,
            branches: 500,
            unarchived_branches: 10,
            protected_branches: 1,
            active_computes: 20,
            roles: 500,
            databases: 500,
        }
    }
}
