//! How to connect to an endpoint: where, as whom, and the ways that programs want it written.
//!
//! Pure. Port, database and TLS mode are those of the Databricks CLI's own client (API reference,
//! 6.7).

use std::collections::BTreeMap;

use lakebase_api::Json;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The port of every endpoint.
pub const PORT: i64 = 5432;
/// The database that every branch comes with.
pub const DEFAULT_DATABASE: &str = "databricks_postgres";
/// Endpoints take connections over TLS only.
pub const SSL_MODE: &str = "require";

/// Everything but the characters that never need encoding in a URI (RFC 3986, 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where to connect, and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The host name.
    pub host: String,
    /// The database, by its PostgreSQL name.
    pub database: String,
    /// The role to log in as.
    pub user: String,
}

impl Connection {
    /// `postgresql://user@host:5432/database?sslmode=require`, with the password if there is one.
    pub fn uri(&self, password: Option<&str>) -> String {
        let Self { host, database, user } = self;
        let password = password.map(|it| format!(":{}", encoded(it))).unwrap_or_default();
        let (user, database) = (encoded(user), encoded(database));
        format!("postgresql://{user}{password}@{host}:{PORT}/{database}?sslmode={SSL_MODE}")
    }

    /// The URL for JDBC, without a password.
    pub fn jdbc_url(&self) -> String {
        let Self { host, database, user } = self;
        let (user, database) = (encoded(user), encoded(database));
        format!("jdbc:postgresql://{host}:{PORT}/{database}?user={user}&sslmode={SSL_MODE}")
    }

    /// The keyword form that libpq and its descendants read, without a password.
    pub fn dsn(&self) -> String {
        let Self { host, database, user } = self;
        let (database, user) = (keyword_value(database), keyword_value(user));
        format!("host={host} port={PORT} dbname={database} user={user} sslmode={SSL_MODE}")
    }

    /// A command line that asks for the password.
    pub fn psql(&self) -> String {
        // Percent encoding leaves nothing for a shell to interpret but `?`.
        format!("psql '{}'", self.uri(None))
    }

    /// The environment variables of libpq, without a password.
    pub fn env(&self) -> BTreeMap<String, String> {
        let pairs = [
            ("PGHOST", self.host.clone()),
            ("PGPORT", PORT.to_string()),
            ("PGDATABASE", self.database.clone()),
            ("PGUSER", self.user.clone()),
            ("PGSSLMODE", SSL_MODE.to_owned()),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// The host of an endpoint as the service reports it, for reads only or not, through the connection
/// pool or not; an error is a sentence.
pub fn host(endpoint: &Json, read_only: bool, pooled: bool) -> Result<String, String> {
    let status = &endpoint["status"];
    let only_reads = status["endpoint_type"] == "ENDPOINT_TYPE_READ_ONLY";
    let key = match (read_only || only_reads && pooled, pooled) {
        (false, false) => "host",
        (true, false) => "read_only_host",
        (false, true) => "read_write_pooled_host",
        (true, true) => "read_only_pooled_host",
    };
    let found = status["hosts"][key].as_str().map(str::to_owned);
    found.ok_or_else(|| {
        let name = endpoint["name"].as_str().unwrap_or_default();
        let advice = if read_only {
            "Use a read replica, or configure a `group` of two or more computes with \
             `enable_readable_secondaries = true`."
        } else {
            "The endpoint may still be starting."
        };
        format!("Endpoint `{name}` has no `{key}`. {advice}")
    })
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// A value in libpq's keyword form: quoted where it must be.
fn keyword_value(text: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && c != '\'' && c != '\\';
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn connection(user: &str) -> Connection {
        Connection {
            host: "ep-1.database.us-east-1.cloud.databricks.com".to_owned(),
            database: "databricks_postgres".to_owned(),
            user: user.to_owned(),
        }
    }

    #[test]
    fn names_are_encoded_in_uris() {
        assert_eq!(
            connection("jane.doe@example.com").uri(Some("a/b:c@d")),
            "postgresql://jane.doe%40example.com:a%2Fb%3Ac%40d@ep-1.database.us-east-1.cloud.\
             databricks.com:5432/databricks_postgres?sslmode=require"
        );
    }

    #[test]
    fn values_are_quoted_in_keyword_form_where_they_must_be() {
        for (user, expected) in [
            ("jane", "jane"),
            ("a b", "'a b'"),
            ("it's", r"'it\'s'"),
            (r"a\b", r"'a\\b'"),
            ("", "''"),
        ] {
            let dsn = connection(user).dsn();
            assert!(dsn.contains(&format!(" user={expected} ")), "{dsn}");
        }
    }

    #[test]
    fn the_host_is_the_one_for_the_purpose() {
        let endpoint = json!({"name": "projects/p/branches/b/endpoints/e", "status": {
            "endpoint_type": "ENDPOINT_TYPE_READ_WRITE",
            "hosts": {"host": "a", "read_write_pooled_host": "b"},
        }});
        assert_eq!(host(&endpoint, false, false).as_deref(), Ok("a"));
        assert_eq!(host(&endpoint, false, true).as_deref(), Ok("b"));
        let message = host(&endpoint, true, false).unwrap_err();
        assert!(message.contains("has no `read_only_host`. Use a read replica"), "{message}");
    }
}
