//! What is done to objects in another shape than their class's beside what the rules say: whose `migrate` runs, and which part is
//! whose.

use crate::{
    migration::{Bases, Hook, Rework, base_place},
    registry::{BaseShapes, Class, Registry, shape_text},
    schema,
};
use std::collections::BTreeMap;

/// For objects that live: the hooks of their class and its bases, base first, where the part of the class has another shape than
/// before.
pub(super) fn rework_of_living(before: &Registry, after: &Registry, number: u16) -> Rework {
    let (old_parts, parts) = (before.parts(number), after.parts(number));
    let path = |class: u16| {
        let known = before.classes.get(usize::from(class)).filter(|class| !class.path.is_empty());
        known.map_or(&*after.class(class).path, |class| &*class.path)
    };
    let classes = |parts: &[(u16, usize)]| parts.iter().map(|(class, _)| path(*class)).collect::<Vec<_>>();
    let bases = Bases::between(&classes(&old_parts), &classes(&parts));
    let hooks = parts.into_iter().enumerate().filter_map(|(depth, (class, to))| {
        let old_depth = old_parts.iter().position(|(old, _)| *old == class)?;
        let (_, from) = old_parts.get(old_depth)?;
        let (old, new) = (before.class(class).state, after.class(class).state);
        let call = after.class(class).record.migrate.filter(|_| !schema::same_layout(old, new))?;
        Some(Hook { class, call, to, from: *from, old, depth, old_depth })
    });
    Rework { hooks: base_first(hooks), bases }
}

/// For objects that were written in another shape, with the types of their fields and the shapes of their bases: the hooks of
/// their class and its bases, base first, where the part of the class has another shape than it was written in. What the shapes
/// do not tell is taken for another one.
pub(crate) fn rework_of_written(
    registry: &Registry,
    number: u16,
    (types, shapes): (&BTreeMap<String, String>, Option<&BaseShapes>),
) -> Rework {
    let has_changed = |base: &Class| {
        let Some(shapes) = shapes else { return true };
        // A base that they did not have has nothing to go on with.
        let written = shapes.get(&*base.path).or_else(|| shapes.get(base.was.as_deref()?));
        written.is_some_and(|shape| *shape != shape_text(base.state))
    };
    let parts = registry.parts(number);
    let written: Vec<&str> = (1..=shapes.map_or(0, BTreeMap::len))
        .map_while(|depth| types.get(&base_place(depth)).map(String::as_str))
        .collect();
    let now = parts.iter().skip(1).map(|(base, _)| {
        let base = registry.class(*base);
        let was = base.was.as_deref().filter(|was| !written.contains(&&*base.path) && written.contains(was));
        was.unwrap_or(&base.path)
    });
    // The class itself is what it was, whatever its name.
    let itself = || core::iter::once("");
    let olds: Vec<&str> = itself().chain(written.iter().copied()).collect();
    let bases = Bases::between(&olds, &itself().chain(now).collect::<Vec<_>>());
    let hooks = parts.iter().enumerate().filter_map(|(depth, (class, to))| {
        let call = registry.class(*class).record.migrate?;
        if depth > 0 && !has_changed(registry.class(*class)) {
            return None;
        }
        let old = registry.class(*class).state;
        Some(Hook {
            class: *class,
            call,
            to: *to,
            from: 0,
            old,
            depth,
            old_depth: bases.old_depth(depth).unwrap_or(depth),
        })
    });
    Rework { hooks: base_first(hooks), bases }
}

fn base_first(hooks: impl Iterator<Item = Hook>) -> Vec<Hook> {
    let mut hooks: Vec<Hook> = hooks.collect();
    hooks.reverse();
    hooks
}
