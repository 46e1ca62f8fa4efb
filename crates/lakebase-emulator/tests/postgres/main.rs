//! PostgreSQL behind the endpoints, as clients see it: real servers, connected to over TLS.
//!
//! The servers are those that `xtask/postgres.py` puts into `.tools/`, or those in the directories
//! that the variable `LAKEBASE_POSTGRES` names. Start reading at [`stand`].
#![cfg(unix)]

mod branches;
mod contents;
mod guide;
mod limits;
mod logins;
mod program;
mod stand;
mod storm;
mod suspension;
