//! A stand-in for `jq`, for the shell lines of the guides: `jq [--raw-output] FILTER [FILE]`. Not
//! every machine has the real one.
//!
//! An example as far as Cargo is concerned, because Cargo builds these for every `cargo test`.

use std::io::{self, Read as _, Write as _};
use std::{env, fs};

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read, write};

fn main() -> io::Result<()> {
    let (options, words): (Vec<_>, Vec<_>) =
        env::args().skip(1).partition(|it| it.starts_with('-'));
    let mut input = Vec::new();
    match &words[..] {
        [_, file] => input = fs::read(file)?,
        _ => _ = io::stdin().read_to_end(&mut input)?,
    }
    let input = read::parse_single(&input).expect("the input is JSON");

    let arena = Arena::default();
    // All that the guides use of this library. Other parts of it need features of the crate.
    let is_split =
        |name, arguments: usize| matches!((name, arguments), ("isstring", 0) | ("split", 1));
    let split =
        jaq_std::defs().filter(|definition| is_split(definition.name, definition.args.len()));
    let loader = Loader::new(jaq_core::defs().chain(split));
    let modules = loader.load(&arena, File { code: words[0].as_str(), path: () });
    let modules = modules.unwrap_or_else(|errors| panic!("the filter is wrong: {errors:?}"));
    let functions = jaq_core::funs().chain(jaq_std::base_funs()).chain(jaq_json::funs());
    let filter = Compiler::default().with_funs(functions).compile(modules);
    let filter = filter.unwrap_or_else(|errors| panic!("the filter is wrong: {errors:?}"));

    let context = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
    let mut output = io::stdout();
    for value in filter.id.run((context, input)).map(unwrap_valr) {
        match value.unwrap_or_else(|error| panic!("the filter failed: {error}")) {
            Val::TStr(text) if !options.is_empty() => output.write_all(&text)?,
            value => write::write(&mut output, &write::Pp::default(), 0, &value)?,
        }
        output.write_all(b"\n")?;
    }
    Ok(())
}
