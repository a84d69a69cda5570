//! Modules: what they are called with, where they stand, what they give back.

use super::expand::Expansion;
use super::{Binding, Evaluated, Evaluator, Instance, Scope, Slot, Target};
use crate::attribute::{Attribute, Node};
use crate::read::terraform::syntax::Expression;
use crate::read::terraform::tree::{Placed, Source};
use crate::value::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Modules within each other.
const NESTED_MAX: usize = 16;

/// Modules in all. A tree whose modules each call two others would double without end.
const MODULES_MAX: usize = 2_000;

/// A module as it is called once.
pub(crate) struct Module<'t> {
    pub id: usize,
    pub source: &'t Source,
    /// `module.a[0].`; empty for a root.
    pub prefix: String,
    /// The region of each provider: `aws`, `aws.east`.
    regions: RefCell<BTreeMap<String, Value<String>>>,
    call: Option<Call<'t>>,
    /// The folders from the root to here, to notice circles.
    folders: Vec<&'t str>,
    pub(super) values: RefCell<BTreeMap<String, Slot>>,
    pub(super) expansions: RefCell<BTreeMap<String, Option<Rc<Expansion>>>>,
    /// Names to places, so that a reference does not search.
    resources: BTreeMap<(&'t str, &'t str), usize>,
    data: BTreeMap<(&'t str, &'t str), usize>,
    calls: BTreeMap<&'t str, usize>,
}

/// The block that calls it.
struct Call<'t> {
    caller: usize,
    placed: &'t Placed,
    binding: Option<(&'static str, Rc<Node>)>,
}

impl Module<'_> {
    /// The region of a provider: `aws`, `aws.east`. Absent when nothing names one.
    pub(crate) fn region(&self, provider: &str) -> Value<String> {
        self.regions.borrow().get(provider).cloned().unwrap_or_default()
    }
}

/// Whether a path leads out of what was read.
fn is_outside(folder: &str, path: &str) -> bool {
    let depth = folder.split('/').filter(|part| !part.is_empty() && *part != ".").count();
    let steps = path.split('/').scan(depth as i64, |depth, part| {
        *depth += match part {
            ".." => -1,
            "." | "" => 0,
            _ => 1,
        };
        Some(*depth)
    });
    steps.min().is_some_and(|least| least < 0)
}

impl<'t> Evaluator<'t> {
    /// Begins at a root. `prefix` keeps the addresses of several roots apart.
    pub(crate) fn root(&self, source: &'t Source, prefix: &str) -> Rc<Module<'t>> {
        self.add(source, prefix.to_owned(), None, vec![&source.folder], BTreeMap::new())
    }

    /// The modules that a call makes, with what their number depends on; or where they come from when that is not in the tree.
    pub(crate) fn called(&self, from: &Rc<Module<'t>>, call: &'t Placed) -> Result<(Vec<Rc<Module<'t>>>, Option<String>), String> {
        let name = format!("module.{}", call.label(0));
        let origin = call.block.body.attribute("source").and_then(|source| source.as_text()).unwrap_or("an unknown source").to_owned();
        let Some(source) = self.tree.local(from.source, call) else {
            self.register(from.id, &name, &self.expand(from.id, &name, &call.file, &call.block));
            if origin.starts_with('.') {
                let message = if is_outside(&from.source.folder, &origin) {
                    format!("{origin}, which {name} calls, lies outside of what is read: give the folder above")
                } else {
                    format!("there are no Terraform files at {origin}, which {name} calls")
                };
                self.in_file(&call.file, || self.problem(call.block.line, message));
            }
            return Err(origin);
        };
        if from.folders.contains(&source.folder.as_str()) || from.folders.len() >= NESTED_MAX {
            let ring = from.folders.iter().copied().chain([source.folder.as_str()]).map(|folder| if folder.is_empty() { "." } else { folder });
            let ring = ring.collect::<Vec<_>>().join(" > ");
            let message = format!("modules call each other in a circle or too deeply: {ring}");
            self.in_file(&call.file, || self.problem(call.block.line, message));
            return Err(origin);
        }
        let expansion = self.expand(from.id, &name, &call.file, &call.block);
        self.register(from.id, &name, &expansion);
        let modules = expansion.instances.iter().filter_map(|instance| {
            let target = self.targets.borrow().get(&instance.address).cloned();
            match target {
                Some(Target::Module(Some(id))) => Some(self.module(id)),
                _ => None,
            }
        });
        Ok((modules.collect(), expansion.why.clone()))
    }

    /// The instances of a resource.
    pub(crate) fn instances(&self, module: &Rc<Module<'t>>, name: &str, placed: &'t Placed) -> Rc<Expansion> {
        let expansion = self.expand(module.id, name, &placed.file, &placed.block);
        self.register(module.id, name, &expansion);
        expansion
    }

    /// Makes addresses known, and the modules behind them.
    pub(super) fn register(&self, module: usize, name: &str, expansion: &Expansion) {
        if expansion.instances.first().is_none_or(|first| self.targets.borrow().contains_key(&first.address)) {
            return;
        }
        let this = self.module(module);
        for instance in &expansion.instances {
            let target = match name.split('.').collect::<Vec<_>>()[..] {
                ["module", call] => {
                    let Some(placed) = this.calls.get(call).map(|index| &this.source.modules[*index]) else { continue };
                    Target::Module(self.child(&this, placed, instance))
                }
                ["data", kind, label] => {
                    let Some(index) = this.data.get(&(kind, label)) else { continue };
                    Target::Data { module, index: *index, instance: instance.clone() }
                }
                [kind, label] => {
                    let Some(index) = this.resources.get(&(kind, label)) else { continue };
                    Target::Resource { module, index: *index, instance: instance.clone() }
                }
                _ => continue,
            };
            self.targets.borrow_mut().insert(instance.address.clone(), target);
        }
    }

    fn child(&self, from: &Rc<Module<'t>>, placed: &'t Placed, instance: &Instance) -> Option<usize> {
        let source = self.tree.local(from.source, placed)?;
        if from.folders.contains(&source.folder.as_str()) || from.folders.len() >= NESTED_MAX {
            return None;
        }
        if self.modules.borrow().len() >= MODULES_MAX {
            self.in_file(&placed.file, || {
                self.problem(placed.block.line, format!("there are more than {MODULES_MAX} modules; the rest is not read"))
            });
            return None;
        }
        // A child has its caller's provider of each name, unless the call maps them.
        let mut regions = from.regions.borrow().clone();
        if let Some(Expression { kind: super::ExpressionKind::Object(entries), .. }) = placed.block.body.attribute("providers") {
            for (inner, outer) in entries {
                let outer = outer.as_path().and_then(|outer| from.regions.borrow().get(&outer).cloned()).unwrap_or_default();
                regions.insert(inner.as_path().unwrap_or_default(), outer);
            }
        }
        let call = Call { caller: from.id, placed, binding: instance.binding.clone() };
        let folders = from.folders.iter().copied().chain([source.folder.as_str()]).collect();
        Some(self.add(source, format!("{}.", instance.address), Some(call), folders, regions).id)
    }

    fn add(
        &self,
        source: &'t Source,
        prefix: String,
        call: Option<Call<'t>>,
        folders: Vec<&'t str>,
        regions: BTreeMap<String, Value<String>>,
    ) -> Rc<Module<'t>> {
        let names = |blocks: &'t [Placed]| blocks.iter().enumerate().map(|(index, placed)| ((placed.label(0), placed.label(1)), index)).collect();
        let (resources, data) = (names(&source.resources), names(&source.data));
        let calls = source.modules.iter().enumerate().map(|(index, placed)| (placed.label(0), index)).collect();
        let id = self.modules.borrow().len();
        let module = Rc::new(Module {
            id,
            source,
            prefix,
            regions: RefCell::new(regions),
            call,
            folders,
            values: RefCell::default(),
            expansions: RefCell::default(),
            resources,
            data,
            calls,
        });
        self.modules.borrow_mut().push(module.clone());
        // A provider's region may be a variable, so the module must be there before it is asked for.
        for provider in source.providers.iter().filter(|provider| provider.label(0) == "aws") {
            let (name, region) = self.region_of(id, provider);
            module.regions.borrow_mut().insert(name, region);
        }
        module
    }

    fn region_of(&self, module: usize, provider: &'t Placed) -> (String, Value<String>) {
        let body = &provider.block.body;
        let alias = body.attribute("alias").and_then(Expression::as_text);
        let name = alias.map_or_else(|| "aws".to_owned(), |alias| format!("aws.{alias}"));
        let region = body.attribute("region").map_or(Value::Absent, |region| {
            self.in_file(&provider.file, || self.resolved(self.attribute(region, Scope { module, names: None })).text())
        });
        (name, region)
    }

    pub(crate) fn module(&self, id: usize) -> Rc<Module<'t>> {
        self.modules.borrow()[id].clone()
    }

    pub(super) fn module_call(&self, module: usize, name: &str) -> Option<&'t Placed> {
        let module = self.module(module);
        module.calls.get(name).map(|index| &module.source.modules[*index])
    }

    pub(super) fn resource_block(&self, module: usize, kind: &str, label: &str) -> Option<&'t Placed> {
        let module = self.module(module);
        module.resources.get(&(kind, label)).map(|index| &module.source.resources[*index])
    }

    pub(super) fn data_block(&self, module: usize, kind: &str, label: &str) -> Option<&'t Placed> {
        let module = self.module(module);
        module.data.get(&(kind, label)).map(|index| &module.source.data[*index])
    }

    /// What a module gives back under this name.
    pub(super) fn output(&self, module: usize, name: &str, line: u32) -> Evaluated {
        self.again(&self.shared_output(module, name, line))
    }

    fn shared_output(&self, module: usize, name: &str, line: u32) -> Rc<Evaluated> {
        let this = self.module(module);
        let Some(output) = this.source.outputs.get(name) else { return Rc::new(self.undeclared(line, format!("{}{name}", this.prefix))) };
        let Some(value) = output.block.body.attribute("value") else { return Rc::new(Err(format!("the output {name} has no value"))) };
        self.once(&this, format!("output.{name}"), || self.in_file(&output.file, || self.evaluate(value, Scope { module, names: None })))
    }

    /// Evaluates an argument of the call in the caller's names. `None`: the call does not give it.
    pub(super) fn argument_of_call(&self, module: usize, name: &str) -> Option<Evaluated> {
        let this = self.module(module);
        let call = this.call.as_ref()?;
        let argument = call.placed.block.body.attribute(name)?;
        let binding = call.binding.as_ref().map(|(name, node)| Binding { name, node, outer: None });
        Some(self.in_file(&call.placed.file, || self.evaluate(argument, Scope { module: call.caller, names: binding.as_ref() })))
    }

    pub(super) fn is_root(&self, module: usize) -> bool {
        self.module(module).call.is_none()
    }

    /// The folder from which Terraform is run.
    pub(super) fn root_folder(&self, module: usize) -> String {
        self.module(module).folders.first().map_or_else(String::new, |folder| (*folder).to_owned())
    }

    pub(super) fn path(&self, module: usize, which: &str, line: u32) -> Evaluated {
        let root = self.root_folder(module);
        let attribute = match which {
            "root" => Attribute::Text(".".to_owned()),
            "module" => {
                let folder = self.module(module).source.folder.clone();
                Attribute::Text(relative(&root, &folder))
            }
            _ => Attribute::Unknown(format!("path.{which}")),
        };
        Ok(Node::new(attribute, line))
    }

    /// Works with this file as the one to blame.
    pub(super) fn in_file<T>(&self, file: &str, act: impl FnOnce() -> T) -> T {
        // The tree owns every file's name, so the borrowed one is found there and outlives the evaluator.
        let name = self.files.get_key_value(file).map_or("", |(name, _)| name.as_str());
        let before = self.file.replace(name);
        let result = act();
        self.file.set(before);
        result
    }
}

/// A folder as seen from another.
fn relative(from: &str, to: &str) -> String {
    let (from, to): (Vec<&str>, Vec<&str>) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let path: Vec<&str> = std::iter::repeat_n("..", from.len() - shared).chain(to[shared..].iter().copied()).collect();
    if path.is_empty() { ".".to_owned() } else { path.join("/") }
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}
