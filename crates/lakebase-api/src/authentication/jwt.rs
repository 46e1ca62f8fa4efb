//! Reads the claims of JSON Web Tokens, and signs those of Google's service accounts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

use crate::{Json, Secret};

/// The second at which a token ends, by its own claim `exp`. The signature is not looked at: the
/// claim only says when to fetch another one.
pub(super) fn expiration(token: &Secret) -> Option<i64> {
    let claims = token.expose().split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Json = serde_json::from_slice(&claims).ok()?;
    claims["exp"].as_i64()
}

/// Signs claims with RS256 and a key in PEM.
pub(super) fn sign(claims: &Json, key_id: Option<&str>, key: &Secret) -> Result<Secret, String> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(key.expose().as_bytes())
        .map_err(|_| "`private_key` is not a PKCS #8 key in PEM".to_owned())?;
    let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())
        .map_err(|error| format!("`private_key` is not an RSA key: {error}"))?;
    let mut header = serde_json::json!({"alg": "RS256", "typ": "JWT"});
    if let Some(key_id) = key_id {
        header["kid"] = key_id.into();
    }
    let encode = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let content = format!("{}.{}", encode(&header), encode(claims));
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), content.as_bytes(), &mut signature)
        .map_err(|_| "the claims could not be signed".to_owned())?;
    Ok(format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiration_is_the_claim_of_the_token() {
        let token = |claims: &str| format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims));
        let table = [
            (token(r#"{"exp": 1790000000}"#), Some(1_790_000_000)),
            (token("{}"), None),
            ("opaque".to_owned(), None),
            ("a.!.c".to_owned(), None),
        ];
        for (token, expected) in table {
            assert_eq!(expiration(&token.clone().into()), expected, "{token}");
        }
    }
}
