//! `config`: every setting, its value and where that comes from.

use super::Context;
use crate::agents;
use crate::arguments::{Config, Format};
use crate::assemble::Assembly;
use crate::config::SETTINGS;
use crate::exit::{Exit, Failure};
use crate::show;
use crate::terminal::print;
use serde_json::json;

/// Does what was asked.
pub(crate) async fn config(context: Context, config: Config) -> Result<Exit, Failure> {
    match config {
        Config::Show => show(&context),
        Config::Validate => validate(&context).await?,
    }
    Ok(Exit::Done)
}

/// Shows what was typed even when it makes no sense: that is when people look.
fn show(context: &Context) {
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for setting in SETTINGS {
        let (value, origin) = match context.layers.get(setting) {
            // A reference says where the secret is, not what it is.
            Some((value, origin)) if setting.is_secret && !value.starts_with("env://") && !value.starts_with("file://") => {
                ("***".to_owned(), origin.to_string())
            }
            Some((value, origin)) => (value, origin.to_string()),
            None => (String::new(), "not set".to_owned()),
        };
        values.push(json!({"key": setting.key, "value": value, "from": origin, "about": setting.about}));
        rows.push(vec![setting.key.to_owned(), value, origin, setting.about.to_owned()]);
    }
    match context.format() {
        Format::Text => show::table(context.terminal, &["SETTING", "VALUE", "FROM", "WHAT IT IS"], &rows),
        format => show::json(format, &values),
    }
}

async fn validate(context: &Context) -> Result<(), Failure> {
    let config = context.config()?;
    agents::load(config.agents_dir.as_deref())?;
    let assembly = Assembly::new(&config).await?;
    let mut warnings: Vec<String> = assembly.warning().into_iter().collect();
    warnings.extend(context.layers.unread_variables().iter().map(|name| format!("nothing reads the variable {name}")));
    match context.format() {
        Format::Text => {
            warnings.iter().for_each(|warning| print(&format!("warning: {warning}\n")));
            print("The configuration is valid.\n");
        }
        format => show::json(format, &json!({"valid": true, "warnings": warnings})),
    }
    Ok(())
}
