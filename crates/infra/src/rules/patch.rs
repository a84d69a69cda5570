//! What a remedy changes in the file, before the file is looked at.

/// A change to the declaration of a resource at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Gives a setting this value, whether it is there already or not.
    Set {
        /// In CloudFormation.
        cloudformation: Option<Setting>,
        /// In Terraform.
        terraform: Option<Setting>,
    },
    /// Puts other words in the place of some, within what begins at a line.
    Replace {
        /// The line.
        line: u32,
        /// The words, as each language may have them.
        from: Vec<String>,
        /// What to write instead.
        to: String,
    },
    /// Takes the line of a setting away.
    Remove {
        /// Names of the setting.
        settings: &'static [&'static str],
    },
}

/// A setting with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What holds the setting instead of the resource itself, such as `LaunchTemplateData`. Empty: the resource.
    pub within: &'static str,
    /// The setting.
    pub name: &'static str,
    /// The setting inside it that gets the value. Empty: the setting itself.
    pub inner: &'static str,
    /// The value, as the language writes it.
    pub value: String,
    /// A setting with its value that must stand beside it inside the same, if it does not already.
    pub beside: Option<(&'static str, &'static str)>,
}

/// A plain setting by its names and values in CloudFormation and in Terraform.
pub(super) fn set(cloudformation: (&'static str, &str), terraform: (&'static str, &str)) -> Vec<Change> {
    let setting = |(name, value): (&'static str, &str)| Some(Setting { within: "", name, inner: "", value: value.to_owned(), beside: None });
    vec![Change::Set { cloudformation: setting(cloudformation), terraform: setting(terraform) }]
}

/// A setting inside another.
pub(super) fn set_inside(cloudformation: (&'static str, &'static str, &str), terraform: (&'static str, &'static str, &str)) -> Vec<Change> {
    let setting =
        |(name, inner, value): (&'static str, &'static str, &str)| Some(Setting { within: "", name, inner, value: value.to_owned(), beside: None });
    vec![Change::Set { cloudformation: setting(cloudformation), terraform: setting(terraform) }]
}
