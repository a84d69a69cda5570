//! The configuration: what was typed in a file, the environment and flags, and what it means.
//!
//! The only reader of the environment, the AWS credential chain aside. Everything is optional; a flag beats a variable, a variable
//! beats the file, and what nobody said has a default that works on a laptop.

mod file;
mod layers;
mod settings;

pub(crate) use layers::Layers;
pub(crate) use settings::{SETTINGS, nearest};

use crate::exit::Failure;
use domain::UsdMicros;
use domain::event::Limits;
use domain::model::ModelRef;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What the configuration means.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// `None` means: choose by what is present.
    pub(crate) model: ModelWish,
    pub(crate) region: String,
    pub(crate) data_dir: PathBuf,
    pub(crate) agents_dir: Option<PathBuf>,
    pub(crate) host: IpAddr,
    pub(crate) port: u16,
    pub(crate) api_key: Option<Secret>,
    pub(crate) runs_concurrent_max: usize,
    pub(crate) limits: Limits,
    pub(crate) key_cost_per_day_max: UsdMicros,
    pub(crate) global_cost_per_day_max: UsdMicros,
    pub(crate) retention: Duration,
    pub(crate) drain_delay: Duration,
    pub(crate) prices_file: Option<PathBuf>,
    pub(crate) openai_base_url: String,
    pub(crate) openai_api_key: Option<Secret>,
    pub(crate) bedrock_endpoint_url: Option<String>,
    pub(crate) log: String,
}

/// Which model was wished for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ModelWish {
    /// Whatever is present.
    Automatic,
    /// Checks only.
    None,
    /// This one.
    Named(ModelRef),
}

/// A value that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl Secret {
    /// The value itself, for the one who must send or compare it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Config {
    /// Reads every layer into its meaning.
    ///
    /// # Errors
    /// The first value that cannot be used, with where it was typed and what would be right.
    pub(crate) fn from_layers(layers: &Layers) -> Result<Config, Failure> {
        let limits = Limits {
            turns_max: layers.number("turns_max", 1..=1_000)? as u32,
            cost_usd_micros_max: layers.usd("budget_usd_per_run")?,
            ..Limits::default()
        };
        Ok(Config {
            model: model(layers)?,
            region: layers.text("region")?.unwrap_or_default(),
            data_dir: layers.path("data_dir")?.unwrap_or_default(),
            agents_dir: layers.path("agents_dir")?,
            host: layers.parsed("host", "an IP address such as 127.0.0.1 or 0.0.0.0")?,
            port: layers.number("port", 0..=65_535)? as u16,
            api_key: layers.secret("api_key")?,
            runs_concurrent_max: layers.number("runs_concurrent_max", 1..=100_000)? as usize,
            limits,
            key_cost_per_day_max: layers.usd("budget_usd_per_key_day")?,
            global_cost_per_day_max: layers.usd("budget_usd_per_day")?,
            retention: Duration::from_secs(layers.number("retention_days", 1..=36_500)? * 86_400),
            drain_delay: Duration::from_secs(layers.number("drain_delay_seconds", 0..=60)?),
            prices_file: layers.path("prices_file")?,
            openai_base_url: url(layers, "openai.base_url")?.unwrap_or_default(),
            openai_api_key: layers.secret("openai.api_key")?,
            bedrock_endpoint_url: url(layers, "bedrock.endpoint_url")?,
            log: layers.text("log")?.unwrap_or_default(),
        })
    }
}

fn model(layers: &Layers) -> Result<ModelWish, Failure> {
    Ok(match layers.text("model")?.as_deref() {
        None | Some("auto") => ModelWish::Automatic,
        Some("none") => ModelWish::None,
        Some(text) => match ModelRef::parse(text) {
            Some(model) if ["bedrock", "openai", "scripted"].contains(&model.provider()) => ModelWish::Named(model),
            _ => {
                let wanted = "provider/model-id with the provider bedrock, openai or scripted; or none; or auto";
                return Err(layers.wrong("model", text, wanted));
            }
        },
    })
}

fn url(layers: &Layers, key: &'static str) -> Result<Option<String>, Failure> {
    let Some(text) = layers.text(key)? else { return Ok(None) };
    match url::Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(Some(text.trim_end_matches('/').to_owned())),
        _ => Err(layers.wrong(key, &text, "a URL that begins with http:// or https://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    fn config(file: &str, environment: &[(&str, &str)]) -> Result<Config, Failure> {
        let home = [("HOME", "/home/ann")];
        let environment = home.iter().chain(environment).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut layers = Layers::new(environment);
        layers.add_file("test.toml".into(), file)?;
        Config::from_layers(&layers)
    }

    #[test]
    fn nothing_configured_is_a_configuration() {
        let config = config("", &[]).unwrap();
        assert_eq!(config.model, ModelWish::Automatic);
        assert_eq!((config.host.to_string().as_str(), config.port), ("127.0.0.1", 8000));
        assert_eq!(config.data_dir, PathBuf::from("/home/ann/.local/state/orchestrator"));
        assert_eq!(config.limits, Limits::default());
    }

    #[test]
    fn a_variable_beats_the_file() {
        let file = "port = 9000\nmodel = \"none\"\n[openai]\nbase_url = \"http://127.0.0.1:11434/v1/\"\n";
        let config = config(file, &[("PORT", "7000")]).unwrap();
        assert_eq!((config.port, config.model), (7000, ModelWish::None));
        assert_eq!(config.openai_base_url, "http://127.0.0.1:11434/v1");
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_place_and_what_would_be_right() {
        for (file, environment, said) in [
            ("prot = 1", &[][..], "test.toml:1: there is no setting prot; did you mean port?"),
            ("\n[openai]\nbase_ur = 'x'", &[], "test.toml:3: there is no setting openai.base_ur; did you mean openai.base_url?"),
            ("port = 70000", &[], "test.toml:1: port is 70000, and must be a whole number from 0 to 65535"),
            ("port = 'many'", &[], "must be a whole number"),
            ("port = [1]", &[], "test.toml:1: port must be a single value"),
            ("model = 'gpt'", &[], "must be provider/model-id"),
            ("budget_usd_per_run = -1", &[], "must be an amount in US dollars"),
            ("host = 'localhost'", &[], "must be an IP address"),
            ("[openai]\nbase_url = 'ftp://x'", &[], "must be a URL"),
            ("api_key = 'env://NOBODY_SET_THIS'", &[], "the variable NOBODY_SET_THIS is not set"),
            ("api_key = 'file:///nowhere/at/all'", &[], "/nowhere/at/all"),
            ("api_key = 'aws-sm://name'", &[], "env:// and file://"),
            ("port = ", &[], "test.toml:1"),
            ("", &[("ORCHESTRATOR_PORT", "x")], "the variable ORCHESTRATOR_PORT: port is x"),
        ] {
            let failure = config(file, environment).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.message.contains(said), "{file:?}: {failure}");
        }
    }

    #[test]
    fn a_secret_may_live_elsewhere_and_is_never_shown() {
        let config = config("api_key = 'env://MINE'", &[("MINE", "s3cret")]).unwrap();
        assert_eq!(config.api_key.as_ref().unwrap().reveal(), "s3cret");
        assert!(!format!("{config:?}").contains("s3cret"));
    }
}
