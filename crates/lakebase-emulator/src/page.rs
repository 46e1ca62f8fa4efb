//! Serves the page at `/` for people: one HTML file, which reads and controls the emulator by
//! `/_emulator/` as any client does, with the token. The page holds no secret and loads nothing.

use uuid::Uuid;

use crate::message::{Answer, Request};

const HTML: &str = include_str!("page.html");

/// Whether a request is for the page.
pub(crate) fn is_for(request: &Request) -> bool {
    request.path == "/" && matches!(request.method.as_str(), "GET" | "HEAD")
}

/// The page. Only its own script and style run in it: the policy names them by a random text.
pub(crate) fn answer() -> Answer {
    let nonce = Uuid::new_v4().simple().to_string();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    Answer {
        status: 200,
        headers: vec![
            ("content-security-policy", policy),
            ("x-content-type-options", "nosniff".to_owned()),
            ("referrer-policy", "no-referrer".to_owned()),
            ("cache-control", "no-store".to_owned()),
        ],
        content_type: "text/html; charset=utf-8",
        body: HTML.replace("NONCE", &nonce),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_runs_only_its_own_script_and_sets_texts_as_text() {
        let answer = answer();
        let (_, policy) = &answer.headers[0];
        let (_, rest) = policy.split_once("script-src 'nonce-").expect("a nonce");
        let nonce = rest.split('\'').next().expect("an end");
        assert_eq!(answer.body.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
        assert_eq!(HTML.matches("<script").count() + HTML.matches("<style").count(), 2);
        assert_ne!(self::answer().body, answer.body);
        for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!HTML.contains(sink), "{sink}");
        }
        for outside in ["http://", "https://", "src="] {
            assert!(!HTML.contains(outside), "{outside}");
        }
    }
}
