//! The rules of an `impl` block with `#[game_class]`.

use super::{
    generics, options,
    signature::{self, Role},
    taken_over,
};
use crate::{
    case::camel,
    mistakes::Mistakes,
    model::{EventKind, Handler, Handlers, Loop, Migrate},
    parse::{ImplBlock, Method, Opt},
};
use proc_macro2::Ident;
use syn::{Path, Type, ext::IdentExt as _};

/// The handlers, or `None` when the block is not one that can hold any.
pub(crate) fn handlers(written: &[Opt], block: &ImplBlock, mistakes: &mut Mistakes) -> Option<Handlers> {
    let events = block_options(written, mistakes);
    let before = mistakes.len();
    implements_no_trait(block, mistakes);
    generics::none(
        &block.generics,
        "a class has no parameters, so the `impl` block with its handlers has none either",
        mistakes,
    );
    if mistakes.len() > before {
        return None;
    }
    let mut found = Handlers {
        attrs: taken_over(&block.attrs),
        class: block.self_ty.clone(),
        handlers: Vec::new(),
        loops: Vec::new(),
        migrate: Vec::new(),
        idle_table: None,
    };
    let mut any = false;
    for method in &block.methods {
        let name = method.sig.ident.unraw().to_string();
        if name.starts_with("event_") {
            any = true;
            found.handlers.extend(handler(method, events.as_ref(), mistakes));
        } else if name.starts_with("loop_") {
            any = true;
            found.loops.extend(turn(method, mistakes));
        } else if name == "migrate" {
            any = true;
            found.migrate.extend(migrate(method, mistakes));
        }
    }
    let is_named = |handler: &Handler| matches!(handler.kind, EventKind::Named(_));
    found.idle_table = events.filter(|_| !found.handlers.iter().any(is_named));
    if !any {
        holds_a_handler(block, mistakes);
    }
    for call in &block.calls {
        mistakes.at_span(
            *call,
            "what a macro call writes here is not seen, and a handler in it would never be called: put the call into \
             an `impl` block of its own, or let the macro write the whole annotated block",
        );
    }
    Some(found)
}

fn block_options(written: &[Opt], mistakes: &mut Mistakes) -> Option<Path> {
    let mut events = None;
    options::once(written, mistakes);
    for option in written {
        match option.name.to_string().as_str() {
            "events" => events = options::path(option, "events = GameEvents", mistakes),
            "base" | "path" | "was" | "no_handlers" => {
                mistakes.at(&option.name, format_args!("`{}` belongs on the class's struct", option.name));
            }
            _ => options::unknown(option, "`#[game_class(..)]` on an `impl` block", "only `events = ..`", mistakes),
        }
    }
    events
}

/// Handlers are the class's own methods.
fn implements_no_trait(block: &ImplBlock, mistakes: &mut Mistakes) {
    if let Some(implemented) = &block.implements {
        mistakes.at(
            implemented,
            "handlers are the class's own methods: put them and `#[game_class]` on an `impl` block without a trait",
        );
    }
}

/// An annotated block without a handler is a slip: the methods are called something else.
fn holds_a_handler(block: &ImplBlock, mistakes: &mut Mistakes) {
    mistakes.at(
        &block.self_ty,
        "there is no `event_*` or `loop_*` method, and no `migrate`, in this `impl` block: take `#[game_class]` off it, \
         and write `#[game_class(no_handlers)]` on the struct if the class has none",
    );
}

fn handler(method: &Method, events: Option<&Path>, mistakes: &mut Mistakes) -> Option<Handler> {
    let before = mistakes.len();
    let sig = &method.sig;
    let event = signature::name_after("event_", Role::Handler, &sig.ident, mistakes);
    signature::plain(Role::Handler, sig, mistakes);
    let shared = signature::borrows_self(Role::Handler, sig, mistakes);
    let parameters = signature::parameters(Role::Handler, sig, mistakes);
    signature::answers_nothing(sig, mistakes);
    let event = event.filter(|_| mistakes.len() == before)?;
    let kind = match (parameters.event, events) {
        (Some(payload), _) => EventKind::Type(Box::new(payload.clone())),
        (None, Some(table)) => EventKind::Named(table.clone()),
        (None, None) => by_name(&event, &sig.ident, mistakes)?,
    };
    Some(Handler {
        method: sig.ident.clone(),
        event,
        kind,
        shared,
        takes_event: parameters.event.is_some(),
        takes_ctx: parameters.ctx,
        attrs: taken_over(&method.attrs),
    })
}

/// The event that a method without payload is for: the type that its name stands for, as it is called
/// in the scope of the `impl` block.
fn by_name(event: &str, method: &Ident, mistakes: &mut Mistakes) -> Option<EventKind> {
    match event {
        "constructed" => return Some(EventKind::Lifecycle("Constructed")),
        "reloaded" => return Some(EventKind::Lifecycle("Reloaded")),
        "destroyed" => return Some(EventKind::Lifecycle("Destroyed")),
        _ => {}
    }
    match syn::parse_str::<Ident>(&camel(event)) {
        Ok(mut name) => {
            name.set_span(method.span());
            let path = syn::TypePath { attrs: Vec::new(), qself: None, path: name.into() };
            Some(EventKind::Type(Box::new(Type::Path(path))))
        }
        Err(_) => {
            mistakes.at(method, format_args!("`{}` is not the name of an event", camel(event)));
            None
        }
    }
}

fn turn(method: &Method, mistakes: &mut Mistakes) -> Option<Loop> {
    let before = mistakes.len();
    let sig = &method.sig;
    let name = signature::name_after("loop_", Role::Loop, &sig.ident, mistakes);
    signature::plain(Role::Loop, sig, mistakes);
    signature::borrows_self(Role::Loop, sig, mistakes);
    let parameters = signature::parameters(Role::Loop, sig, mistakes);
    let answer = signature::answers_when(sig, mistakes);
    let (name, answer) = name.zip(answer).filter(|_| mistakes.len() == before)?;
    Some(Loop { method: sig.ident.clone(), name, takes_ctx: parameters.ctx, answer, attrs: taken_over(&method.attrs) })
}

fn migrate(method: &Method, mistakes: &mut Mistakes) -> Option<Migrate> {
    let before = mistakes.len();
    let sig = &method.sig;
    signature::plain(Role::Migrate, sig, mistakes);
    let answer = signature::migrates(sig, mistakes).filter(|_| mistakes.len() == before)?;
    Some(Migrate { method: sig.ident.clone(), answer, attrs: taken_over(&method.attrs) })
}
