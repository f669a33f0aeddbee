//! Turns a class's old and new shape into a program: runs of bytes that stay as they are, and steps for the rest.
//! Structs that lie inside the object, the base part among them, are taken apart, so that only what changed is a step.

use super::{
    bases::{self, Bases, Part, Rework, place_without_part},
    rules::{FieldRule, How, Obstacle, Rules, is_remade},
};
use crate::{
    class::MigrateFn,
    report::{FieldChange, FieldFate},
    schema::{Carry, Descriptor, Direction, Enclosing, Field, Shape, differences, same_layout, same_struct},
};

/// Bytes that are moved as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) len: usize,
}

/// One part of the new object that is made.
#[derive(Debug)]
pub(super) struct Step {
    /// Where in the object, by name: `base.hp`.
    pub(super) place: String,
    /// The same as the old shape names it: what was kept before is kept under this name.
    pub(super) former: String,
    /// It is kept under this name only: another part was at its place.
    pub(super) moved: bool,
    pub(super) field: &'static Field,
    pub(super) to: usize,
    pub(super) source: Source,
}

/// What a part is made from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// What was kept of it before it went away, else its default.
    Missing(Around),
    /// Its default.
    Reset(Around),
    /// A part of the old object. If its value does not fit, and a hook answers for it, it starts from its default.
    Old { field: &'static Field, from: usize, how: How, is_left: bool, around: Around },
}

/// The struct around a field that says its default where it has none of its own, and how far into it the field is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around(Option<(&'static Descriptor, usize)>);

impl Around {
    /// For the field at `out`.
    pub(super) fn enclosing(self, out: *mut u8) -> Option<Enclosing<'static>> {
        self.0.map(|(ty, at)| Enclosing { ty, base: out.wrapping_sub(at), outer: None })
    }
}

/// A part of the old object.
#[derive(Clone, Copy, Debug)]
pub(super) struct OldPart {
    pub(super) field: &'static Field,
    pub(super) from: usize,
}

/// A part of the old object that the new one has no room for: it goes to the attic.
#[derive(Debug)]
pub(super) struct LeftOver {
    /// Where it is looked for when it comes back: `base.hp`.
    pub(super) place: String,
    pub(super) part: OldPart,
}

/// A class's own `migrate`, for the part of the object that is of the class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hook {
    /// The number of the class that has it.
    pub(crate) class: u16,
    pub(crate) call: MigrateFn,
    /// Where the part is.
    pub(crate) to: usize,
    pub(crate) from: usize,
    pub(crate) old: &'static Descriptor,
    /// How many base parts deep it lies: the part is the field `base` of the field `base` ..
    pub(crate) depth: usize,
    /// How deep it lay in the old object.
    pub(crate) old_depth: usize,
}

impl Hook {
    /// Whether the field at `place` is the part, or lies in it. Bytes do not tell: parts without any lie at the same place.
    pub(super) fn has(&self, place: &str) -> bool {
        let mut rest = place.split('.');
        rest.by_ref().take(self.depth).filter(|step| *step == "base").count() == self.depth
    }

    /// Whether the field at `place` is the part, lies in it, or has it inside.
    fn meets(&self, place: &str) -> bool {
        self.has(place) || place.split('.').all(|step| step == "base")
    }
}

/// How the objects of one class are carried over.
#[derive(Debug)]
pub(crate) struct Program {
    pub(super) rules: Rules,
    pub(super) runs: Vec<Run>,
    pub(super) steps: Vec<Step>,
    /// Old parts whose values are not moved: dropped when the reload has succeeded.
    pub(super) left: Vec<OldPart>,
    pub(super) left_over: Vec<LeftOver>,
    pub(super) hooks: Vec<Hook>,
    pub(super) new: &'static Descriptor,
    /// What the programmer should know, in the order of the new fields.
    pub(crate) changes: Vec<FieldChange>,
    /// Fields that no rule carries, and no hook answers for.
    pub(crate) obstacles: Vec<Obstacle>,
}

/// Whether objects of `old` are objects of `new` as they lie in memory, and nothing in them is made anew at a reload.
pub(crate) fn stays(old: &'static Descriptor, new: &'static Descriptor) -> bool {
    same_layout(old, new) && !is_remade(new)
}

/// The same of events, which may have another name.
pub(super) fn event_stays(old: &'static Descriptor, new: &'static Descriptor) -> bool {
    same_struct(old, new) && !is_remade(new)
}

impl Program {
    /// The program from `old` to `new`. With hooks nothing is moved: they get values of their own.
    pub(crate) fn new(
        (old, new): (&'static Descriptor, &'static Descriptor),
        Rework { hooks, bases }: Rework,
        direction: Direction,
    ) -> Self {
        let mut program = Self {
            rules: Rules::new(direction),
            runs: Vec::new(),
            steps: Vec::new(),
            left: Vec::new(),
            left_over: Vec::new(),
            hooks,
            new,
            changes: Vec::new(),
            obstacles: Vec::new(),
        };
        if bases.is_shifted() {
            program.flatten_parts((old, new), &bases);
        } else {
            program.flatten(&Whole::of_object(old, new));
        }
        program.runs = merged(std::mem::take(&mut program.runs));
        program
    }

    /// The parts of an object of which some lie at another depth than before: each from the one of the same class.
    fn flatten_parts(&mut self, (old, new): (&'static Descriptor, &'static Descriptor), bases: &Bases) {
        let (olds, news) = bases.parts(old, new);
        let object = Whole::of_object(old, new);
        for to in &news {
            let place = bases::place(to.depth);
            match bases.old_depth(to.depth).and_then(|depth| olds.get(depth)) {
                Some(from) => {
                    in_parts(&object, (from, &bases::place(from.depth)), (to, &place), |whole| self.flatten(whole));
                }
                None => in_parts(&object, (to, &place_without_part(&to.class)), (to, &place), |whole| {
                    to.own_fields().for_each(|field| self.missing(whole, field));
                }),
            }
        }
        for from in olds.iter().filter(|from| !bases.continues(from.depth)) {
            let place = place_without_part(&from.class);
            in_parts(&object, (from, &place), (from, &place), |whole| {
                from.own_fields().for_each(|field| self.removed(whole, field));
            });
        }
    }

    /// The fields of a struct inside the object. A base part that goes its own way is left out.
    fn flatten(&mut self, whole: &Whole<'_>) {
        let (old, new) = (whole.old.fields(), whole.new.fields());
        let rules = self.rules.fields(old, new);
        let is_next = |part: Option<&Part>, field: &Field| part.is_some_and(|part| part.is_next(field));
        let (from, to) = whole.parts.unzip();
        for (rule, field) in rules.fields.iter().zip(new) {
            let continued = rule.continued().map(|index| &old[index]);
            let of_part = continued.is_some_and(|old| is_next(from, old));
            match (continued, is_next(to, field)) {
                (_, false) if of_part => {
                    self.missing(whole, field);
                    continue;
                }
                (_, false) => {}
                // It is called like the part that is there now.
                (Some(old), true) if !of_part => {
                    self.removed(whole, old);
                    continue;
                }
                (_, true) => continue,
            }
            match *rule {
                FieldRule::Missing => self.missing(whole, field),
                FieldRule::Reset { old: from } => {
                    let from = from.map(|index| &old[index]);
                    // What is carried again may be in the attic from before it started over.
                    let source = if matches!(field.carry, Carry::Reset) { Source::Reset } else { Source::Missing };
                    self.make(whole, field, from.unwrap_or(field), source(whole.around(field)));
                    if let Some(from) = from {
                        self.leave(whole, from, true);
                    }
                    if from.is_none_or(|from| !matches!(from.carry, Carry::Reset)) {
                        self.change(whole, field, FieldFate::Reset, from);
                    }
                }
                FieldRule::Carried { old: index, how } => self.carry(whole, &old[index], field, how),
            }
        }
        for field in rules.removed.iter().map(|index| &old[*index]).filter(|field| !is_next(from, field)) {
            self.removed(whole, field);
        }
    }

    /// A field that the old object does not have.
    fn missing(&mut self, whole: &Whole<'_>, field: &'static Field) {
        self.change(whole, field, FieldFate::Added, None);
        let source = if matches!(field.carry, Carry::Reset) { Source::Reset } else { Source::Missing };
        self.make(whole, field, field, source(whole.around(field)));
    }

    /// A field that the new object does not have.
    fn removed(&mut self, whole: &Whole<'_>, field: &'static Field) {
        let fate = if is_readable(field) { FieldFate::Removed } else { FieldFate::Lost };
        if !matches!(field.carry, Carry::Reset) {
            self.changes.push(FieldChange {
                field: whole.place_of(field),
                fate,
                from: Some(field.descriptor().type_name()),
                to: None,
                details: Vec::new(),
            });
        }
        self.leave(whole, field, true);
    }

    fn carry(&mut self, whole: &Whole<'_>, old: &'static Field, new: &'static Field, how: How) {
        let (from, to) = (old.descriptor(), new.descriptor());
        if old.name() != new.name() {
            self.change(whole, new, FieldFate::Renamed { from: old.name().to_owned() }, Some(old));
        }
        let (is_left, around) = (self.has_hook(&whole.place_of(new)), whole.around(new));
        let source = Source::Old { field: old, from: whole.from + old.offset, how, is_left, around };
        let How::ByRule(rule) = how else {
            if !matches!(how, How::SerdeToSerde) {
                self.change(whole, new, FieldFate::Converted, Some(old));
            }
            self.make(whole, new, old, source);
            return self.leave(whole, old, false);
        };
        if stays(from, to) && !is_left {
            return self.runs.push(Run { from: whole.from + old.offset, to: whole.to + new.offset, len: from.size });
        }
        let (place, former) = (whole.place_of(new), whole.former_of(old));
        if let (Shape::Struct(_), Shape::Struct(_)) = (&from.shape, &to.shape)
            && same_kind_of_struct(from, to)
        {
            let whole = Whole {
                old: from,
                new: to,
                from: whole.from + old.offset,
                to: whole.to + new.offset,
                place: &place,
                former: &former,
                outer: Some(whole),
                parts: None,
                moved: whole.moved,
            };
            return self.flatten(&whole);
        }
        let obstacles = self.rules.obstacles(rule, &place);
        if !obstacles.is_empty() {
            return self.no_rule(whole, old, new, obstacles);
        }
        if !same_layout(from, to) {
            self.change(whole, new, FieldFate::Converted, Some(old));
        }
        self.make(whole, new, old, source);
        self.leave(whole, old, false);
    }

    /// A field that no rule carries: the class's hook says what it is, starting from what was kept of it, else the default.
    fn no_rule(&mut self, whole: &Whole<'_>, old: &'static Field, new: &'static Field, obstacles: Vec<Obstacle>) {
        let (from, to) = (old.descriptor(), new.descriptor());
        if !same_layout(from, to) && self.has_hook(&whole.place_of(new)) {
            self.change(whole, new, FieldFate::LeftToMigrate, Some(old));
            self.make(whole, new, old, Source::Missing(whole.around(new)));
            self.leave(whole, old, true);
        } else {
            self.obstacles.extend(obstacles);
        }
    }

    /// Whether some hook gets, and answers for, the field at this place of the new object, or a part of it.
    fn has_hook(&self, place: &str) -> bool {
        self.hooks.iter().any(|hook| hook.meets(place))
    }

    /// `old` is the old shape's field, or the new one where there is none.
    fn make(&mut self, whole: &Whole<'_>, field: &'static Field, old: &Field, source: Source) {
        let (place, former) = (whole.place_of(field), whole.former_of(old));
        self.steps.push(Step { place, former, moved: whole.moved, field, to: whole.to + field.offset, source });
    }

    /// The old field's value stays behind; `over` where the new object has no room for it.
    fn leave(&mut self, whole: &Whole<'_>, field: &'static Field, over: bool) {
        let part = OldPart { field, from: whole.from + field.offset };
        self.left.push(part);
        if over && !matches!(field.carry, Carry::Reset) {
            self.left_over.push(LeftOver { place: whole.place_of(field), part });
        }
    }

    fn change(&mut self, whole: &Whole<'_>, field: &'static Field, fate: FieldFate, old: Option<&'static Field>) {
        let details = match (&fate, old) {
            (FieldFate::Converted, Some(old)) => differences(old.descriptor(), field.descriptor())
                .iter()
                .filter(|difference| !difference.path.is_empty())
                .map(ToString::to_string)
                .collect(),
            _ => Vec::new(),
        };
        self.changes.push(FieldChange {
            field: whole.place_of(field),
            fate,
            from: old.map(|old| old.descriptor().type_name()),
            to: Some(field.descriptor().type_name()),
            details,
        });
    }
}

/// The fields of the part `from` become those of the part `to`; each with where it is, by name.
fn in_parts(
    object: &Whole<'_>,
    (from, former): (&Part, &str),
    (to, place): (&Part, &str),
    run: impl FnOnce(&Whole<'_>),
) {
    let (parts, outer) = (Some((from, to)), Some(object));
    run(&Whole { old: from.ty, new: to.ty, from: from.at, to: to.at, place, former, outer, parts, moved: true });
}

/// A struct that lies inside the object, in both shapes.
struct Whole<'a> {
    old: &'static Descriptor,
    new: &'static Descriptor,
    /// Bytes from the old object's start.
    from: usize,
    /// Bytes from the new object's start.
    to: usize,
    /// Where it is in the new object, by name; empty for the object itself.
    place: &'a str,
    /// Where it was in the old one.
    former: &'a str,
    /// What it lies in.
    outer: Option<&'a Whole<'a>>,
    /// Where it is a class's part of the object, and the parts that it is based on go their own way.
    parts: Option<(&'a Part, &'a Part)>,
    /// Whether parts of the object lie elsewhere than before.
    moved: bool,
}

impl Whole<'_> {
    fn of_object(old: &'static Descriptor, new: &'static Descriptor) -> Self {
        Self { old, new, from: 0, to: 0, place: "", former: "", outer: None, parts: None, moved: false }
    }

    fn place_of(&self, field: &Field) -> String {
        place_in(self.new, self.place, field)
    }

    fn former_of(&self, field: &Field) -> String {
        place_in(self.old, self.former, field)
    }

    /// What says the field's default where it has none of its own.
    fn around(&self, field: &Field) -> Around {
        let mut wholes = core::iter::successors(Some(self), |whole| whole.outer);
        let with_default = wholes.find(|whole| whole.new.default.is_some());
        Around(with_default.map(|whole| (whole.new, self.to - whole.to + field.offset)))
    }
}

/// Where a field is of a `whole` that is at `place`. A newtype inside the object is where its field is, as in JSON.
fn place_in(whole: &Descriptor, place: &str, field: &Field) -> String {
    if place.is_empty() {
        field.name().to_owned()
    } else if whole.is_newtype() {
        place.to_owned()
    } else {
        format!("{place}.{}", field.name())
    }
}

fn same_kind_of_struct(old: &Descriptor, new: &Descriptor) -> bool {
    let is_tuple = |descriptor: &Descriptor| descriptor.path() == crate::schema::TUPLE;
    let is_positional = |descriptor: &Descriptor| crate::schema::is_positional(descriptor.fields());
    let is_empty = |descriptor: &Descriptor| descriptor.fields().is_empty();
    is_tuple(old) == is_tuple(new)
        && old.is_newtype() == new.is_newtype()
        && (is_positional(old) == is_positional(new) || is_empty(old) || is_empty(new))
}

/// Whether the field's value can be written down.
fn is_readable(field: &Field) -> bool {
    matches!(field.carry, Carry::Serde(_)) || !matches!(field.descriptor().shape, Shape::Opaque(_))
}

/// Runs that lie in the same way in both shapes become one, small gaps between them included: what a gap holds in the
/// new shape is made after the runs.
fn merged(mut runs: Vec<Run>) -> Vec<Run> {
    const GAP: usize = 16;
    runs.retain(|run| run.len > 0);
    runs.sort_by_key(|run| run.to);
    let mut merged: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs {
        match merged.last_mut() {
            Some(last)
                if run.from >= last.from + last.len
                    && run.from - last.from == run.to - last.to
                    && run.to - (last.to + last.len) <= GAP =>
            {
                last.len = run.to + run.len - last.to;
            }
            _ => merged.push(run),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::{Run, merged};

    #[test]
    fn runs_that_lie_alike_are_one() {
        let run = |from, to, len| Run { from, to, len };
        assert_eq!(merged(vec![run(8, 8, 8), run(0, 0, 8)]), [run(0, 0, 16)]);
        assert_eq!(merged(vec![run(0, 0, 4), run(8, 8, 8)]), [run(0, 0, 16)], "over a gap");
        assert_eq!(merged(vec![run(0, 0, 8), run(8, 16, 8)]), [run(0, 0, 8), run(8, 16, 8)]);
        assert_eq!(merged(vec![run(8, 0, 8), run(0, 8, 8)]), [run(8, 0, 8), run(0, 8, 8)], "the order changed");
        assert_eq!(merged(vec![run(0, 0, 8), run(64, 64, 8)]), [run(0, 0, 8), run(64, 64, 8)], "a wide gap");
    }
}
