//! Random types and values of them, for the round trips of the coders.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::{Number, Refinement, Value, normalized};
use crate::Type;

/// Types with values of them, of which some are unknown.
pub(super) fn values() -> impl Strategy<Value = (Type, Value)> {
    with_value(types(), true)
}

/// Types with values of them that are wholly known, as stored values are.
pub(super) fn known_values() -> impl Strategy<Value = (Type, Value)> {
    with_value(types(), false)
}

/// Types, with the dynamic one among them.
pub(super) fn types() -> BoxedStrategy<Type> {
    types_of(prop_oneof![3 => primitives(), 1 => Just(Type::Dynamic)].boxed())
}

fn with_value(types: BoxedStrategy<Type>, unknowns: bool) -> BoxedStrategy<(Type, Value)> {
    types.prop_flat_map(move |r#type| (Just(r#type.clone()), value_of(&r#type, unknowns))).boxed()
}

fn primitives() -> BoxedStrategy<Type> {
    prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String)].boxed()
}

fn types_of(leaves: BoxedStrategy<Type>) -> BoxedStrategy<Type> {
    leaves
        .prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(|it| Type::List(Box::new(it))),
                inner.clone().prop_map(|it| Type::Set(Box::new(it))),
                inner.clone().prop_map(|it| Type::Map(Box::new(it))),
                btree_map("[a-z]{1,3}", inner.clone(), 0..4).prop_map(Type::Object),
                vec(inner, 0..3).prop_map(Type::Tuple),
            ]
        })
        .boxed()
}

fn value_of(r#type: &Type, unknowns: bool) -> BoxedStrategy<Value> {
    let inside = |it: &Type| value_of(it, unknowns);
    let known = match r#type {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => numbers().prop_map(Value::Number).boxed(),
        Type::String => texts().prop_map(Value::String).boxed(),
        Type::Dynamic => with_value(types_of(primitives()), unknowns)
            .prop_map(|it| Value::Dynamic(Box::new(it)))
            .boxed(),
        Type::List(element) => vec(inside(element), 0..4).prop_map(Value::List).boxed(),
        Type::Set(element) => vec(inside(element), 0..4).prop_map(Value::set).boxed(),
        Type::Map(element) => {
            btree_map(texts(), inside(element), 0..4).prop_map(Value::Map).boxed()
        }
        Type::Tuple(types) => {
            types.iter().map(inside).collect::<Vec<_>>().prop_map(Value::List).boxed()
        }
        Type::Object(attributes) => {
            let names: Vec<_> = attributes.keys().cloned().collect();
            let members = attributes.values().map(inside).collect::<Vec<_>>();
            members
                .prop_map(move |values| Value::Map(names.iter().cloned().zip(values).collect()))
                .boxed()
        }
    };
    let unknown = refinements(r#type).prop_map(|it| Value::Unknown(Box::new(it)));
    prop_oneof![8 => known, 1 => Just(Value::Null), u32::from(unknowns) => unknown].boxed()
}

fn texts() -> BoxedStrategy<String> {
    prop_oneof!["[a-z]{0,4}", ".{0,40}"].prop_map(|it| normalized(&it)).boxed()
}

fn numbers() -> BoxedStrategy<Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", Number::from_f64),
        "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,2})?"
            .prop_map(|text| text.parse().expect("the text is a number")),
    ]
    .boxed()
}

/// What can be known of an unknown value of that type.
fn refinements(r#type: &Type) -> BoxedStrategy<Refinement> {
    let nothing = Just(Refinement::default()).boxed();
    let more = match r#type {
        Type::Dynamic => return nothing,
        Type::String => option::of("[a-z]{1,9}")
            .prop_map(|prefix| Refinement { prefix, ..Refinement::default() })
            .boxed(),
        Type::Number => (numbers(), any::<bool>())
            .prop_map(|it| Refinement { lower: Some(it), ..Refinement::default() })
            .boxed(),
        Type::List(_) | Type::Set(_) | Type::Map(_) => (0..9_u64, 9..99_u64)
            .prop_map(|(min, max)| {
                let (min_length, max_length) = (Some(min), Some(max));
                Refinement { min_length, max_length, ..Refinement::default() }
            })
            .boxed(),
        _ => nothing,
    };
    (more, any::<bool>())
        .prop_map(|(refinement, not_null)| Refinement { not_null, ..refinement })
        .boxed()
}
