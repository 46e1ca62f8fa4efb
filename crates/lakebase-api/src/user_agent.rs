//! Builds the user agent, with the parts that the Databricks SDKs send: product, system, where it
//! runs, and in the transport the method of authentication.

use crate::Environment;

/// A place that runs pipelines, and the variables that tell it. A variable without a value may
/// have any (SDK for Go, `useragent/cicd.go`).
type Pipeline = (&'static str, &'static [(&'static str, Option<&'static str>)]);

const PIPELINES: &[Pipeline] = &[
    ("github", &[("GITHUB_ACTIONS", Some("true"))]),
    ("gitlab", &[("GITLAB_CI", Some("true"))]),
    ("jenkins", &[("JENKINS_URL", None)]),
    ("azure-devops", &[("TF_BUILD", Some("True"))]),
    ("circle", &[("CIRCLECI", Some("true"))]),
    ("travis", &[("TRAVIS", Some("true"))]),
    ("bitbucket", &[("BITBUCKET_BUILD_NUMBER", None)]),
    (
        "google-cloud-build",
        &[("PROJECT_ID", None), ("BUILD_ID", None), ("PROJECT_NUMBER", None), ("LOCATION", None)],
    ),
    ("aws-code-build", &[("CODEBUILD_BUILD_ARN", None)]),
    ("tf-cloud", &[("TFC_RUN_ID", None)]),
];

/// `product/version os/linux cicd/github`.
pub(crate) fn user_agent(product: &str, environment: &Environment) -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin", // as Go calls it
        other => other,
    };
    let mut parts = vec![product.to_owned(), format!("os/{os}")];
    let upstream = environment.get("DATABRICKS_SDK_UPSTREAM");
    let version = environment.get("DATABRICKS_SDK_UPSTREAM_VERSION");
    if let (Some(upstream), Some(version)) = (upstream, version) {
        parts.push(format!("upstream/{}", kept(upstream)));
        parts.push(format!("upstream-version/{}", kept(version)));
    }
    let is_set = |(name, value): &(&str, Option<&str>)| {
        environment.get(name).is_some_and(|set| value.is_none_or(|value| value == set))
    };
    if let Some((name, _)) = PIPELINES.iter().find(|(_, variables)| variables.iter().all(is_set)) {
        parts.push(format!("cicd/{name}"));
    }
    parts.join(" ")
}

/// The characters that the platform keeps.
fn kept(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || "_.+-".contains(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agent_has_the_parts_of_the_sdks() {
        let table: &[(&[(&str, &str)], &str)] = &[
            (&[], ""),
            (&[("GITHUB_ACTIONS", "true"), ("GITLAB_CI", "true")], " cicd/github"),
            (&[("GITHUB_ACTIONS", "false"), ("GITLAB_CI", "true")], " cicd/gitlab"),
            (&[("TF_BUILD", "True")], " cicd/azure-devops"),
            (&[("PROJECT_ID", "p"), ("BUILD_ID", "b")], ""),
            (&[("TFC_RUN_ID", "run-1")], " cicd/tf-cloud"),
            (
                &[
                    ("DATABRICKS_SDK_UPSTREAM", "a b"),
                    ("DATABRICKS_SDK_UPSTREAM_VERSION", "1.2"),
                    ("JENKINS_URL", "http://j"),
                ],
                " upstream/ab upstream-version/1.2 cicd/jenkins",
            ),
            (&[("DATABRICKS_SDK_UPSTREAM", "a")], ""),
        ];
        for (pairs, expected) in table {
            let environment = Environment::from_pairs(pairs.iter().copied());
            let text = user_agent("p/1", &environment);
            let (_, rest) = text.split_once(" os/").expect("it names the system");
            let rest = rest.split_once(' ').map(|(_, rest)| format!(" {rest}")).unwrap_or_default();
            assert_eq!((text.starts_with("p/1 "), &*rest), (true, *expected));
        }
    }
}
