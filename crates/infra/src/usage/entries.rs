//! What a file says, in one shape for all languages: names with their values, and words by themselves.

/// A language that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// Python.
    Python,
    /// JavaScript and TypeScript.
    JavaScript,
    /// Go.
    Go,
    /// Java, Kotlin and Scala, whose imports and strings are alike.
    Java,
    /// Rust.
    Rust,
    /// Terraform.
    Hcl,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// TOML.
    Toml,
    /// Environment files.
    Env,
    /// INI and properties files.
    Ini,
    /// Shell scripts and Makefiles.
    Shell,
    /// Dockerfiles.
    Dockerfile,
}

/// A value with the name it is given, as far as there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'t> {
    /// The variable, key, parameter or function. Empty: none.
    pub(super) name: &'t str,
    /// As written, without quotes.
    pub(super) value: &'t str,
    /// From 1.
    pub(super) line: u32,
    /// Whether it only holds when nobody says otherwise.
    pub(super) is_default: bool,
}
