use proptest::prelude::*;
use serde_json::json;

use super::super::{Number, Refinement, strategies};
use super::*;
use crate::Object;

fn number(text: &str) -> Value {
    Value::Number(text.parse().expect("the text is a number"))
}

fn unknown(known: Refinement) -> Value {
    Value::Unknown(Box::new(known))
}

fn r#type(json: &serde_json::Value) -> Type {
    Type::from_json(json).expect("the JSON is a type")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect::<Vec<_>>().join(" ")
}

fn from_hex(hex: &str) -> Vec<u8> {
    let bytes = hex.split_whitespace();
    bytes.map(|it| u8::from_str_radix(it, 16).expect("two hexadecimal digits")).collect()
}

fn error(r#type: &Type, bytes: &str) -> String {
    Value::from_msgpack(r#type, &from_hex(bytes)).expect_err(bytes).to_string()
}

/// Writes the value, compares the bytes, and reads them back.
fn check(r#type: &Type, value: &Value, bytes: &str) {
    let written = value.to_msgpack(r#type).expect("the value is of the type");
    assert_eq!(hex(&written), bytes, "{value:?}");
    assert_eq!(Value::from_msgpack(r#type, &written).as_ref(), Ok(value), "{bytes}");
}

#[test]
fn values_are_written_in_the_most_compact_form() {
    let list = r#type(&json!(["list", "bool"]));
    let map = r#type(&json!(["map", "bool"]));
    let tuple = r#type(&json!(["tuple", ["bool", "string"]]));
    check(&Type::Bool, &Value::Null, "c0");
    check(&Type::Bool, &true.into(), "c3");
    check(&Type::Bool, &false.into(), "c2");
    check(&Type::String, &"".into(), "a0");
    check(&Type::String, &"\u{e9}".into(), "a2 c3 a9");
    check(&list, &Value::List(vec![]), "90");
    check(&list, &Value::List(vec![true.into(), Value::Null]), "92 c3 c0");
    check(&map, &Value::Map(Object::new()), "80");
    check(&map, &Value::Map([("a".to_owned(), Value::Null)].into()), "81 a1 61 c0");
    check(&tuple, &Value::List(vec![true.into(), "x".into()]), "92 c3 a1 78");
}

#[test]
fn protocol_20_numbers_are_written_as_int_float_or_text_whichever_loses_nothing() {
    for (text, bytes) in [
        ("5", "05"),
        ("-5", "fb"),
        ("300", "cd 01 2c"),
        ("9007199254740993", "cf 00 20 00 00 00 00 00 01"),
        ("-9223372036854775808", "d3 80 00 00 00 00 00 00 00"),
        ("0.5", "cb 3f e0 00 00 00 00 00 00"),
        ("0.1", "a3 30 2e 31"),
        ("18446744073709551616", "cb 43 f0 00 00 00 00 00 00"),
        ("18446744073709551615", &*hex(b"\xb418446744073709551615")),
        ("1e30", &*format!("bf {}", hex(b"1000000000000000000000000000000"))),
    ] {
        check(&Type::Number, &number(text), bytes);
    }
}

#[test]
fn protocol_20_numbers_are_read_from_every_form() {
    for (bytes, text) in [
        ("7f", "127"),
        ("e0", "-32"),
        ("cc ff", "255"),
        ("cd ff ff", "65535"),
        ("ce ff ff ff ff", "4294967295"),
        ("cf ff ff ff ff ff ff ff ff", "18446744073709551615"),
        ("d0 80", "-128"),
        ("d1 80 00", "-32768"),
        ("d2 80 00 00 00", "-2147483648"),
        ("d3 80 00 00 00 00 00 00 00", "-9223372036854775808"),
        ("ca 3f 00 00 00", "0.5"),
        ("cb 3f b9 99 99 99 99 99 9a", "0.1"),
        ("cb 43 f0 00 00 00 00 00 00", "18446744073709551616"),
        ("a3 30 2e 31", "0.1"),
        ("d9 04 31 65 33 30", "1000000000000000000000000000000"),
    ] {
        let read = Value::from_msgpack(&Type::Number, &from_hex(bytes));
        assert_eq!(read, Ok(number(text)), "{bytes}");
    }
}

#[test]
fn unrepresentable_numbers_are_errors() {
    let infinite = "the number is infinite; only finite numbers can be stored";
    assert_eq!(error(&Type::Number, "cb 7f f0 00 00 00 00 00 00"), infinite);
    assert_eq!(error(&Type::Number, "ca ff 80 00 00"), infinite);
    let nan = "the number is not a number (NaN); only finite numbers can be stored";
    assert_eq!(error(&Type::Number, "cb 7f f8 00 00 00 00 00 00"), nan);
    let absurd = hex(b"\xab1e999999999");
    let large = "a number of more than 4096 digits is too large";
    assert_eq!(error(&Type::Number, &absurd), large);
}

#[test]
fn protocol_21_unknown_values_are_written_as_terraform_writes_them() {
    let not_null = Refinement { not_null: true, ..Refinement::default() };
    let prefix = Refinement { prefix: Some("pre-".to_owned()), ..not_null.clone() };
    let bounds = Refinement {
        lower: Some((1_i64.into(), true)),
        upper: Some(("0.1".parse::<Number>().expect("a number"), false)),
        ..Refinement::default()
    };
    let above = Refinement { upper: None, ..bounds.clone() };
    let lengths =
        Refinement { min_length: Some(1), max_length: Some(300), ..Refinement::default() };
    let list = Type::List(Box::new(Type::String));
    check(&Type::String, &Value::unknown(), "d4 00 00");
    check(&Type::Dynamic, &Value::unknown(), "d4 00 00");
    check(&Type::String, &unknown(not_null), "c7 03 0c 81 01 c2");
    check(&Type::String, &unknown(prefix), "c7 09 0c 82 01 c2 02 a4 70 72 65 2d");
    check(&Type::Number, &unknown(above), "c7 05 0c 81 03 92 01 c3");
    check(&list, &unknown(lengths), "c7 07 0c 82 05 01 06 cd 01 2c");
    let contradiction = unknown(bounds).to_msgpack(&Type::Number).expect("it is unknown");
    assert_eq!(hex(&contradiction), "d4 00 00");
}

#[test]
fn unknown_value_of_wrong_type_is_not_reported() {
    let known = Refinement {
        not_null: true,
        prefix: Some("x".to_owned()),
        lower: Some((1_i64.into(), true)),
        min_length: Some(1),
        ..Refinement::default()
    };
    let object = r#type(&json!(["object", {}]));
    for (r#type, bytes) in [
        (Type::Dynamic, "d4 00 00"),
        (Type::Bool, "c7 03 0c 81 01 c2"),
        (object, "c7 03 0c 81 01 c2"),
        (Type::Number, "c7 07 0c 82 01 c2 03 92 01 c3"),
        (Type::String, "c7 06 0c 82 01 c2 02 a1 78"),
        (Type::Set(Box::new(Type::Bool)), "c7 05 0c 82 01 c2 05 01"),
    ] {
        let written = unknown(known.clone()).to_msgpack(&r#type).expect("it is unknown");
        assert_eq!(hex(&written), bytes, "{type:?}");
    }
}

#[test]
fn a_long_prefix_is_cut_at_a_character() {
    let prefix = format!("x{}", "\u{e9}".repeat(200));
    let known = Refinement { prefix: Some(prefix.clone()), ..Refinement::default() };
    let written = unknown(known).to_msgpack(&Type::String).expect("it is unknown");
    let known = Refinement { prefix: Some(prefix[..255].to_owned()), ..Refinement::default() };
    assert_eq!(Value::from_msgpack(&Type::String, &written), Ok(unknown(known)));
}

#[test]
fn protocol_21_any_extension_is_read_as_unknown() {
    let not_null = Refinement { not_null: true, ..Refinement::default() };
    for (bytes, known) in [
        ("d4 00 00", Refinement::default()),
        ("d4 63 07", Refinement::default()),
        ("d5 ff 01 02", Refinement::default()),
        ("c7 00 00", Refinement::default()),
        // A key of the future, whose value nests.
        ("c7 0a 0c 82 07 92 81 a1 61 01 02 01 c2", not_null.clone()),
        ("c8 00 03 0c 81 01 c2", not_null),
        // Definitely null.
        ("c7 03 0c 81 01 c3", Refinement::default()),
        // Malformed: no map, no key, nothing at all, a prefix that is a number.
        ("d4 0c 05", Refinement::default()),
        ("d5 0c 81 c0", Refinement::default()),
        ("c7 00 0c", Refinement::default()),
        ("c7 03 0c 81 02 05", Refinement::default()),
    ] {
        let read = Value::from_msgpack(&Type::String, &from_hex(bytes));
        assert_eq!(read, Ok(unknown(known)), "{bytes}");
    }
}

#[test]
fn dynamic_values_bring_their_type() {
    let value = Value::Dynamic(Box::new((Type::List(Box::new(Type::Bool)), Value::List(vec![]))));
    check(&Type::Dynamic, &value, "92 c4 0f 5b 22 6c 69 73 74 22 2c 22 62 6f 6f 6c 22 5d 90");
    check(&Type::Dynamic, &Value::Null, "c0");
    // The type as text instead of bytes.
    let read = Value::from_msgpack(&Type::Dynamic, &from_hex("92 a6 22 62 6f 6f 6c 22 c3"));
    assert_eq!(read, Ok(Value::Dynamic(Box::new((Type::Bool, true.into())))));
}

#[test]
fn protocol_19_objects_are_written_with_exactly_the_attributes_of_their_type() {
    let object = r#type(&json!(["object", {"a": "bool", "b": "bool"}]));
    let written = Value::Map([("b".to_owned(), true.into())].into()).to_msgpack(&object);
    assert_eq!(written.map(|it| hex(&it)), Ok("82 a1 61 c0 a1 62 c3".to_owned()));
    let too_many = Value::Map([("c".to_owned(), true.into())].into()).to_msgpack(&object);
    assert_eq!(
        too_many.map_err(|it| it.to_string()),
        Err("`c`: the type has no such attribute".to_owned())
    );
}

#[test]
fn a_missing_attribute_is_read_as_null() {
    let object = r#type(&json!(["object", {"a": "bool", "b": "bool"}]));
    let read = Value::from_msgpack(&object, &from_hex("81 a1 62 c3"));
    let expected = [("a".to_owned(), Value::Null), ("b".to_owned(), true.into())];
    assert_eq!(read, Ok(Value::Map(expected.into())));
}

#[test]
fn protocol_22_text_is_normalized_and_sets_are_ordered_without_repetitions() {
    let read = Value::from_msgpack(&Type::String, b"\xa3e\xcc\x81");
    assert_eq!(read, Ok("\u{e9}".into()));
    let set = r#type(&json!(["set", "string"]));
    let read = Value::from_msgpack(&set, &from_hex("93 a1 62 a1 61 a1 62"));
    assert_eq!(read, Ok(Value::Set(vec!["a".into(), "b".into()])));
    let unknowns = Value::from_msgpack(&set, &from_hex("92 d4 00 00 d4 00 00"));
    assert_eq!(unknowns, Ok(Value::Set(vec![Value::unknown(), Value::unknown()])));
}

#[test]
fn errors_include_the_path() {
    let nested = r#type(&json!(["object", {"a": ["list", ["map", "bool"]], "s": ["set", "bool"]}]));
    for (bytes, message) in [
        (
            "81 a1 61 91 81 a1 6b a1 78",
            r#"`a[0]["k"]`: a bool is expected, not msgpack's FixStr(1)"#,
        ),
        ("81 a1 73 91 05", "`s`: a bool is expected, not msgpack's FixPos(5)"),
        ("81 a1 78 c0", "`x`: the type has no such attribute"),
        ("90", "a map is expected, not msgpack's FixArray(0)"),
        ("80 80", "the value is followed by more bytes"),
        ("81 a1 61", "`a`: the msgpack breaks off: nothing follows"),
        ("", "the msgpack breaks off: nothing follows"),
    ] {
        assert_eq!(error(&nested, bytes), message);
    }
    let value = Value::Map([("a".to_owned(), Value::List(vec![true.into()]))].into());
    let message = value.to_msgpack(&nested).expect_err("a bool is no map").to_string();
    assert_eq!(message, r#"`a[0]`: a value of type ["map","bool"] is expected, not a bool"#);
}

#[test]
fn hostile_nesting_and_lengths_are_errors() {
    let nested = b"\x92\xc4\x09\"dynamic\"".repeat(100_000);
    let error = Value::from_msgpack(&Type::Dynamic, &nested).expect_err("it nests too deep");
    assert_eq!(error.to_string(), "values nest deeper than 100 levels");
    let deep_type = format!("{}\"bool\"{}", "[\"list\",".repeat(5000), "]".repeat(5000));
    let mut bytes = vec![0x92, 0xc5];
    bytes.extend(u16::try_from(deep_type.len()).expect("it is short").to_be_bytes());
    bytes.extend(deep_type.into_bytes());
    assert!(Value::from_msgpack(&Type::Dynamic, &bytes).is_err());
    for bytes in ["dd ff ff ff ff", "db ff ff ff ff", "c9 ff ff ff ff 00", "df ff ff ff ff"] {
        for r#type in
            [Type::String, Type::List(Box::new(Type::Bool)), r#type(&json!(["object", {}]))]
        {
            assert!(Value::from_msgpack(&r#type, &from_hex(bytes)).is_err(), "{bytes}");
        }
    }
}

proptest! {
    #[test]
    fn written_value_round_trips((r#type, value) in strategies::values()) {
        let written = value.to_msgpack(&r#type).expect("the value is of the type");
        prop_assert_eq!(Value::from_msgpack(&r#type, &written), Ok(value));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(
        r#type in strategies::types(),
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let _ = Value::from_msgpack(&r#type, &bytes);
    }
}
