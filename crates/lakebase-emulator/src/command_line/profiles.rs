//! Lists the options that a profile sets, each with its reason and its certainty.

/// One option that a profile sets, and why.
pub(super) struct ProfileRow {
    pub(super) profile: &'static str,
    pub(super) option: &'static str,
    pub(super) value: &'static str,
    pub(super) because: &'static str,
}

pub(super) const PROFILES: &[ProfileRow] = &[
    ProfileRow {
        profile: "realistic",
        option: "operation-delay",
        value: "5s",
        because: "operations take a while (KIT, reference 4.3)",
    },
    ProfileRow {
        profile: "realistic",
        option: "settle-delay",
        value: "3s",
        because: "endpoints stay pending for a while (REC, reference 3.3)",
    },
    ProfileRow {
        profile: "realistic",
        option: "deviations",
        value: "inexact-expiry",
        because: "an expiry may be a moment off (INF, reference 3.2)",
    },
    ProfileRow {
        profile: "realistic",
        option: "deviations",
        value: "delayed-effects=1",
        because: "reads may be stale after a change (INF, reference 4.3)",
    },
    ProfileRow {
        profile: "realistic",
        option: "deviations",
        value: "normalized-values",
        because: "values may be spelled differently (INF, reference 13.1)",
    },
];
