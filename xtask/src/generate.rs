//! Rust from `proto/`: the server's side for the provider, the client's side for its tests.
//!
//! The result is committed, so that neither a build nor a reader needs this tool.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;

const PROTOS: [&str; 4] =
    ["tfplugin6.proto", "grpc_broker.proto", "grpc_controller.proto", "grpc_stdio.proto"];

const MARK: &str = "// @generated from proto/ by `cargo xtask generate`. Do not edit.\n\n";

/// One generated file.
struct Generated {
    path: PathBuf,
    text: String,
}

/// `generate`: writes the files. `generate --check`: fails if they would change.
pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let check = match arguments.next()? {
        None => false,
        Some(lexopt::Arg::Long("check")) => true,
        Some(other) => return Err(other.unexpected().into()),
    };
    let files = generate()?;
    if check {
        return verify(&files);
    }
    for file in files {
        fs::create_dir_all(file.path.parent().expect("a file is in a folder"))?;
        fs::write(file.path, file.text)?;
    }
    Ok(())
}

/// Fails, naming the stale file and what mends it, if a file is not what would be generated.
fn verify(files: &[Generated]) -> Result<(), Failure> {
    for Generated { path, text } in files {
        if fs::read_to_string(path).ok().as_ref() != Some(text) {
            let path = path.strip_prefix(root()).unwrap_or(path).display();
            return Err(
                format!("{path} is not what proto/ says: run `cargo xtask generate`").into()
            );
        }
    }
    Ok(())
}

fn generate() -> Result<Vec<Generated>, Failure> {
    let messages = protox::compile(PROTOS, [root().join("proto")])?;
    let sides = [
        (root().join("crates/tfplugin/src/generated"), true),
        (root().join("crates/tfplugin/tests/plugin/generated"), false),
    ];
    let mut files = Vec::new();
    for (folder, server) in sides {
        let scratch = tempfile::tempdir()?;
        tonic_prost_build::configure()
            .build_server(server)
            .build_client(!server)
            .build_transport(false)
            .btree_map(".") // the same schema is the same bytes
            .emit_rerun_if_changed(false)
            .out_dir(scratch.path())
            .compile_fds(messages.clone())?;
        for name in ["tfplugin6.rs", "plugin.rs"] {
            let text = MARK.to_owned() + &fs::read_to_string(scratch.path().join(name))?;
            files.push(Generated { path: folder.join(name), text });
        }
    }
    Ok(files)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the workspace")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_code_is_what_the_protos_say() {
        let files = generate().expect("the protos compile");
        verify(&files).expect("`cargo xtask generate` was run");
    }

    #[test]
    fn a_stale_file_names_the_command_that_mends_it() {
        let path = root().join("crates/tfplugin/src/generated/plugin.rs");
        let failure = verify(&[Generated { path, text: "stale".to_owned() }]).expect_err("stale");
        expect_test::expect![
            "crates/tfplugin/src/generated/plugin.rs is not what proto/ says: run `cargo xtask generate`"
        ]
        .assert_eq(&failure.to_string());
    }
}
