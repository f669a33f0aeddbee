//! Runs a program over the objects of a class: makes them anew in a pool beside the live one. The live pool is only
//! read. A staged pool that is dropped takes everything back: what was made is dropped, what was moved still belongs to
//! the live pool.
#![expect(unsafe_code, reason = "moves and makes parts of objects by their offsets")]

use super::{
    convert::{Conversion, Target},
    hook::{self, HookCall, Old},
    program::{Hook, LeftOver, Program, Run, Source, Step},
    unfit::{Asked, Unfit},
};
use crate::{
    attic::{Attic, AtticChange, ObjectKeeper},
    boundary::{ObjectId, announce},
    dispatch::{Payload, Unborn},
    instance::{Memory, OutOfMemory, Pool},
    schema::{
        Fault, Keeper, Path, Reason, Step as PathStep, Tentative, Value, drop_value, field_default_at, field_json_in,
        missing_field, unkept,
    },
};
use core::cell::RefCell;
use std::rc::Rc;

/// Objects that one step is applied to before the next step is.
const BLOCK: usize = 256;

/// The class that is carried over, and where its objects' left-overs go.
#[derive(Clone, Copy)]
pub(crate) struct Carried<'a> {
    pub(crate) number: u16,
    /// The path that it has from now on.
    pub(crate) path: &'a str,
    /// The path under which the attic knows it.
    pub(crate) known_as: &'a str,
    pub(crate) attic: &'a Attic,
    pub(crate) change: &'a RefCell<AtticChange>,
    pub(crate) from_epoch: u32,
    pub(crate) epoch: u32,
}

/// The objects as they are.
#[derive(Clone, Copy)]
pub(crate) enum Olds<'a> {
    /// Those of a pool, and whose slot is whose.
    Live(&'a Pool, &'a dyn Fn(u32) -> ObjectId),
    /// Those whose values wait in the queue.
    Unborn(&'a [Unborn]),
}

impl Olds<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Live(pool, _) => pool.len(),
            Self::Unborn(unborn) => unborn.len(),
        }
    }

    fn id(&self, index: usize) -> ObjectId {
        match self {
            Self::Live(pool, id_of) => id_of(pool.slot(index)),
            Self::Unborn(unborn) => unborn[index].object,
        }
    }

    /// Those from `first` on that lie one after the other, as many as are worked on at a time: the address of the first one,
    /// the bytes from one to the next, and their number.
    fn block(&self, first: usize) -> (*const u8, usize, usize) {
        match self {
            Self::Live(pool, _) => (pool.object(first), pool.stride(), (pool.len() - first).min(BLOCK)),
            Self::Unborn(unborn) => (unborn[first].value, 0, 1),
        }
    }
}

/// Why an object could not be carried over.
#[derive(Debug)]
pub(crate) enum StageFault {
    /// A part of an object does not become what it should.
    Part { object: ObjectId, fault: Fault },
    /// The `migrate` of this class, the object's or one that it is based on, refused or panicked.
    Hook { object: ObjectId, class: u16, reason: String },
    /// The system has no memory left.
    Memory(OutOfMemory),
}

/// A pool of objects in their new shape, beside the live one.
pub(crate) struct StagedPool {
    pub(crate) class: u16,
    program: Rc<Program>,
    /// `None` once it has been taken over.
    pool: Option<Pool>,
    progress: Progress,
}

/// How far staging has come, for taking it back.
#[derive(Debug, Default)]
struct Progress {
    /// Objects that are complete.
    complete: usize,
    /// Objects of the block that is worked on.
    in_block: usize,
    /// The step that is worked on, and the objects of the block that it is done for.
    step: usize,
    done: usize,
    /// An object of which a part is nothing, because the hook that got it gave nothing back.
    hollow: Option<(usize, Hook)>,
}

impl StagedPool {
    /// Carries over all objects.
    ///
    /// # Errors
    ///
    /// The first object that cannot be carried over; everything is taken back.
    ///
    /// # Safety
    ///
    /// 1. The objects are valid values of the program's old type, and are not changed while this lives.
    /// 2. The images that the program's types come from stay mapped while this lives.
    pub(crate) unsafe fn carry_over(
        program: Rc<Program>,
        carried: Carried<'_>,
        olds: Olds<'_>,
        memory: &Memory,
    ) -> Result<Self, StageFault> {
        let mut pool = Pool::new(carried.number, program.new.size, program.new.align, memory);
        match olds {
            Olds::Live(live, _) => pool.reserve(live.slots(), live.active()),
            Olds::Unborn(unborn) => pool.reserve(unborn.iter().map(|unborn| unborn.object.slot()), unborn.len()),
        }
        .map_err(StageFault::Memory)?;
        let class = carried.number;
        let mut staged = Self { class, program, pool: Some(pool), progress: Progress::default() };
        // SAFETY: (1), (2)
        unsafe { staged.run(carried, olds)? };
        Ok(staged)
    }

    /// # Safety
    ///
    /// As for [`StagedPool::carry_over`].
    unsafe fn run(&mut self, carried: Carried<'_>, olds: Olds<'_>) -> Result<(), StageFault> {
        let (program, progress) = (&*self.program, &mut self.progress);
        let Some(pool) = &self.pool else { return Ok(()) };
        while progress.complete < olds.len() {
            let first = progress.complete;
            let (from, from_stride, count) = olds.block(first);
            let block = Block {
                program,
                carried,
                from,
                from_stride,
                to: pool.object(first),
                to_stride: pool.stride(),
                count,
                objects: olds.len(),
                id: &|index| olds.id(first + index),
            };
            *progress = Progress { complete: first, in_block: count, ..Progress::default() };
            for run in &program.runs {
                // SAFETY: both blocks hold `count` objects of the program's types, of which the new ones are not there yet.
                unsafe { block.move_run(*run) };
            }
            let mut unfit = Vec::new();
            for (index, step) in program.steps.iter().enumerate() {
                (progress.step, progress.done) = (index, 0);
                // SAFETY: as above; (1), (2)
                unsafe { block.make(step, &mut progress.done, &mut unfit)? };
            }
            progress.step = program.steps.len();
            // SAFETY: as above; all parts of the objects are there.
            unsafe { block.call_hooks(unfit, &mut progress.hollow)? };
            // SAFETY: as above.
            unsafe { block.keep_left_over()? };
            progress.complete += count;
            progress.in_block = 0;
        }
        Ok(())
    }

    /// The objects one by one, in their order, now that nothing can fail any more.
    pub(super) fn payloads(self) -> (Vec<Payload>, Rc<Program>) {
        let (pool, program) = self.take();
        // SAFETY: complete values of the type, which are not used again: the pool only gives its memory back.
        let moved = |index| unsafe { Payload::moved(pool.object(index), program.new) };
        ((0..pool.len()).map(moved).collect(), program)
    }

    /// The pool, now that its objects are the live ones.
    pub(crate) fn take(mut self) -> (Pool, Rc<Program>) {
        let pool = self.pool.take().unwrap_or_else(|| unreachable!("taken once, because it consumes"));
        (pool, self.program.clone())
    }
}

impl Drop for StagedPool {
    fn drop(&mut self) {
        let Some(pool) = self.pool.take() else { return };
        let (progress, program) = (&self.progress, &*self.program);
        for index in 0..progress.complete + progress.in_block {
            let steps = if index < progress.complete || index - progress.complete < progress.done {
                progress.step + 1
            } else {
                progress.step
            };
            let steps = if index < progress.complete { program.steps.len() } else { steps };
            for step in program.steps.iter().take(steps) {
                let hollow = progress
                    .hollow
                    .is_some_and(|(object, hook)| object + progress.complete == index && hook.has(&step.place));
                if !hollow {
                    let part = pool.object(index).wrapping_add(step.to);
                    // SAFETY: the step has been done for this object, and nothing else drops the part. What panics in
                    // a destructor has no one to be told to: the refusal is told already.
                    drop(unsafe { drop_value(step.field.descriptor(), part) });
                }
            }
        }
    }
}

/// Objects that lie one after the other, in both shapes.
struct Block<'a> {
    program: &'a Program,
    carried: Carried<'a>,
    from: *const u8,
    from_stride: usize,
    to: *mut u8,
    to_stride: usize,
    count: usize,
    /// Objects of the class, of which the block is a part.
    objects: usize,
    id: &'a dyn Fn(usize) -> ObjectId,
}

impl Block<'_> {
    fn from(&self, index: usize) -> *const u8 {
        self.from.wrapping_add(index * self.from_stride)
    }

    fn to(&self, index: usize) -> *mut u8 {
        self.to.wrapping_add(index * self.to_stride)
    }

    /// Moves the same bytes of every object.
    ///
    /// # Safety
    ///
    /// 1. The block holds `count` old objects, and room for as many new ones.
    unsafe fn move_run(&self, run: Run) {
        macro_rules! lengths {
            ($($len:literal)*) => {
                match run.len {
                    // The length is known to the compiler: one or two moves instead of a call.
                    // SAFETY: (1)
                    $($len => unsafe { self.move_bytes(run, $len) },)*
                    // SAFETY: (1)
                    len => unsafe { self.move_bytes(run, len) },
                }
            };
        }
        lengths!(1 2 4 8 12 16 20 24 28 32 40 48 56 64)
    }

    /// # Safety
    ///
    /// 1. As for [`Block::move_run`].
    #[inline(always)]
    unsafe fn move_bytes(&self, run: Run, len: usize) {
        for index in 0..self.count {
            let (from, to) = (self.from(index).wrapping_add(run.from), self.to(index).wrapping_add(run.to));
            // SAFETY: (1); the program's runs lie within the objects of its types.
            unsafe { core::ptr::copy_nonoverlapping(from, to, len) };
        }
    }

    fn keeper(&self, object: ObjectId) -> ObjectKeeper<'_> {
        ObjectKeeper {
            attic: self.carried.attic,
            change: self.carried.change,
            known_as: self.carried.known_as,
            class: self.carried.path,
            object,
        }
    }

    /// Makes one part of every object; `done` counts them. Values that are left to `migrate` go to `unfit`, each with its object.
    ///
    /// # Safety
    ///
    /// 1. The block holds `count` old objects, and room for as many new ones.
    unsafe fn make(&self, step: &Step, done: &mut usize, unfit: &mut Vec<(usize, Unfit)>) -> Result<(), StageFault> {
        let root = Path::root(self.carried.path);
        let path = root.then(PathStep::Field(&step.place)).formerly(&step.former);
        // Where what was kept of it is.
        let kept = if step.moved { root.then(PathStep::Field(&step.former)) } else { path };
        // Asking the attic for each object is only worth it where it has something.
        let source = match step.source {
            Source::Missing(from)
                if ![&step.place, &step.former]
                    .into_iter()
                    .any(|place| self.carried.attic.has_field(self.carried.known_as, place)) =>
            {
                Source::Reset(from)
            }
            source => source,
        };
        // A default that needs nothing else is written to all objects in one call.
        if let (Source::Reset(_), Some(write)) = (source, step.field.default.or(step.field.descriptor().default)) {
            // SAFETY: (1)
            let outcome =
                announce(|| unsafe { write(self.to(0).wrapping_add(step.to), self.count, self.to_stride, done) });
            return outcome.into_result().map_err(|panicked| StageFault::Part {
                object: (self.id)(*done),
                fault: path.fault(Reason::Panicked(panicked)),
            });
        }
        for index in 0..self.count {
            let out = self.to(index).wrapping_add(step.to);
            // SAFETY: (1)
            let result = unsafe {
                match source {
                    Source::Reset(around) => field_default_at(step.field, out, &path, around.enclosing(out).as_ref()),
                    Source::Missing(around) => {
                        let keeper = self.keeper((self.id)(index));
                        missing_field(step.field, out, &kept, around.enclosing(out).as_ref(), &keeper)
                    }
                    Source::Old { field, from, how, is_left, around } => {
                        let enclosing = around.enclosing(out);
                        let keeper = self.keeper((self.id)(index));
                        let tentative = Tentative::new(&keeper);
                        let keeper: &dyn Keeper = if is_left { &tentative } else { &keeper };
                        let conversion = Conversion { rules: &self.program.rules, keeper };
                        let value = Value::new(self.from(index).wrapping_add(from), field.descriptor());
                        let target =
                            Target { ty: step.field.descriptor(), out, path: &path, outer: enclosing.as_ref() };
                        match (is_left, conversion.carry(how, (field, value), step.field, target)) {
                            (true, Err(fault)) if Unfit::is_one(&fault.reason) => {
                                match field_default_at(step.field, out, &path, enclosing.as_ref()) {
                                    Ok(()) => {
                                        unfit.push((index, Unfit::new(step.former.clone(), fault)));
                                        Ok(())
                                    }
                                    Err(_) => Err(fault),
                                }
                            }
                            (_, Ok(())) => {
                                tentative.commit();
                                Ok(())
                            }
                            (_, result) => result,
                        }
                    }
                }
            };
            result.map_err(|fault| StageFault::Part { object: (self.id)(index), fault })?;
            *done += 1;
        }
        Ok(())
    }

    /// Has each object's hooks say what becomes of it. `unfit` are values that are theirs, in any order.
    ///
    /// # Safety
    ///
    /// 1. The block holds `count` old objects and as many complete new ones.
    unsafe fn call_hooks(
        &self,
        mut unfit: Vec<(usize, Unfit)>,
        hollow: &mut Option<(usize, Hook)>,
    ) -> Result<(), StageFault> {
        // Those of the first object last; of each object the first one last.
        unfit.reverse();
        unfit.sort_by_key(|(of, _)| core::cmp::Reverse(*of));
        for index in 0..self.count {
            let object = (self.id)(index);
            let of_object: Vec<Unfit> =
                core::iter::from_fn(|| unfit.pop_if(|(of, _)| *of == index)).map(|(_, unfit)| unfit).collect();
            // Nothing is noted where nobody will look.
            let (asked, is_needed) = (Asked::default(), !of_object.is_empty());
            for hook in &self.program.hooks {
                let Carried { from_epoch, epoch, .. } = self.carried;
                // SAFETY: (1) the old object's part of the hook's class.
                let old = Old::Live(unsafe { Value::new(self.from(index).wrapping_add(hook.from), hook.old) });
                let part = self.to(index).wrapping_add(hook.to);
                let call = HookCall { object, from_epoch, epoch };
                // SAFETY: (1) the new object's part, which was made from copies.
                let result = unsafe { hook::run(hook, old, part, call, is_needed.then_some(&asked)) };
                if let Err(reason) = result {
                    *hollow = Some((index, *hook));
                    let reason = asked.explain(reason, &of_object);
                    return Err(StageFault::Hook { object, class: hook.class, reason });
                }
            }
            asked.check(of_object).map_err(|fault| StageFault::Part { object, fault })?;
        }
        Ok(())
    }

    /// Hands what the new shape has no room for to the attic.
    ///
    /// # Errors
    ///
    /// A value that cannot be written down.
    ///
    /// # Safety
    ///
    /// 1. The block holds `count` old objects.
    unsafe fn keep_left_over(&self) -> Result<(), StageFault> {
        let root = Path::root(self.carried.path);
        for LeftOver { place, part } in &self.program.left_over {
            let path = root.then(PathStep::Field(place));
            let ty = part.field.descriptor();
            let mut text = Vec::new();
            let mut change = self.carried.change.borrow_mut();
            let kept = change.keeping((self.carried.path, place), &ty.type_name(), self.objects);
            for index in 0..self.count {
                // SAFETY: (1) the part of the old object that the program says is there.
                let value = unsafe { Value::new(self.from(index).wrapping_add(part.from), ty) };
                let object = (self.id)(index);
                let json = field_json_in(part.field, value, &path, &mut text)
                    .map_err(|fault| StageFault::Part { object, fault: unkept(fault) })?;
                kept.put(object, json);
            }
        }
        Ok(())
    }
}

impl Program {
    /// Drops what the old objects still own after their pool has been replaced, and gives their memory back. Answers
    /// with what panicked.
    ///
    /// # Safety
    ///
    /// 1. The objects of `old` are of the program's old type, and were carried over by it.
    pub(crate) unsafe fn drop_rest(&self, old: Pool) -> Vec<crate::Panicked> {
        // SAFETY: (1)
        unsafe { self.drop_left((0..old.len()).map(|index| old.object(index))) }
    }

    /// Drops what old objects still own.
    ///
    /// # Safety
    ///
    /// 1. They are of the program's old type, and were carried over by it.
    pub(super) unsafe fn drop_left(&self, olds: impl Iterator<Item = *mut u8> + Clone) -> Vec<crate::Panicked> {
        let mut panics = Vec::new();
        for part in &self.left {
            let ty = part.field.descriptor();
            if ty.drop_in_place.is_none() {
                continue;
            }
            for old in olds.clone() {
                // SAFETY: (1) parts that were not moved, each dropped once.
                let dropped = unsafe { drop_value(ty, old.wrapping_add(part.from)) };
                panics.extend(dropped.err());
            }
        }
        panics
    }
}
