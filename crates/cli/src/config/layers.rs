//! What was typed, layer on layer, with where each value comes from.

use super::Secret;
use super::file;
use super::settings::{OTHER_VARIABLES, SETTINGS, Setting, nearest, variable};
use crate::exit::Failure;
use domain::UsdMicros;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody said.
    Default,
    /// A line of a file.
    File(PathBuf, usize),
    /// A variable.
    Variable(String),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path, line) => write!(f, "{}:{line}", path.display()),
            Origin::Variable(name) => write!(f, "the variable {name}"),
            Origin::Flag(name) => write!(f, "the flag {name}"),
        }
    }
}

/// Everything that was typed.
pub(crate) struct Layers {
    environment: BTreeMap<String, String>,
    file: BTreeMap<&'static str, (String, Origin)>,
    flags: BTreeMap<&'static str, (String, Origin)>,
}

impl Layers {
    /// The variables alone.
    pub(crate) fn new(environment: BTreeMap<String, String>) -> Layers {
        Layers { environment, file: BTreeMap::new(), flags: BTreeMap::new() }
    }

    /// A variable that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The file to read when no flag names one, if it exists: the user's, else the machine's. Never the working directory, where a
    /// hostile repository could configure us.
    pub(crate) fn usual_file(&self) -> Option<PathBuf> {
        let users = self.home("XDG_CONFIG_HOME", ".config").map(|home| home.join("orchestrator/orchestrator.toml"));
        [users, Some(PathBuf::from("/etc/orchestrator/orchestrator.toml"))].into_iter().flatten().find(|path| path.exists())
    }

    /// Adds a file's values.
    ///
    /// # Errors
    /// It is not TOML, or has a key that is no setting.
    pub(crate) fn add_file(&mut self, path: PathBuf, text: &str) -> Result<(), Failure> {
        for line in file::parse(&path, text)? {
            let origin = Origin::File(path.clone(), line.line);
            let Some(setting) = SETTINGS.iter().find(|setting| setting.key == line.key) else {
                let known = SETTINGS.iter().map(|setting| setting.key);
                let meant = nearest(&line.key, known).map_or(String::new(), |key| format!("; did you mean {key}?"));
                let failure = Failure::usage(format!("{origin}: there is no setting {}{meant}", line.key));
                return Err(failure.advise("orchestrator config show lists every setting"));
            };
            let value = line.value.map_err(|()| Failure::usage(format!("{origin}: {} must be a single value", line.key)))?;
            self.file.insert(setting.key, (value, origin));
        }
        Ok(())
    }

    /// Adds a flag's value.
    pub(crate) fn add_flag(&mut self, key: &'static str, flag: &'static str, value: String) {
        self.flags.insert(key, (value, Origin::Flag(flag)));
    }

    /// `ORCHESTRATOR_` variables that nothing reads; mistyped, most likely.
    pub(crate) fn unread_variables(&self) -> Vec<String> {
        let ours = self.environment.keys().filter(|name| name.starts_with("ORCHESTRATOR_"));
        let is_read = |name: &str| OTHER_VARIABLES.contains(&name) || SETTINGS.iter().any(|setting| variable(setting.key) == name);
        ours.filter(|name| !is_read(name)).cloned().collect()
    }

    /// A setting's value and origin; `None` when nobody said and there is no default.
    pub(crate) fn get(&self, setting: &Setting) -> Option<(String, Origin)> {
        if let Some(typed) = self.flags.get(setting.key) {
            return Some(typed.clone());
        }
        let own = variable(setting.key);
        for name in std::iter::once(own.as_str()).chain(setting.variables.iter().copied()) {
            // In a Kubernetes cluster a service of our name gives every container ORCHESTRATOR_PORT=tcp://….
            if let Some(value) = self.variable(name).filter(|value| !value.starts_with("tcp://")) {
                return Some((value.to_owned(), Origin::Variable(name.to_owned())));
            }
        }
        if let Some(typed) = self.file.get(setting.key) {
            return Some(typed.clone());
        }
        let default = match setting.key {
            "data_dir" => self.home("XDG_STATE_HOME", ".local/state").map(|home| home.join("orchestrator").display().to_string()),
            _ => Some(setting.default.to_owned()).filter(|text| !text.is_empty()),
        };
        default.map(|value| (value, Origin::Default))
    }

    /// A folder of the user by its variable, else below their home.
    fn home(&self, name: &str, below_home: &str) -> Option<PathBuf> {
        let named = self.variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        named.or_else(|| self.variable("HOME").map(|home| Path::new(home).join(below_home)))
    }

    fn typed(&self, key: &'static str) -> Option<(String, Origin)> {
        let setting = SETTINGS.iter().find(|setting| setting.key == key).expect("only settings are asked for");
        self.get(setting)
    }

    /// The failure that says where a value was typed and what would be right.
    pub(super) fn wrong(&self, key: &'static str, value: &str, wanted: &str) -> Failure {
        let origin = self.typed(key).map_or(Origin::Default, |(_, origin)| origin);
        Failure::usage(format!("{origin}: {key} is {value}, and must be {wanted}"))
    }

    pub(super) fn text(&self, key: &'static str) -> Result<Option<String>, Failure> {
        let value = self.typed(key).map(|(value, _)| value.trim().to_owned());
        Ok(value.filter(|value| !value.is_empty()))
    }

    pub(super) fn parsed<T: FromStr>(&self, key: &'static str, wanted: &str) -> Result<T, Failure> {
        let text = self.text(key)?.unwrap_or_default();
        text.parse().map_err(|_| self.wrong(key, &text, wanted))
    }

    pub(super) fn number(&self, key: &'static str, range: RangeInclusive<u64>) -> Result<u64, Failure> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        let number = self.parsed(key, &wanted)?;
        if range.contains(&number) { Ok(number) } else { Err(self.wrong(key, &number.to_string(), &wanted)) }
    }

    pub(super) fn usd(&self, key: &'static str) -> Result<UsdMicros, Failure> {
        let wanted = "an amount in US dollars from 0 to 1000000";
        let usd: f64 = self.parsed(key, wanted)?;
        if (0.0..=1e6).contains(&usd) { Ok(UsdMicros((usd * 1e6).round() as i64)) } else { Err(self.wrong(key, &usd.to_string(), wanted)) }
    }

    pub(super) fn path(&self, key: &'static str) -> Result<Option<PathBuf>, Failure> {
        match self.text(key)? {
            Some(text) => Ok(Some(PathBuf::from(text))),
            None if key == "data_dir" => {
                let failure = Failure::usage("there is no home directory to keep runs in");
                Err(failure.advise("name a folder with --data-dir or ORCHESTRATOR_DATA_DIR"))
            }
            None => Ok(None),
        }
    }

    /// A secret, or what it refers to.
    pub(super) fn secret(&self, key: &'static str) -> Result<Option<Secret>, Failure> {
        let Some((typed, origin)) = self.typed(key) else { return Ok(None) };
        let refused = |why: String| Failure::usage(format!("{origin}: {key}: {why}"));
        let value = if let Some(name) = typed.strip_prefix("env://") {
            self.variable(name).ok_or_else(|| refused(format!("the variable {name} is not set")))?.to_owned()
        } else if let Some(path) = typed.strip_prefix("file://") {
            std::fs::read_to_string(path).map_err(|error| refused(format!("{path}: {error}")))?.trim().to_owned()
        } else if typed.starts_with("aws-sm://") || typed.starts_with("aws-ssm://") {
            return Err(refused("a secret can be given by env:// and file:// references, or as it is".to_owned()));
        } else {
            typed
        };
        if value.is_empty() { Err(refused("it is empty".to_owned())) } else { Ok(Some(Secret(value))) }
    }
}
