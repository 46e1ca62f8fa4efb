//! The range rule: how far apart the two limits of an autoscaling range may be.
//!
//! By default 8 CU (4–12 is valid, 0.5–32 is not); the provider block's `max_autoscaling_range_cu`
//! moves the bound, for newer documentation of the service allows 16.

use tfplugin::{Diagnostic, Diagnostics, Object, Path, Severity};

use super::SMALLEST_CU;
use crate::model::field::{Field, Float};
use crate::model::table::Settings;
use crate::model::tf::Tf;

/// Where the service describes sizes and ranges of computes.
const DOCUMENTATION: &str = "https://docs.databricks.com/aws/en/oltp/projects/manage-computes";

/// The two limits of a range, as one object holds them.
#[derive(Clone, Copy)]
pub struct Range {
    /// The least compute, in CU.
    pub min: Field<Float>,
    /// The most compute, in CU.
    pub max: Field<Float>,
}

impl Range {
    /// Checks a configuration: only what it says itself.
    pub fn validate(
        &self,
        config: &Object,
        path: &Path,
        settings: &Settings,
        sink: &mut Diagnostics,
    ) {
        self.check(config, path, settings, Severity::Error, |field| path_of(&field, path), sink);
    }

    /// Checks a plan: also with a limit that only the state has. A range that is too wide already is
    /// a warning for as long as the plan does not change a limit: an object that exists must not
    /// block plans.
    ///
    /// On a create, a maximum alone is refused if the minimum that Lakebase chooses could make the
    /// range too wide.
    pub fn plan(
        &self,
        prior: Option<&Object>,
        config: Option<&Object>,
        planned: &Object,
        path: &Path,
        settings: &Settings,
        sink: &mut Diagnostics,
    ) {
        let configured = |field: Field<Float>| {
            config.is_some_and(|config| !matches!(field.of(config), Tf::Null))
        };
        let changed =
            |field: Field<Float>| prior.is_none_or(|prior| field.of(prior) != field.of(planned));
        let touched = [self.min, self.max].into_iter().any(changed);
        let severity = if touched { Severity::Error } else { Severity::Warning };
        if prior.is_none() && !configured(self.min) {
            self.check_lone_maximum(planned, path, settings, sink);
        }
        let at = |_: Field<Float>| match configured(self.max) {
            true => path_of(&self.max, path),
            false if configured(self.min) => path_of(&self.min, path),
            false => path.clone(),
        };
        self.check(planned, path, settings, severity, at, sink);
    }

    /// The smallest minimum is the worst case, whatever the project's defaults are.
    fn check_lone_maximum(
        &self,
        planned: &Object,
        path: &Path,
        settings: &Settings,
        sink: &mut Diagnostics,
    ) {
        let (Tf::Known(high), Some(bound)) =
            (self.max.of(planned), settings.max_autoscaling_range_cu)
        else {
            return;
        };
        if matches!(self.min.of(planned), Tf::Known(_)) || high - SMALLEST_CU <= bound {
            return;
        }
        let (min, max) = (path_of(&self.min, path), path_of(&self.max, path));
        let least = (high - bound).ceil();
        let detail = format!(
            "If `{min}` is omitted, Lakebase chooses the minimum. With `{max}` = {high}, the range \
             could then span more than {bound} CU. Set `{min}` to {least} or more. If your \
             workspace accepts wider ranges, increase `max_autoscaling_range_cu` in the provider \
             configuration.\n\n{DOCUMENTATION}"
        );
        sink.push(Diagnostic::error(format!("Missing `{min}`"), detail).at(max));
    }

    fn check(
        &self,
        object: &Object,
        path: &Path,
        settings: &Settings,
        severity: Severity,
        at: impl Fn(Field<Float>) -> Path,
        sink: &mut Diagnostics,
    ) {
        let (Tf::Known(low), Tf::Known(high)) = (self.min.of(object), self.max.of(object)) else {
            return;
        };
        let (min, max) = (path_of(&self.min, path), path_of(&self.max, path));
        let found = if high < low {
            Some((
                "Invalid autoscaling range",
                format!("`{min}` ({low} CU) must not be greater than `{max}` ({high} CU)."),
            ))
        } else {
            let bound = settings.max_autoscaling_range_cu.filter(|bound| bound < &(high - low));
            bound
                .map(|bound| ("Autoscaling range too wide", too_wide(&min, low, &max, high, bound)))
        };
        if let Some((summary, detail)) = found {
            let path = at(self.max);
            sink.push(Diagnostic { severity, ..Diagnostic::error(summary, detail).at(path) });
        }
    }
}

fn path_of(field: &Field<Float>, path: &Path) -> Path {
    path.attribute(field.name())
}

fn too_wide(min: &Path, low: f64, max: &Path, high: f64, bound: f64) -> String {
    // Sizes come in whole CU above the smallest, so the suggestions do too.
    let from_below = (low + bound).floor();
    let from_above = (high - bound).ceil();
    let distance = high - low;
    format!(
        "An autoscaling range may span at most {bound} CU, but from `{min}` = {low} to `{max}` = \
         {high} it spans {distance} CU.\n\nThe nearest valid ranges are {low}–{from_below} CU, \
         which keeps the minimum, and {from_above}–{high} CU, which keeps the maximum. If your \
         workspace accepts wider ranges (newer documentation says 16 CU), increase `max_autoscaling_range_cu` in the provider \
         configuration.\n\n\
         {DOCUMENTATION}"
    )
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const RANGE: Range = Range { min: Field::spec("min_cu"), max: Field::spec("max_cu") };

    fn object(low: Option<f64>, high: Option<f64>) -> Object {
        let mut object = Object::new();
        RANGE.min.put(&mut object, low.map_or(Tf::Null, Tf::Known));
        RANGE.max.put(&mut object, high.map_or(Tf::Null, Tf::Known));
        object
    }

    fn bound(bound: Option<f64>) -> Settings {
        Settings { max_autoscaling_range_cu: bound, ..Settings::default() }
    }

    fn found(sink: &Diagnostics) -> String {
        let lines = sink.iter().map(|diagnostic| {
            format!("{:?} at {}: {}", diagnostic.severity, diagnostic.path, diagnostic.detail)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn check(low: f64, high: f64, settings: &Settings, expected: &Expect) {
        let mut sink = Diagnostics::new();
        let path = Path::default();
        RANGE.validate(&object(Some(low), Some(high)), &path, settings, &mut sink);
        expected.assert_eq(&found(&sink));
    }

    #[test]
    fn a_range_spans_at_most_the_bound() {
        let eight = &Settings::default();
        check(8.0, 16.0, eight, &expect![""]);
        check(0.5, 8.5, eight, &expect![""]);
        check(4.0, 20.0, &bound(Some(16.0)), &expect![""]);
        check(0.5, 112.0, &bound(None), &expect![""]);
        check(
            0.5,
            32.0,
            eight,
            &expect![[r#"
                Error at max_cu: An autoscaling range may span at most 8 CU, but from `min_cu` = 0.5 to `max_cu` = 32 it spans 31.5 CU.

                The nearest valid ranges are 0.5–8 CU, which keeps the minimum, and 24–32 CU, which keeps the maximum. If your workspace accepts wider ranges (newer documentation says 16 CU), increase `max_autoscaling_range_cu` in the provider configuration.

                https://docs.databricks.com/aws/en/oltp/projects/manage-computes"#]],
        );
        // Where the bound is fractional, both suggestions are rounded into the bound.
        check(
            1.0,
            32.0,
            &bound(Some(7.5)),
            &expect![[r#"
                Error at max_cu: An autoscaling range may span at most 7.5 CU, but from `min_cu` = 1 to `max_cu` = 32 it spans 31 CU.

                The nearest valid ranges are 1–8 CU, which keeps the minimum, and 25–32 CU, which keeps the maximum. If your workspace accepts wider ranges (newer documentation says 16 CU), increase `max_autoscaling_range_cu` in the provider configuration.

                https://docs.databricks.com/aws/en/oltp/projects/manage-computes"#]],
        );
        check(
            4.0,
            2.0,
            eight,
            &expect!["Error at max_cu: `min_cu` (4 CU) must not be greater than `max_cu` (2 CU)."],
        );
    }

    /// Where a plan from `prior` to `planned` complains, and how.
    fn complaint(prior: &Object, config: &Object, planned: &Object) -> String {
        let mut sink = Diagnostics::new();
        let (path, settings) = (Path::default(), Settings::default());
        RANGE.plan(Some(prior), Some(config), planned, &path, &settings, &mut sink);
        found(&sink).split(": ").next().unwrap_or_default().to_owned()
    }

    #[test]
    fn range_too_wide_is_an_error_where_the_plan_changes_it() {
        let (narrow, wide) = (object(Some(0.5), Some(4.0)), object(Some(0.5), Some(16.0)));
        let (min, max) = (object(Some(0.5), None), object(None, Some(16.0)));
        let neither = object(None, None);
        for (prior, config, planned, expected) in [
            // The state has the other limit.
            (&narrow, &max, &wide, "Error at max_cu"),
            (&narrow, &min, &wide, "Error at min_cu"),
            // Configured, but unchanged: what an apply has made blocks no plan.
            (&wide, &max, &wide, "Warning at max_cu"),
            (&wide, &min, &wide, "Warning at min_cu"),
            // Changed, although not configured.
            (&narrow, &neither, &wide, "Error at "),
            // Neither: the plan does not touch the range.
            (&wide, &neither, &wide, "Warning at "),
        ] {
            assert_eq!(complaint(prior, config, planned), expected, "{config:?}");
        }
    }

    #[test]
    fn a_lone_maximum_of_a_create_is_refused_if_the_minimum_could_be_too_far() {
        let plan = |config: &Object, settings: &Settings| {
            let mut sink = Diagnostics::new();
            let mut planned = config.clone();
            for limit in [RANGE.min, RANGE.max] {
                if limit.of(&planned) == Tf::Null {
                    limit.put(&mut planned, Tf::Unknown);
                }
            }
            RANGE.plan(None, Some(config), &planned, &Path::default(), settings, &mut sink);
            found(&sink)
        };
        let eight = &Settings::default();
        for (min, max, settings) in [
            (None, None, eight),
            (None, Some(8.5), eight),
            (Some(1.0), None, eight),
            (Some(8.0), Some(16.0), eight),
            (None, Some(16.0), &bound(Some(16.0))),
            (None, Some(112.0), &bound(None)),
        ] {
            assert_eq!(plan(&object(min, max), settings), "", "{min:?} {max:?}");
        }
        expect![[r#"
            Error at max_cu: If `min_cu` is omitted, Lakebase chooses the minimum. With `max_cu` = 16, the range could then span more than 8 CU. Set `min_cu` to 8 or more. If your workspace accepts wider ranges, increase `max_autoscaling_range_cu` in the provider configuration.

            https://docs.databricks.com/aws/en/oltp/projects/manage-computes"#]]
        .assert_eq(&plan(&object(None, Some(16.0)), eight));
    }
}
