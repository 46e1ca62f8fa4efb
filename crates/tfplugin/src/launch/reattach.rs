//! What a person tells Terraform about a provider that runs already.

use std::io::Write;

use serde_json::json;

use super::Failure;
use super::socket::Address;

/// Prints what Terraform's environment needs, and how to stop.
pub(crate) fn print(provider: &str, address: &Address) -> Result<(), Failure> {
    let assignment = assignment(provider, address, std::process::id());
    let text = format!(
        "The provider runs. Commands use it where their environment says:\n\n    {assignment}\n\n\
         Ctrl-C ends it.\n"
    );
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| format!("What to tell Terraform could not be printed: {error}."))
}

/// `TF_REATTACH_PROVIDERS='…'`, for a shell.
///
/// `Test` means that Terraform does not end the process. It is also the only form in which
/// Terraform believes the protocol's version: without it, it expects version 5 and crashes.
fn assignment(provider: &str, address: &Address, process: u32) -> String {
    let value = json!({ provider: {
        "Protocol": "grpc",
        "ProtocolVersion": 6,
        "Pid": process,
        "Test": true,
        "Addr": { "Network": address.network, "String": address.path },
    }});
    format!("TF_REATTACH_PROVIDERS='{}'", value.to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_quote_in_the_path_survives_the_shell() {
        let address = Address { network: "unix", path: "/tmp/o'brien/socket".to_owned() };
        expect![[r#"TF_REATTACH_PROVIDERS='{"example/probe":{"Addr":{"Network":"unix","String":"/tmp/o'\''brien/socket"},"Pid":7,"Protocol":"grpc","ProtocolVersion":6,"Test":true}}'"#]]
            .assert_eq(&assignment("example/probe", &address, 7));
    }
}
