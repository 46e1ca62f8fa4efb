//! The one line on stdout by which Terraform finds the provider.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::Failure;
use super::socket::Address;

/// Prints the line; without TLS the certificate is empty. The socket must be bound: Terraform connects at once.
pub(crate) fn print(address: &Address, certificate: &[u8], multiplex: bool) -> Result<(), Failure> {
    let line = line(address, certificate, multiplex);
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(line.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| format!("Terraform could not be told where the provider is: {error}."))
}

/// `1|6|network|address|grpc|certificate`: the plugin system's version, the protocol's, and where
/// to find whom. The certificate is base64 without padding, which Terraform would not decode.
///
/// A seventh field says whether several connections share one socket (no). Clients that do not ask
/// for it would take it for a part of the certificate.
fn line(address: &Address, certificate: &[u8], multiplex: bool) -> String {
    let Address { network, path } = address;
    let certificate = STANDARD_NO_PAD.encode(certificate);
    let multiplex = if multiplex { "|false" } else { "" };
    format!("1|6|{network}|{path}|grpc|{certificate}{multiplex}\n")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(certificate: &[u8], multiplex: bool, expected: &Expect) {
        let address = Address { network: "unix", path: "/tmp/tfplugin/socket".to_owned() };
        expected.assert_eq(&line(&address, certificate, multiplex));
    }

    #[test]
    fn the_line_has_a_seventh_field_only_for_clients_that_ask() {
        check(
            b"DER!",
            false,
            &expect![[r"
            1|6|unix|/tmp/tfplugin/socket|grpc|REVSIQ
        "]],
        );
        check(
            b"DER!",
            true,
            &expect![[r"
            1|6|unix|/tmp/tfplugin/socket|grpc|REVSIQ|false
        "]],
        );
        check(
            b"",
            false,
            &expect![[r"
            1|6|unix|/tmp/tfplugin/socket|grpc|
        "]],
        );
    }
}
