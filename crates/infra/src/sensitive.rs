//! Names of settings that hold secrets, values that only point at one, and lines quoted without them.

use crate::usage::without_access_keys;
use regex::Regex;
use std::sync::LazyLock;

/// Ends of a name's words that make it a secret's: `dbPassword`, `PGPASSWORD`, `AUTH_TOKEN`.
const WORDS: &[&str] = &[
    "PASSWORD",
    "PASSWORDS",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "ACCESSKEY",
    "SECRETKEY",
    "PRIVATEKEY",
    "CREDENTIAL",
    "CREDENTIALS",
];
/// Words before `KEY` that make it a secret.
const OF_KEYS: &[&str] = &["API", "ACCESS", "PRIVATE"];
/// Last words of a name that say so only behind another: `DB_PASS` is one, and `PWD` is the folder one is in.
const LAST_WORDS: &[&str] = &["PASS", "PWD", "SECRETS"];
/// Last words of a name that say where a secret is, how long it lives or what it must be like rather than what it is.
const ABOUT: &[&str] = &[
    "ALGORITHM",
    "ARN",
    "COUNT",
    "DAYS",
    "ENABLED",
    "EXPIRATION",
    "EXPIRY",
    "FILE",
    "HEADER",
    "HOURS",
    "ID",
    "LENGTH",
    "LIMIT",
    "MAX",
    "MIN",
    "MINUTES",
    "NAME",
    "PATH",
    "PREFIX",
    "REGION",
    "REQUIRED",
    "SECONDS",
    "TOKENS",
    "TTL",
    "TYPE",
    "URL",
];

/// The longest quote of a line. Wide enough for code, short enough for a report.
const QUOTE_CHARS_MAX: usize = 160;

/// Whether a setting of this name holds a secret: `API_KEY`, `dbPassword`, `/app/api-key`.
pub(crate) fn is_secret_name(name: &str) -> bool {
    // The service is called after what it keeps.
    let name = normal(name).replace("SECRETS_MANAGER", "").replace("SECRETSMANAGER", "");
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let Some((last, before)) = words.split_last() else { return false };
    if ABOUT.contains(last) && !name.ends_with("ACCESS_KEY_ID") {
        return false;
    }
    let is_key = |pair: &[&str]| OF_KEYS.contains(&pair[0]) && (pair[1] == "KEY" || pair[1] == "KEYS");
    words.iter().any(|word| WORDS.iter().any(|end| word.ends_with(end)))
        || words.windows(2).any(is_key)
        || (!before.is_empty() && LAST_WORDS.contains(last))
}

/// Whether a value under a secret's name is too plain to be one: a switch, or a small number.
pub(crate) fn is_plain(value: &str) -> bool {
    let is_small = value.len() < 6 && value.bytes().all(|b| b.is_ascii_digit());
    is_small || ["true", "false", "yes", "no", "on", "off"].iter().any(|switch| value.eq_ignore_ascii_case(switch))
}

/// Whether the value only keeps a secret's place until somebody sets it by hand: `CHANGE_ME`, `placeholder`, `<your key>`.
pub(crate) fn is_placeholder(value: &str) -> bool {
    let words: String = value.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let is_filled = value.starts_with('<') && value.ends_with('>');
    let known = ["placeholder", "changeme", "replaceme", "setme", "todo", "tbd", "dummy", "none", "null", "unset", "setbyhand", "setmanually", "xxx"];
    is_filled || known.contains(&words.as_str())
}

/// Whether the value only says where the secret is.
pub(crate) fn is_pointer(value: &str) -> bool {
    value.is_empty()
        || value.starts_with("{{resolve:")
        || value.starts_with("arn:")
        || value.starts_with("aws-sm://")
        || value.starts_with("aws-ssm://")
}

/// In capitals with `_` between words.
fn normal(name: &str) -> String {
    let mut text = String::new();
    let mut was_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && was_lower {
            text.push('_');
        }
        was_lower = c.is_lowercase() || c.is_ascii_digit();
        text.push(if c.is_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    }
    text
}

/// A name and the sign behind it: `Name: `, `name = `, `"name": `, `\"name\":`, `env["name"] = `.
static SETTING: LazyLock<Regex> = LazyLock::new(|| pattern(r#"([A-Za-z0-9_./-]+)\\?["'\]]*\s*(?::=|=>|[:=])\s*"#));

/// A name with its value behind it and no sign between: `--password x`, `ENV PASSWORD x`, `("PASSWORD", "x"`.
static UNSIGNED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?:--|^(?:ENV|ARG|set|setx)\s+|\bconfigure\s+set\s+)([\w-]+)["']?,?\s+|["']([\w./-]+)["']\s*,\s*["']"#));

/// Who logs in at an address, and the password up to the last `@`, which passwords may hold too.
static USER_INFO: LazyLock<Regex> = LazyLock::new(|| pattern(r#"(://[^/\s:@"']*:)[^\s"']*@"#));

/// Tokens that their makers gave a beginning to be known by, so that they are found under any name.
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:[sr]k[-_][\w-]{8,}|gh[oprsu]_\w{16,}|github_pat_\w+|glpat-[\w-]+|xox[abeoprs]-[\w-]+|AIza[\w-]{20,}|eyJ[\w-]{10,}\.[\w.-]+|(?i:basic|bearer) [\w+/.-]{16,}=*)",
    )
});

/// What may stand behind a secret's name and is none: nothing, the beginning of what goes on below, a switch, or an expression that says
/// where the value comes from. Only with nothing else behind it.
static SHOWN: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = [
        r"[\[{(]*",
        r"[|>][-+]?",
        r#"[\w.]*\(?<<[-~]?"?\w+"?"#,
        r"[\w.]+\([\[{(]*",
        r#"["']?(?:true|false|null|None|nil|undefined)["']?"#,
        r#"["']{2}"#,
        r#"(?:var|local|module|data|each|self|ephemeral|aws_\w+|random_\w+)\.[\w.*\[\]"-]+"#,
        r#"["']?\$\{\{?[\w.*\[\]\s]+\}?\}["']?"#,
        r#""?\$[A-Z_]{3,}"?"#,
        r"!(?:Ref|GetAtt)\s+[\w.:]+",
        r"!\w+",
        r#"\{\s*["']?(?:Ref|Fn::GetAtt)["']?\s*:[\w.:,\s"'\[\]]*\}"#,
        r#"["']?\{\{resolve:[^{}]*\}\}["']?"#,
        r#"["']?(?:arn:|aws-sm://|aws-ssm://)[\w:/.*${}@+=-]+["']?"#,
        r#"(?:os|process|env|settings|config|self|this|secrets|System)\.[\w.]+(?:[(\[]["'][A-Z0-9_]+["'][)\]])?"#,
    ];
    let annotation = r"(?:Optional\[)?str(?:ing)?\]?(?:\s*\|\s*None)?\s*=\s*";
    self::pattern(&format!(r"^(?:{annotation})?(?:{})[\s,;)}}\]]*$", pattern.join("|")))
});

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is constant")
}

/// A line as evidence: shortened, and without the secrets on it.
///
/// From the first value on that may be a secret nothing is shown: how a value looks and where it ends differs too much to be told.
pub(crate) fn quote(line: &str) -> String {
    let line = line.trim();
    // A minified file is one line; its beginning is enough to look for secrets in.
    let line = line.char_indices().nth(4 * QUOTE_CHARS_MAX).map_or(line, |(end, _)| &line[..end]);
    let line = without_access_keys(line);
    let line = USER_INFO.replace_all(&line, "${1}***@");
    let line = TOKEN.replace_all(&line, "***");
    let line = match hidden_from(&line) {
        Some(from) => format!("{}***", &line[..from]),
        None => line.into_owned(),
    };
    match line.char_indices().nth(QUOTE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Where the first value begins that nobody is to read.
fn hidden_from(line: &str) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
    let names_secret = line.split(|c| !is_word(c)).any(is_secret_name);
    // A list of variables gives each its name beside its value, and a connection's words are short.
    let is_hidden = |name: &str| {
        is_secret_name(name) || name.eq_ignore_ascii_case("pwd") || (names_secret && name.eq_ignore_ascii_case("value")) || is_script(name)
    };
    let signed = SETTING.captures_iter(line).find_map(|found| {
        let (whole, name) = (found.get(0)?, found.get(1)?);
        // `arn:aws:…:secret:…` and `{{resolve:…:password}}` are one word each, and no settings.
        let is_within = line[..name.start()].ends_with(':') && line[name.end()..].starts_with(':');
        let value = &line[whole.end()..];
        (!is_within && is_hidden(name.as_str()) && !SHOWN.is_match(value)).then_some(whole.end())
    });
    let unsigned = UNSIGNED.captures_iter(line).find_map(|found| {
        let (whole, name) = (found.get(0)?, found.get(1).or(found.get(2))?);
        is_secret_name(name.as_str()).then_some(whole.end())
    });
    [signed, unsigned].into_iter().flatten().min()
}

/// Whether a value on one line may hold any number of secrets under any name: a start-up script.
fn is_script(name: &str) -> bool {
    ["userdata", "user_data", "user_data_base64"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_names_about_secrets() {
        for secret in [
            "API_KEY",
            "dbPassword",
            "/app/api-key",
            "GITHUB_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "stripeApiKey",
            "APP_CREDENTIALS",
            "PGPASSWORD",
            "DB_PASS",
            "SecretString",
        ] {
            assert!(is_secret_name(secret), "{secret}");
        }
        for plain in [
            "API_KEY_SECRET_ARN",
            "MAX_TOKENS",
            "HttpTokens",
            "SECRET_NAME",
            "TOKEN_TTL",
            "LOG_LEVEL",
            "KEYSPACE",
            "TOKENIZERS_PARALLELISM",
            "ACCESS_TOKEN_EXPIRE_MINUTES",
            "PASSWORD_MIN_LENGTH",
            "USE_SECRETS_MANAGER",
            "Secrets",
            "PWD",
        ] {
            assert!(!is_secret_name(plain), "{plain}");
        }
    }

    #[test]
    fn a_quote_shows_a_secrets_name_and_hides_all_that_stands_behind_it() {
        for (line, shown) in [
            ("      MasterUserPassword: P@$$w0rd", "MasterUserPassword: ***"),
            ("password = \"Winter,2026;x\"", "password = ***"),
            ("password = \"x\"", "password = ***"),
            ("\"api-key\" = \"a b c\"", "\"api-key\" = ***"),
            ("{ name = \"OPENAI_API_KEY\", value = \"sk-1\" },", "{ name = \"OPENAI_API_KEY\", value = ***"),
            ("- {Name: OPENAI_API_KEY, Value: sk-1}", "- {Name: OPENAI_API_KEY, Value: ***"),
            ("- {Value: sk-1, Name: OPENAI_API_KEY}", "- {Value: ***"),
            ("SecretString: '{\"user\":\"app\",\"pin\":\"1\"}'", "SecretString: ***"),
            ("variables = { A = \"sk_live_47110815\", B = \"x\" }", "variables = { A = \"***\", B = \"x\" }"),
            ("user_data = \"mysql -u root -phunter2\"", "user_data = ***"),
            ("A = \"postgres://app:p@ss@db/x\"", "A = \"postgres://app:***@db/x\""),
            ("mysqldump --password hunter2", "mysqldump --password ***"),
            ("ENV DB_PASSWORD hunter2", "ENV DB_PASSWORD ***"),
            ("aws configure set aws_secret_access_key x", "aws configure set aws_secret_access_key ***"),
            ("A = \"Server=db;Uid=app;Pwd=hunter2\"", "A = \"Server=db;Uid=app;Pwd=***"),
            ("A = \"Bearer 0123456789abcdef==\"", "A = \"***\""),
            ("setdefault(\"API_KEY\", \"sk-1\")", "setdefault(\"API_KEY\", \"***"),
            ("\\\"password\\\":\\\"hunter2\\\"", "\\\"password\\\":***"),
            ("AWS_SECRET_ACCESS_KEY=abcdefghijkl", "AWS_SECRET_ACCESS_KEY=***"),
            ("token = os.getenv(\"TOKEN\", \"hunter2\")", "token = ***"),
            ("TOKEN=${TOKEN:-hunter2}", "TOKEN=***"),
        ] {
            assert_eq!(quote(line), shown);
        }
        assert_eq!(quote(&"é".repeat(1000)).chars().count(), QUOTE_CHARS_MAX + 1);
    }

    #[test]
    fn what_says_where_a_secret_comes_from_is_shown() {
        for line in [
            "secret_key=os.getenv(\"X\")",
            "api_key: str = os.environ[\"API_KEY\"],",
            "aws_secret_access_key: Optional[str] = None",
            "AWS_SECRET_ACCESS_KEY=${{ secrets.X }}",
            "password = var.db_password",
            "password = \"${var.db_password}\"",
            "password = random_password.db.result",
            "MasterUserPassword: !Ref DbPassword",
            "MasterUserPassword: '{{resolve:secretsmanager:db:SecretString:password}}'",
            "\"MasterUserPassword\": { \"Ref\": \"DbPassword\" },",
            "ManageMasterUserPassword: true",
            "API_KEY = \"arn:aws:secretsmanager:us-east-1:1:secret:k\"",
            "{ name = \"API_KEY\", valueFrom = aws_secretsmanager_secret.k.arn }",
            "Resource: arn:aws:secretsmanager:us-east-1:1:secret:*",
            "Type: AWS::SecretsManager::Secret",
            "http_tokens = \"optional\"",
            "secret_string = jsonencode({",
            "user_data = <<-EOT",
            "environment {",
        ] {
            assert_eq!(quote(line), line);
        }
    }
}
