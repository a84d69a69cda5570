//! Whether this machine has AWS credentials, told without the network and without looking at any secret.

use std::path::{Path, PathBuf};

/// What makes a profile one that can sign.
const PROFILE_KEYS: &[&str] = &[
    "aws_access_key_id",
    "credential_process",
    "sso_session",
    "sso_start_url",
    "login_session",
    "role_arn",
    "source_profile",
    "web_identity_token_file",
];

/// Where credentials would come from, such as `the environment` or `profile default`, or `None` when nothing points to any.
///
/// Looks at variables and profile files only: the role of an EC2 instance cannot be seen this way, so an instance must be told to use Bedrock.
/// What is found may still be expired.
pub fn credentials_present() -> Option<String> {
    find(|name| std::env::var(name).ok().filter(|value| !value.is_empty()), |path| std::fs::read_to_string(path).ok())
}

fn find(variable: impl Fn(&str) -> Option<String>, read: impl Fn(&Path) -> Option<String>) -> Option<String> {
    let is_set = |name: &str| variable(name).is_some();
    if is_set("AWS_ACCESS_KEY_ID") && is_set("AWS_SECRET_ACCESS_KEY") {
        return Some("the environment".to_owned());
    }
    if is_set("AWS_BEARER_TOKEN_BEDROCK") {
        return Some("the bearer key in AWS_BEARER_TOKEN_BEDROCK".to_owned());
    }
    let profile = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
    let home = variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
    let file = |name: &str, beneath_home: &str| variable(name).map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(beneath_home)));
    let files = [file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"), file("AWS_CONFIG_FILE", ".aws/config")];
    for path in files.into_iter().flatten() {
        if read(&path).is_some_and(|text| can_sign(&text, &profile)) {
            return Some(format!("profile {profile}"));
        }
    }
    if is_set("AWS_WEB_IDENTITY_TOKEN_FILE") && is_set("AWS_ROLE_ARN") {
        return Some("the web identity of AWS_ROLE_ARN".to_owned());
    }
    if is_set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") || is_set("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
        return Some("the container's role".to_owned());
    }
    None
}

/// Whether the section of this profile names a way to get credentials. Only the names of settings are looked at.
fn can_sign(text: &str, profile: &str) -> bool {
    let mut is_ours = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(section) = trimmed.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let name = section.trim();
            is_ours = name == profile || name.strip_prefix("profile ").is_some_and(|name| name.trim() == profile);
        } else if is_ours
            && !line.starts_with([' ', '\t', '#', ';'])
            && let Some((key, value)) = line.split_once('=')
            && PROFILE_KEYS.contains(&key.trim().to_ascii_lowercase().as_str())
            && !value.trim().is_empty()
        {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], files: &[(&str, &str)], wanted: Option<&str>) {
        let get = |from: &[(&str, &str)], name: &str| from.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        let found = find(|name| get(variables, name), |path| get(files, path.to_str()?));
        assert_eq!(found.as_deref(), wanted, "{variables:?} {files:?}");
    }

    #[test]
    fn each_source_is_named_and_half_of_one_is_none() {
        check(&[], &[], None);
        check(&[("AWS_ACCESS_KEY_ID", "a")], &[], None);
        check(&[("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")], &[], Some("the environment"));
        check(&[("AWS_BEARER_TOKEN_BEDROCK", "a")], &[], Some("the bearer key in AWS_BEARER_TOKEN_BEDROCK"));
        check(&[("AWS_ROLE_ARN", "a")], &[], None);
        check(&[("AWS_ROLE_ARN", "a"), ("AWS_WEB_IDENTITY_TOKEN_FILE", "f")], &[], Some("the web identity of AWS_ROLE_ARN"));
        check(&[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x")], &[], Some("the container's role"));
    }

    #[test]
    fn a_profile_counts_when_it_can_sign() {
        let home = [("HOME", "/h")];
        let work = [("HOME", "/h"), ("AWS_PROFILE", "work")];
        let keys = "[default]\naws_access_key_id = a\naws_secret_access_key = b\n";
        check(&home, &[("/h/.aws/credentials", keys)], Some("profile default"));
        check(&work, &[("/h/.aws/credentials", keys)], None);
        check(&work, &[("/h/.aws/config", "[default]\nregion=x\n[profile work]\n# sso_session = no\nsso_session = s\n")], Some("profile work"));
        check(&home, &[("/h/.aws/config", "[default]\nregion = eu-west-1\n[profile other]\nrole_arn = r\n")], None);
        check(&[("AWS_CONFIG_FILE", "/c")], &[("/c", "[default]\ncredential_process = /bin/x\n")], Some("profile default"));
    }
}
