//! Which model answers, and why: decided from the configuration and from what is present, without the network.

use crate::config::{Config, ModelWish};
use domain::model::ModelRef;

/// A model, or none, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) model: Option<ModelRef>,
    /// As in "model X, …" or "no model, …".
    pub(crate) why: String,
}

impl Choice {
    /// What the configuration and this machine come to.
    pub(crate) fn of(config: &Config) -> Choice {
        Choice::from(config, bedrock::credentials_present())
    }

    fn from(config: &Config, credentials: Option<String>) -> Choice {
        let choice = |model, why: String| Choice { model, why };
        match (&config.model, credentials) {
            (ModelWish::Named(model), _) => choice(Some(model.clone()), "as configured".to_owned()),
            (ModelWish::None, _) => choice(None, "as configured".to_owned()),
            (ModelWish::Automatic, Some(source)) => {
                let model = ModelRef::parse(&format!("bedrock/{}", bedrock::default_model(&config.region)));
                choice(model, format!("because AWS credentials are present ({source})"))
            }
            (ModelWish::Automatic, None) if config.openai_api_key.is_some() => {
                choice(None, "because OPENAI_API_KEY is set but no model is named; name one with --model openai/MODEL".to_owned())
            }
            (ModelWish::Automatic, None) => choice(None, "because no credentials of a provider are present".to_owned()),
        }
    }

    /// One line for people: which model, why, and what is sent where.
    pub(crate) fn line(&self, destination: Option<&str>) -> String {
        match &self.model {
            None => format!("no model, {}: checks only, and nothing leaves this machine but the checks themselves", self.why),
            Some(model) => {
                let sent = match destination {
                    Some("local") | None => "nothing is sent anywhere".to_owned(),
                    Some(host) => format!("the task and what tools find go to {host}"),
                };
                format!("model {model}, {}: {sent}", self.why)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layers;

    fn config(variables: &[(&str, &str)]) -> Config {
        let home = [("HOME", "/h")];
        let all = home.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::from_layers(&Layers::new(all)).unwrap()
    }

    #[test]
    fn what_is_present_decides_and_what_is_said_beats_it() {
        let aws = || Some("the environment".to_owned());
        let model = |variables: &[(&str, &str)], credentials| {
            let choice = Choice::from(&config(variables), credentials);
            (choice.model.map(|model| model.to_string()), choice.why)
        };
        assert_eq!(model(&[], None).0, None);
        assert_eq!(model(&[("AWS_REGION", "eu-west-1")], aws()).0.as_deref(), Some("bedrock/eu.anthropic.claude-haiku-5-5"));
        assert_eq!(model(&[("ORCHESTRATOR_MODEL", "none")], aws()).0, None);
        assert_eq!(model(&[("ORCHESTRATOR_MODEL", "openai/small")], aws()).0.as_deref(), Some("openai/small"));
        assert!(model(&[("OPENAI_API_KEY", "k")], None).1.contains("--model openai/MODEL"));
    }

    #[test]
    fn the_line_says_what_leaves_the_machine() {
        let none = Choice { model: None, why: "as configured".to_owned() };
        assert!(none.line(None).contains("nothing leaves this machine"));
        let named = Choice { model: ModelRef::parse("openai/x"), why: "as configured".to_owned() };
        assert_eq!(named.line(Some("api.test")), "model openai/x, as configured: the task and what tools find go to api.test");
    }
}
