//! The rules of a handler's or a loop's signature.

use super::generics;
use crate::{mistakes::Mistakes, parse::bare};
use proc_macro2::Ident;
use syn::{FnArg, Pat, ReceiverKind, ReturnType, Safety, Signature, Type, TypeReference, spanned::Spanned as _};

/// What a method is to the core, for the words of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Handler,
    Loop,
    Migrate,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Handler => "an event handler",
            Self::Loop => "a loop",
            Self::Migrate => "`migrate`",
        }
    }
}

/// A plain method: the core calls it when it sees fit.
pub(super) fn plain(role: Role, sig: &Signature, mistakes: &mut Mistakes) {
    let what = role.name();
    if let Some(token) = &sig.asyncness {
        let instead = match role {
            Role::Handler => "answer later with `ctx.after(..)`, or write a `loop_*` method",
            Role::Loop => "return, and say with `Next` when the next turn is",
            Role::Migrate => "what it needs is all in the old object",
        };
        mistakes.at(token, format_args!("{what} cannot be `async`, because the world waits for it: {instead}"));
    }
    if let Safety::Unsafe(token) = &sig.safety {
        mistakes.at(
            token,
            format_args!(
                "{what} cannot be `unsafe`, because the core, which calls it, can promise nothing: \
                          put an `unsafe` block inside"
            ),
        );
    }
    if let Some(abi) = &sig.abi {
        mistakes.at(abi, format_args!("{what} is called as a Rust function: leave `extern` out"));
    }
    let advice = format!("{what} cannot be generic, because nothing chooses its parameters: write the types out");
    generics::none(&sig.generics, &advice, mistakes);
}

/// `&mut self` or `&self`: whether it is the second.
pub(super) fn borrows_self(role: Role, sig: &Signature, mistakes: &mut Mistakes) -> bool {
    let what = role.name();
    let Some(receiver) = sig.receiver() else {
        mistakes.at(
            &sig.ident,
            format_args!("{what} is a method: give it `&mut self` or `&self`, or another name if it is neither"),
        );
        return false;
    };
    let shared = match &receiver.kind {
        ReceiverKind::Reference(_, _, mutable) => Some(mutable.is_none()),
        ReceiverKind::Typed(_, ty) => match &**ty {
            Type::Reference(TypeReference { elem, mutability, .. }) if matches!(&**elem, Type::Path(path) if path.path.is_ident("Self")) => {
                Some(mutability.is_none())
            }
            _ => None,
        },
        _ => None,
    };
    shared.unwrap_or_else(|| {
        mistakes.at(
            receiver,
            format_args!(
                "{what} cannot take the object itself, which lives on in the world: take `&mut self` or `&self`"
            ),
        );
        false
    })
}

/// The parameters after `self`.
#[derive(Default)]
pub(super) struct Parameters<'a> {
    pub(super) event: Option<&'a Type>,
    pub(super) ctx: bool,
}

/// `[, ev: &Event] [, ctx: &mut Ctx]`, a loop without the event.
pub(super) fn parameters<'a>(role: Role, sig: &'a Signature, mistakes: &mut Mistakes) -> Parameters<'a> {
    let mut found = Parameters::default();
    let form = match role {
        Role::Handler => format!("fn {}(&mut self, ev: &Event, ctx: &mut Ctx)", sig.ident),
        Role::Loop | Role::Migrate => format!("fn {}(&mut self, ctx: &mut Ctx) -> Next", sig.ident),
    };
    for input in &sig.inputs {
        let FnArg::Typed(parameter) = input else { continue };
        match bare(&parameter.ty) {
            Type::Reference(TypeReference { lifetime: Some(lifetime), .. }) if lifetime.ident != "_" => {
                mistakes.at(lifetime, "what a handler is given lives only as long as the call: leave the lifetime out");
            }
            Type::Reference(TypeReference { mutability: Some(_), .. }) if !found.ctx => found.ctx = true,
            Type::Reference(TypeReference { mutability: None, elem, .. })
                if role == Role::Handler && !found.ctx && found.event.is_none() =>
            {
                found.event = Some(elem);
            }
            Type::Reference(TypeReference { mutability: None, .. })
                if role == Role::Handler && found.event.is_none() =>
            {
                mistakes.at(parameter, format_args!("the event comes before the context: `{form}`"));
            }
            Type::Reference(_) => {
                mistakes.at(parameter, format_args!("one parameter too many; the whole form is `{form}`"));
            }
            other => {
                let name = name_of(&parameter.pat);
                mistakes.at(
                    other,
                    format_args!(
                        "{} is given references, and `{name}` is not one; the whole form is `{form}`",
                        role.name()
                    ),
                );
            }
        }
    }
    found
}

fn name_of(pattern: &Pat) -> String {
    match pattern {
        Pat::Ident(name) => name.ident.to_string(),
        _ => "the parameter".to_owned(),
    }
}

/// `(old: &OldState, carried: Self) -> ..`: the span of its answer's type.
pub(super) fn migrates(sig: &Signature, mistakes: &mut Mistakes) -> Option<proc_macro2::Span> {
    const FORM: &str = "fn migrate(old: &OldState<'_>, carried: Self) -> Result<Self, MigrateError>";
    let takes_both = match (sig.inputs.first(), sig.inputs.get(1), sig.inputs.len()) {
        (Some(FnArg::Typed(old)), Some(FnArg::Typed(carried)), 2) => {
            matches!(bare(&old.ty), Type::Reference(_)) && !matches!(bare(&carried.ty), Type::Reference(_))
        }
        _ => false,
    };
    if !takes_both {
        mistakes.at(
            &sig.ident,
            format_args!(
                "`migrate` gets the object as it was and as the rules carried it, and returns it as it shall be: \
                 `{FORM}`; call the method something else if it is not that"
            ),
        );
        return None;
    }
    match &sig.output {
        ReturnType::Type(_, ty) => Some(ty.span()),
        ReturnType::Default => {
            mistakes.at(&sig.ident, format_args!("`migrate` returns the object as it shall be: `{FORM}`"));
            None
        }
    }
}

/// A handler has nobody to answer to.
pub(super) fn answers_nothing(sig: &Signature, mistakes: &mut Mistakes) {
    if let ReturnType::Type(_, ty) = &sig.output
        && !matches!(bare(ty), Type::Tuple(tuple) if tuple.elems.is_empty())
    {
        mistakes.at(
            ty,
            "an event handler returns nothing, because nobody waits for its answer: \
             answer with an event, `ctx.send(..)` or `ctx.emit(..)`",
        );
    }
}

/// A loop says when it goes on: the span of its answer's type.
pub(super) fn answers_when(sig: &Signature, mistakes: &mut Mistakes) -> Option<proc_macro2::Span> {
    match &sig.output {
        ReturnType::Type(_, ty) => Some(ty.span()),
        ReturnType::Default => {
            mistakes.at(
                &sig.ident,
                format_args!("a loop says when its next turn is: `fn {}(&mut self) -> Next`", sig.ident),
            );
            None
        }
    }
}

/// What follows the prefix, or a mistake when nothing does.
pub(super) fn name_after(prefix: &str, role: Role, method: &Ident, mistakes: &mut Mistakes) -> Option<String> {
    let name = syn::ext::IdentExt::unraw(method).to_string();
    let rest = name.strip_prefix(prefix)?;
    if rest.starts_with(char::is_alphabetic) {
        Some(rest.to_owned())
    } else {
        mistakes.at(method, format_args!("{} has a name that starts with a letter after `{prefix}`", role.name()));
        None
    }
}
