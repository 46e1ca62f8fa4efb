//! Rust from `proto/`: the server's side for the provider, the client's side for its tests.
//!
//! The result is committed, so that neither a build nor a reader needs this tool.

use std::fs;

use crate::Failure;
use crate::generated::{self, Generated, root};

const PROTOS: [&str; 4] =
    ["tfplugin6.proto", "grpc_broker.proto", "grpc_controller.proto", "grpc_stdio.proto"];

const MARK: &str = "// @generated from proto/ by `cargo xtask generate`. Do not edit.\n\n";

const COMMAND: &str = "cargo xtask generate";

/// `generate`: writes the files. `generate --check`: fails if they would change.
pub(crate) fn run(arguments: lexopt::Parser) -> Result<(), Failure> {
    let checking = generated::only_check(arguments)?;
    let files = generate()?;
    if checking { generated::verify(&files, COMMAND) } else { generated::write(&files) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_code_matches_the_protos() {
        let files = generate().expect("the protos compile");
        generated::verify(&files, COMMAND).expect("`cargo xtask generate` was run");
    }
}
