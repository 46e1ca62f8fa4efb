//! Names the hosts of endpoints: as Lakebase does, in a domain of the user's, or as addresses of this
//! machine.

use std::net::Ipv4Addr;

/// [REC] §9.5, the domain of the hosts of the recorded workspace.
const DOMAIN: &str = "database.us-east-1.cloud.databricks.com";

/// How the hosts of endpoints are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Hosts {
    /// Names as Lakebase's, which lead nowhere.
    #[default]
    Recorded,
    /// Names in a domain that leads to the emulator.
    Domain(String),
    /// Addresses 127.BLOCK.x.y of this machine. They tell endpoints apart although Lakebase's API
    /// has no port.
    Loopback { block: u8 },
}

/// What a host of an endpoint leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Purpose {
    /// Whether it leads to readable secondaries.
    pub(crate) reads: bool,
    /// Whether it leads to the connection pool.
    pub(crate) pools: bool,
}

impl Purpose {
    pub(crate) const DIRECT: Purpose = Purpose { reads: false, pools: false };
    pub(crate) const POOLED: Purpose = Purpose { reads: false, pools: true };
    pub(crate) const READS: Purpose = Purpose { reads: true, pools: false };
    pub(crate) const POOLED_READS: Purpose = Purpose { reads: true, pools: true };
}

impl Hosts {
    /// The host of the endpoint with this UID and this number.
    pub(crate) fn name(&self, uid: &str, number: u32, purpose: Purpose) -> String {
        let domain = match self {
            Hosts::Recorded => DOMAIN,
            Hosts::Domain(domain) => domain,
            Hosts::Loopback { block } => {
                let place = u32::from(purpose.reads) * 2 + u32::from(purpose.pools);
                let [.., high, low] = (number * 4 + place).to_be_bytes();
                return Ipv4Addr::new(127, *block, high, low).to_string();
            }
        };
        // [INF] §3.3: that there are pooled hosts is [DOC], their form was never recorded.
        let reads = if purpose.reads { "-ro" } else { "" };
        let pools = if purpose.pools { "-pooler" } else { "" };
        format!("{uid}{reads}{pools}.{domain}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_named_by_uid_or_by_number() {
        let name = |hosts: Hosts, purpose| hosts.name("ep-a", 70, purpose);
        let domain = || Hosts::Domain("db.test".to_owned());
        let loopback = || Hosts::Loopback { block: 9 };
        let cases = [
            (name(Hosts::Recorded, Purpose::DIRECT), format!("ep-a.{DOMAIN}")),
            (name(domain(), Purpose::POOLED), "ep-a-pooler.db.test".to_owned()),
            (name(domain(), Purpose::POOLED_READS), "ep-a-ro-pooler.db.test".to_owned()),
            (name(loopback(), Purpose::DIRECT), "127.9.1.24".to_owned()),
            (name(loopback(), Purpose::POOLED_READS), "127.9.1.27".to_owned()),
        ];
        for (made, expected) in cases {
            assert_eq!(made, expected);
        }
    }
}
