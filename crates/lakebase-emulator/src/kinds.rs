//! Lists the kinds of objects and the calls. This is the only place that names them all.

use crate::auth;
use crate::message::Request;
use crate::model::{Call, Kind};
use crate::name;
use crate::resources::{
    BRANCH, CATALOG, CDF_CONFIG, CDF_STATUS, CREDENTIAL, DATA_API, DATABASE, ENDPOINT, PASSWORD,
    PROJECT, ROLE, SNAPSHOT, SNAPSHOT_SCHEDULE, SYNCED_TABLE,
};

/// In the order in which they come with what contains them: a database after its owner.
pub(crate) static KINDS: &[&Kind] = &[
    &PROJECT,
    &BRANCH,
    &ENDPOINT,
    &ROLE,
    &DATABASE,
    &DATA_API,
    &CDF_CONFIG,
    &CDF_STATUS,
    &CATALOG,
    &SYNCED_TABLE,
    &SNAPSHOT,
    &SNAPSHOT_SCHEDULE,
];

static CALLS: &[&Call] =
    &[&CREDENTIAL, &PASSWORD, &auth::CONFIG, &auth::DISCOVERY, &auth::TOKEN, &auth::ME];

/// The call that a request is for.
pub(crate) fn call(request: &Request) -> Option<&'static Call> {
    let method = if request.method == "HEAD" { "GET" } else { &request.method };
    let is_meant =
        |call: &&&'static Call| call.method == method && name::matches(call.path, &request.path);
    CALLS.iter().find(is_meant).copied()
}
