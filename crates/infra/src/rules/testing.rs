//! Small inventories for the rules' own tests.

use super::facts::Facts;
use super::judgement::{Judgement, Verdict};
use super::rule::Rule;
use crate::inventory::identity::{Document, Statement};
use crate::inventory::{Inventory, Kind, Language, Link, Origin, Problem, Resource, Unrecognised};
use crate::review::{Day, Mention, RepositoryFacts};
use crate::value::Value;
use domain::prices::Prices;

/// What a test reviews.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) inventory: Inventory,
    pub(crate) repository: RepositoryFacts,
    pub(crate) today: Day,
}

/// An empty project on 23 November 2026.
pub(crate) fn world() -> World {
    World { inventory: Inventory::default(), repository: RepositoryFacts::default(), today: Day::parse("2026-11-23").unwrap() }
}

impl World {
    /// With a resource declared in `main.tf`, ten lines after the one before.
    pub(crate) fn with(self, id: &str, kind: impl Into<Kind>) -> World {
        self.with_in("main.tf", id, kind)
    }

    /// With a resource declared in a file.
    pub(crate) fn with_in(mut self, file: &str, id: &str, kind: impl Into<Kind>) -> World {
        let line = 1 + 10 * u32::try_from(self.inventory.resources.len()).unwrap();
        let origin = Origin { file: file.to_owned(), line, path: id.to_owned() };
        self.inventory.resources.push(Resource { id: id.to_owned(), origin, region: Value::Absent, kind: kind.into() });
        let language = if file.ends_with(".tf") { Language::Terraform } else { Language::CloudFormation };
        if !self.inventory.languages.contains(&language) {
            self.inventory.languages.push(language);
        }
        self
    }

    /// With a module whose content is elsewhere.
    pub(crate) fn with_hidden_module(mut self) -> World {
        let origin = Origin { file: "main.tf".to_owned(), line: 900, path: "module.vpc".to_owned() };
        self.inventory.unrecognised.push(Unrecognised { id: "module.vpc".to_owned(), type_name: "module".to_owned(), origin });
        self
    }

    /// With something that adds to what is declared elsewhere.
    pub(crate) fn with_apart(mut self, type_name: &str) -> World {
        let origin = Origin { file: "main.tf".to_owned(), line: 950, path: type_name.to_owned() };
        self.inventory.unrecognised.push(Unrecognised { id: format!("{type_name}.it"), type_name: type_name.to_owned(), origin });
        self
    }

    /// With a file that could not be read.
    pub(crate) fn with_problem(mut self) -> World {
        self.inventory.problems.push(Problem { file: "broken.tf".to_owned(), line: Some(3), message: "expected a brace".to_owned() });
        self
    }

    /// With something that code or configuration mentions.
    pub(crate) fn with_mention(mut self, of: impl FnOnce(&mut RepositoryFacts) -> &mut Vec<Mention>, value: &str) -> World {
        let origin = Origin { file: "app.py".to_owned(), line: 7, path: String::new() };
        of(&mut self.repository).push(Mention { value: value.to_owned(), origin, quote: format!("client({value:?})") });
        self
    }

    /// What the rule says of it.
    pub(crate) fn judge(&self, rule: &Rule) -> Judgement {
        let prices = Prices::parse(include_str!("../../../../prices/models.toml")).unwrap();
        (rule.judge)(&Facts::new(&self.inventory, &self.repository, &prices, &self.today))
    }
}

fn expect(rule: &Rule, world: &World, verdict: Verdict) -> Judgement {
    let judgement = world.judge(rule);
    assert_eq!(judgement.verdict, verdict, "{}: {judgement:#?}", rule.id);
    assert!(!judgement.reason.is_empty() && !judgement.reason.ends_with('.'), "{}: {:?}", rule.id, judgement.reason);
    judgement
}

/// The rule passes and shows why.
pub(crate) fn passes(rule: &Rule, world: World) {
    assert!(!expect(rule, &world, Verdict::Pass).evidence.is_empty(), "{} passes without evidence", rule.id);
}

/// The rule fails and shows where.
pub(crate) fn fails(rule: &Rule, world: World) {
    assert!(!expect(rule, &world, Verdict::Fail).evidence.is_empty(), "{} fails without evidence", rule.id);
}

/// The rule cannot tell.
pub(crate) fn is_unknown(rule: &Rule, world: World) {
    expect(rule, &world, Verdict::Unknown);
}

/// The rule's question does not arise.
pub(crate) fn does_not_apply(rule: &Rule, world: World) {
    expect(rule, &world, Verdict::NotApplicable);
}

/// The rule asks a person.
pub(crate) fn asks_a_person(rule: &Rule, world: World) {
    expect(rule, &world, Verdict::Manual);
}

/// Text that is known.
pub(crate) fn text(text: &str) -> Value<String> {
    Value::Known(text.to_owned())
}

/// A declared resource.
pub(crate) fn to(id: &str) -> Value<Link> {
    Value::Known(Link::To(id.to_owned()))
}

/// Something outside.
pub(crate) fn outside(name: &str) -> Value<Link> {
    Value::Known(Link::Outside(name.to_owned()))
}

/// Something that cannot be told.
pub(crate) fn unclear<T>() -> Value<T> {
    Value::Unknown("parameter Size has no default".to_owned())
}

/// A document with one statement that allows actions on resources.
pub(crate) fn allow(actions: &[&str], resources: &[&str]) -> Value<Document> {
    let statement = Statement {
        effect: text("Allow"),
        actions: actions.iter().map(|action| text(action)).collect(),
        resources: resources.iter().map(|resource| outside(resource)).collect(),
        line: 5,
        ..Statement::default()
    };
    Value::Known(Document { statements: vec![statement] })
}

/// A trust document for a service.
pub(crate) fn trust(service: &str) -> Value<Document> {
    let principals = [("Service".to_owned(), vec![text(service)])].into();
    let statement = Statement { effect: text("Allow"), actions: vec![text("sts:AssumeRole")], principals, ..Statement::default() };
    Value::Known(Document { statements: vec![statement] })
}
