//! A judgement: the verdict, why, and the places that show it.

use crate::inventory::{Origin, Resource, Unrecognised};
use crate::review::Mention;
use crate::value::Value;
use std::collections::{HashMap, HashSet};

/// What a rule found.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// One sentence about this project, without a full stop.
    pub reason: String,
    /// What shows it.
    pub evidence: Vec<Seen>,
    /// What to do, where it is something else than what the rule says of every failure.
    pub remedy: Option<String>,
}

/// How a rule came out. Only `Pass` is a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds, and the evidence shows it.
    Pass,
    /// It does not hold.
    Fail,
    /// No file can tell; a person must say.
    Manual,
    /// The files could tell and do not.
    Unknown,
    /// The question does not arise here.
    NotApplicable,
}

/// Something a rule saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A declared resource or a line of code.
    At {
        /// Where.
        origin: Origin,
        /// The resource's id, when it is one.
        resource: Option<String>,
        /// The words there, when the rule knows them; else they are looked up.
        quote: Option<String>,
        /// The line of the part that was looked at, such as a statement of a policy.
        part: Option<u32>,
        /// Names of settings to quote rather than the first line, in any language.
        settings: &'static [&'static str],
        /// A word to quote the line of, where no setting is named like that: a variable's name, an action.
        word: Option<String>,
        /// What it shows.
        note: String,
    },
    /// All that was searched without finding something.
    Searched {
        /// The files, or what stands for them.
        place: String,
        /// What was not there.
        note: String,
    },
}

impl Seen {
    /// A resource.
    pub fn resource(resource: &Resource, settings: &'static [&'static str], note: impl Into<String>) -> Seen {
        let (origin, resource) = (resource.origin.clone(), Some(resource.id.clone()));
        Seen::At { origin, resource, quote: None, part: None, settings, word: None, note: note.into() }
    }

    /// A resource of a type that has no place in the inventory.
    pub fn unrecognised(resource: &Unrecognised, note: impl Into<String>) -> Seen {
        let (origin, resource) = (resource.origin.clone(), Some(resource.id.clone()));
        Seen::At { origin, resource, quote: None, part: None, settings: &[], word: None, note: note.into() }
    }

    /// A part of a resource that begins at a line, and settings to quote from it.
    pub fn part(resource: &Resource, line: u32, settings: &'static [&'static str], note: impl Into<String>) -> Seen {
        let (origin, resource) = (resource.origin.clone(), Some(resource.id.clone()));
        Seen::At { origin, resource, quote: None, part: (line > 0).then_some(line), settings, word: None, note: note.into() }
    }

    /// A line of code or configuration.
    pub fn mention(mention: &Mention, note: impl Into<String>) -> Seen {
        let (origin, quote) = (mention.origin.clone(), Some(mention.quote.clone()));
        Seen::At { origin, resource: None, quote, part: None, settings: &[], word: None, note: note.into() }
    }

    /// The same, quoting the line with this word.
    pub fn with_word(self, new: impl Into<String>) -> Seen {
        match self {
            Seen::At { origin, resource, quote, part, settings, note, .. } => {
                Seen::At { origin, resource, quote, part, settings, word: Some(new.into()), note }
            }
            searched @ Seen::Searched { .. } => searched,
        }
    }

    /// The same, showing something else.
    pub fn with_note(self, new: impl Into<String>) -> Seen {
        match self {
            Seen::At { origin, resource, quote, part, settings, word, .. } => {
                Seen::At { origin, resource, quote, part, settings, word, note: new.into() }
            }
            Seen::Searched { place, .. } => Seen::Searched { place, note: new.into() },
        }
    }

    /// What it shows.
    pub fn note(&self) -> &str {
        match self {
            Seen::At { note, .. } | Seen::Searched { note, .. } => note,
        }
    }

    /// What it is about: the resource, else the place.
    fn subject(&self) -> Option<String> {
        match self {
            Seen::At { resource: Some(resource), .. } => Some(resource.clone()),
            Seen::At { origin, .. } => Some(format!("{}:{}", origin.file, origin.line)),
            Seen::Searched { .. } => None,
        }
    }
}

impl Judgement {
    /// It holds.
    pub fn pass(reason: impl Into<String>, evidence: Vec<Seen>) -> Judgement {
        Judgement { verdict: Verdict::Pass, reason: reason.into(), evidence, remedy: None }
    }

    /// It does not hold.
    pub fn fail(reason: impl Into<String>, evidence: Vec<Seen>) -> Judgement {
        Judgement { verdict: Verdict::Fail, reason: reason.into(), evidence, remedy: None }
    }

    /// A person must say.
    pub fn manual(reason: impl Into<String>, evidence: Vec<Seen>) -> Judgement {
        Judgement { verdict: Verdict::Manual, reason: reason.into(), evidence, remedy: None }
    }

    /// It cannot be told.
    pub fn unknown(reason: impl Into<String>, evidence: Vec<Seen>) -> Judgement {
        Judgement { verdict: Verdict::Unknown, reason: reason.into(), evidence, remedy: None }
    }

    /// The question does not arise.
    pub fn not_applicable(reason: impl Into<String>) -> Judgement {
        Judgement { verdict: Verdict::NotApplicable, reason: reason.into(), evidence: Vec::new(), remedy: None }
    }

    /// The same with something else to do about it.
    pub fn remedied(self, remedy: impl Into<String>) -> Judgement {
        Judgement { remedy: Some(remedy.into()), ..self }
    }
}

/// What a rule saw of each thing that it looked at. One that fails fails the rule; one that cannot be told leaves it unknown.
#[derive(Default)]
pub struct Tally {
    good: Vec<Seen>,
    bad: Vec<Seen>,
    unclear: Vec<Seen>,
}

impl Tally {
    /// It is as it should be.
    pub fn good(&mut self, seen: Seen) {
        self.good.push(seen);
    }

    /// It is at fault.
    pub fn bad(&mut self, seen: Seen) {
        self.bad.push(seen);
    }

    /// It cannot be told.
    pub fn unclear(&mut self, seen: Seen) {
        self.unclear.push(seen);
    }

    /// Whether nothing was seen at all.
    pub fn is_empty(&self) -> bool {
        self.good.is_empty() && self.bad.is_empty() && self.unclear.is_empty()
    }

    /// Whether something passed.
    pub fn has_good(&self) -> bool {
        !self.good.is_empty()
    }

    /// Files the thing under what `holds` says: `Some(true)`, `Some(false)`, or `None` when it cannot be told.
    pub fn holds(&mut self, holds: Option<bool>, resource: &Resource, settings: &'static [&'static str], notes: Notes) {
        match holds {
            Some(true) => self.good(Seen::resource(resource, settings, notes.good)),
            Some(false) => self.bad(Seen::resource(resource, settings, notes.bad)),
            None => self.unclear(Seen::resource(resource, settings, notes.unclear)),
        }
    }

    /// The judgement of all of them, or `none` when nothing was seen.
    pub fn close(self, none: impl FnOnce() -> Judgement) -> Judgement {
        if !self.bad.is_empty() {
            Judgement::fail(sentence(&self.bad), self.bad)
        } else if !self.unclear.is_empty() {
            Judgement::unknown(sentence(&self.unclear), self.unclear)
        } else if !self.good.is_empty() {
            Judgement::pass(sentence(&self.good), self.good)
        } else {
            none()
        }
    }
}

/// What to say in each of three cases.
pub struct Notes {
    /// It is as it should be.
    pub good: String,
    /// It is at fault.
    pub bad: String,
    /// It cannot be told.
    pub unclear: String,
}

/// The three notes from what can be shown as text.
pub fn notes(good: impl Into<String>, bad: impl Into<String>, unclear: impl Into<String>) -> Notes {
    Notes { good: good.into(), bad: bad.into(), unclear: unclear.into() }
}

/// That something cannot be told, and why where the value says so.
pub fn untold<T>(what: &str, value: &Value<T>) -> String {
    match value {
        Value::Unknown(why) => format!("{what} cannot be told: {why}"),
        _ => format!("{what} cannot be told"),
    }
}

/// What was seen in one sentence: the first two notes, each with its first subject, and how many more there are.
fn sentence(seen: &[Seen]) -> String {
    let mut notes: Vec<(&Seen, usize)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut said: HashSet<(Option<String>, &str)> = HashSet::new();
    // Two statements of one policy are one subject.
    for one in seen.iter().filter(|one| said.insert((one.subject(), one.note()))) {
        let place = *places.entry(one.note()).or_insert(notes.len());
        match notes.get_mut(place) {
            Some((_, n)) => *n += 1,
            None => notes.push((one, 1)),
        }
    }
    let shown: Vec<String> = notes
        .iter()
        .take(2)
        .map(|(first, n)| match (first.subject(), n) {
            (None, _) => first.note().to_owned(),
            (Some(subject), 1) => format!("{subject}: {}", first.note()),
            (Some(subject), n) => format!("{subject} and {} more: {}", n - 1, first.note()),
        })
        .collect();
    match notes.iter().skip(2).map(|(_, n)| n).sum::<usize>() {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}
