//! What an autoscaling range grants: memory and connections, known at plan.
//!
//! The figures are those that Databricks publishes for Lakebase Autoscaling (API reference, 7.2):
//! about 2 GB of memory for a compute unit (CU), and connections by the maximum.

use tfplugin::{Object, Value};

use super::range::Range;
use crate::model::field::{AnyField, Field, Float, Int};
use crate::model::tf::Tf;

/// Memory for a compute unit, in GB.
pub const GB_PER_CU: f64 = 2.0;

/// Connections by size in CU, as published; between two rows they are interpolated.
const CONNECTIONS: &[(f64, f64)] =
    &[(0.5, 104.0), (1.0, 209.0), (4.0, 839.0), (8.0, 1678.0), (16.0, 3357.0), (32.0, 4000.0)];

const MIN_RAM: Field<Float> = Field::member("min_ram_gb")
    .doc("Memory at the minimum size, in GB: about 2 GB per CU.")
    .by_provider();
const MAX_RAM: Field<Float> = Field::member("max_ram_gb")
    .doc("Memory at the maximum size, in GB: about 2 GB per CU.")
    .by_provider();
const MAX_CONNECTIONS: Field<Int> = Field::member("max_connections")
    .doc("Connection limit at the maximum size, capped at 4,000. Interpolated from the [figures published by Databricks](https://docs.databricks.com/aws/en/oltp/projects/manage-computes).")
    .by_provider();

/// The members of a capacity.
pub const MEMBERS: &[AnyField] = &[MIN_RAM.any(), MAX_RAM.any(), MAX_CONNECTIONS.any()];

/// The capacity of the range that an object holds.
pub fn of(range: &Range, object: &Object) -> Value {
    let (min, max) = (range.min.of(object), range.max.of(object));
    let mut capacity = Object::new();
    MIN_RAM.put(&mut capacity, map(&min, |cu| cu * GB_PER_CU));
    MAX_RAM.put(&mut capacity, map(&max, |cu| cu * GB_PER_CU));
    MAX_CONNECTIONS.put(&mut capacity, map(&max, max_connections));
    Value::Map(capacity)
}

/// The connections that the service grants to a maximum of that many CU.
#[expect(clippy::cast_possible_truncation, reason = "at most 4000")]
pub fn max_connections(cu: f64) -> i64 {
    let (smallest, largest) = (CONNECTIONS[0], CONNECTIONS[CONNECTIONS.len() - 1]);
    let connections = if cu <= smallest.0 {
        smallest.1 * cu / smallest.0
    } else {
        let mut steps = CONNECTIONS.windows(2).map(|pair| (pair[0], pair[1]));
        let step = steps.find(|(_, high)| cu <= high.0);
        step.map_or(largest.1, |(low, high)| {
            low.1 + (high.1 - low.1) * (cu - low.0) / (high.0 - low.0)
        })
    };
    connections.round() as i64
}

fn map<T>(value: &Tf<f64>, to: impl Fn(f64) -> T) -> Tf<T> {
    match value {
        // Validation refuses what is not above 0.
        Tf::Known(cu) if *cu <= 0.0 => Tf::Null,
        Tf::Known(cu) => Tf::Known(to(*cu)),
        Tf::Unknown => Tf::Unknown,
        Tf::Null => Tf::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::max_connections;

    #[test]
    fn connections_are_those_published_and_in_between_interpolated() {
        for (cu, connections) in [
            (0.5, 104),
            (1.0, 209),
            (2.0, 419),
            (4.0, 839),
            (8.0, 1678),
            (12.0, 2518),
            (16.0, 3357),
            (32.0, 4000),
            (112.0, 4000),
        ] {
            assert_eq!(max_connections(cu), connections, "{cu} CU");
        }
    }
}
