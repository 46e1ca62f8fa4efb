//! The rules on computes that endpoints and the defaults of a project share (reference §3.3, §7.2).

use serde_json::{Value as Json, json};

use crate::error::{ApiError, Result};
use crate::options::{NeverSuspended, Options};
use crate::schema::{Field, Map, Value};

pub(super) const MIN: &str = "autoscaling_limit_min_cu";
pub(super) const MAX: &str = "autoscaling_limit_max_cu";
pub(super) const TIMEOUT: &str = "suspend_timeout_duration";

pub(super) const MIN_CU: Field = Field::new(MIN, Value::Units);
pub(super) const MAX_CU: Field = Field::new(MAX, Value::Units);

/// [DOC] §3.3.
pub(super) const SUSPEND_TIMEOUT: Field =
    Field::new(TIMEOUT, Value::Duration { min: 60, max: 604_800 }).arm("suspension");

pub(super) const NO_SUSPENSION: Field = Field::new("no_suspension", Value::True).arm("suspension");

/// [DOC] §3.3: both limits are required. The upper bound only keeps sums finite.
pub(super) const GROUP: Field = Field::new(
    "group",
    Value::Message(&[
        Field::new("min", Value::Whole { min: 1, max: 1000 }).required(),
        Field::new("max", Value::Whole { min: 1, max: 1000 }).required(),
        Field::new("enable_readable_secondaries", Value::Flag),
    ]),
);

/// §7.2: [INF] min ≤ max; [DOC] the distance of the two; [KIT] which sizes scale.
pub(super) fn check_limits(options: &Options, settings: &Map, path: &str) -> Result<()> {
    let behaviors = &options.behaviors;
    let limit = |name: &str| settings.get(name).and_then(Json::as_f64).unwrap_or_default();
    let (min, max) = (limit(MIN), limit(MAX));
    let range = behaviors.max_range_cu;
    if min > max {
        return Err(ApiError::invalid(format!(
            "Field '{path}.{MIN}' must not exceed '{path}.{MAX}': {min} > {max}."
        )));
    }
    if max - min > f64::from(range) {
        return Err(ApiError::invalid(format!(
            "The range from '{path}.{MIN}' to '{path}.{MAX}' must be at most {range} CU: {min} to \
             {max}."
        )));
    }
    let (scaling, large) = (behaviors.largest_scaling_cu, behaviors.smallest_large_cu);
    if max <= f64::from(scaling) {
        return Ok(());
    }
    if min < max {
        return Err(ApiError::invalid(format!(
            "Field '{path}.{MAX}' must be at most {scaling} for a compute that scales, got {max}."
        )));
    }
    // [INF] that large sizes are whole.
    if max < f64::from(large) || max.fract() != 0.0 {
        return Err(ApiError::invalid(format!(
            "Field '{path}.{MAX}' must be a whole number from {large} for a compute above {scaling} \
             CU, got {max}."
        )));
    }
    Ok(())
}

/// [INF] §12: how a status shows "never" is not known.
pub(super) fn show_suspension(options: &Options, settings: &mut Map) {
    let never = !settings.contains_key(TIMEOUT);
    if never && options.report_never_suspended_as == NeverSuspended::Flag {
        settings.insert("no_suspension".to_owned(), json!(true));
    }
}
