//! The rules, one function each. What only the type system can know is checked by constants and
//! trait bounds in the expansion instead.

use crate::{
    model::{ClassOptions, FieldModel, Method, Methods, Table},
    names::{plain, snake},
    parse::{cfg_of, field_options},
    report::Report,
};
use std::collections::BTreeMap;
use syn::{
    Ident, LitStr, Variant,
    FnArg, GenericArgument, Generics, ImplItem, ImplItemFn, ItemImpl, PathArguments, Receiver, ReceiverKind, ReturnType, Safety, Type,
};

/// A class is one type with one layout.
pub(crate) fn not_generic(generics: &Generics, what: &str, report: &mut Report) {
    if generics.lt_token.is_some() || generics.where_clause.is_some() {
        report.at(
            generics,
            format!("{what} cannot have type, lifetime or const parameters: its objects live in one pool with one layout"),
        );
    }
}

/// No event twice, none behind a `cfg`, no more than fit.
pub(crate) fn events(table: &Table, report: &mut Report) {
    let mut seen = BTreeMap::new();
    for event in &table.events {
        if let Some(first) = seen.insert(snake(&plain(&event.ident)), &event.ident) {
            report.at(&event.ident, format!("the event `{first}` is declared twice"));
        }
        for attr in cfg_of(&event.attrs) {
            report.at(
                attr,
                "an event cannot depend on `cfg`: host and library could number the table differently; \
                 put such events into a table that extends this one, and the `cfg` on that table",
            );
        }
    }
    if table.events.len() > 512 {
        report.at(&table.ident, format!("a table has at most 512 events, this one has {}", table.events.len()));
    }
}

/// The type that a `#[game_class]` `impl` is for.
pub(crate) fn class_of_impl(item: &ItemImpl, report: &mut Report) -> bool {
    let before = report.is_empty();
    not_generic(&item.generics, "a class", report);
    if let Some(of_trait) = &item.trait_ {
        report.at(
            &of_trait.1,
            "`#[game_class]` goes on the inherent `impl` with the `event_*` methods, not on the `impl` of a trait",
        );
    }
    match &*item.self_ty {
        Type::Path(path) if path.qself.is_none() => {
            for segment in &path.path.segments {
                if let PathArguments::AngleBracketed(arguments) = &segment.arguments
                    && !arguments.args.iter().all(|argument| matches!(argument, GenericArgument::Constraint(_)))
                {
                    report.at(arguments, "a class cannot be generic: its objects live in one pool with one layout");
                }
            }
        }
        other => report.at(other, "`#[game_class]` goes on the `impl` of a struct"),
    }
    before && report.is_empty()
}

/// The handlers and loops among the methods of an `impl`.
pub(crate) fn methods(item: &ItemImpl, report: &mut Report) -> Methods {
    let mut found = Methods { handlers: Vec::new(), loops: Vec::new() };
    let (mut any, mut macros) = (false, false);
    for part in &item.items {
        let ImplItem::Fn(method) = part else {
            macros |= matches!(part, ImplItem::Macro(_));
            continue;
        };
        let name = plain(&method.sig.ident);
        if let Some(event) = name.strip_prefix("event_") {
            any = true;
            found.handlers.extend(self::method(method, event, Kind::Handler, report));
        } else if let Some(looped) = name.strip_prefix("loop_") {
            any = true;
            found.loops.extend(self::method(method, looped, Kind::Loop, report));
        }
    }
    if !any {
        let hint = if macros { " (methods made by a macro inside it are not seen)" } else { "" };
        report.at(
            &item.self_ty,
            format!(
                "this `impl` has no `event_*` or `loop_*` method{hint}: take `#[game_class]` off it, \
                 and write `#[game_class(no_handlers)]` on the struct if the class has none"
            ),
        );
    }
    found
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Handler,
    Loop,
}

impl Kind {
    const fn noun(self) -> &'static str {
        match self {
            Self::Handler => "a handler",
            Self::Loop => "a loop",
        }
    }

    const fn form(self) -> &'static str {
        match self {
            Self::Handler => "`fn event_name(&mut self [, event: &Event] [, ctx: &mut Ctx])`",
            Self::Loop => "`fn loop_name(&mut self [, ctx: &mut Ctx]) -> Next`",
        }
    }
}

fn method(method: &ImplItemFn, name: &str, kind: Kind, report: &mut Report) -> Option<Method> {
    let mut own = Report::default();
    if name.is_empty() {
        own.at(&method.sig.ident, format!("{} needs a name after its prefix: {}", kind.noun(), kind.form()));
    }
    qualifiers(method, kind, &mut own);
    receiver(method, kind, &mut own);
    returns(method, kind, &mut own);
    let (payload, takes_ctx) = parameters(method, kind, &mut own);
    if own.is_empty() {
        return Some(Method {
            ident: method.sig.ident.clone(),
            name: name.to_owned(),
            cfg: cfg_of(&method.attrs),
            payload,
            takes_ctx,
        });
    }
    report.merge(own);
    None
}

/// Not `async`, `unsafe`, `extern`, generic.
fn qualifiers(method: &ImplItemFn, kind: Kind, report: &mut Report) {
    let signature = &method.sig;
    let noun = kind.noun();
    if let Some(token) = &signature.asyncness {
        report.at(
            token,
            format!(
                "{noun} cannot be `async`: it would be suspended in code that a reload takes away; \
                 use `ctx.after(..)` or a `loop_*` method for what takes time"
            ),
        );
    }
    if let Safety::Unsafe(token) = &signature.safety {
        report.at(token, format!("{noun} cannot be `unsafe`: it is called by the core, which cannot know its duties"));
    }
    if let Some(abi) = &signature.abi {
        report.at(abi, format!("{noun} is an ordinary method, without `extern`"));
    }
    if signature.generics.lt_token.is_some() || signature.generics.where_clause.is_some() {
        report.at(&signature.generics, format!("{noun} cannot be generic: there is one for each class and name"));
    }
}

fn receiver(method: &ImplItemFn, kind: Kind, report: &mut Report) {
    let advice = format!("{} takes `&mut self` or `&self`: {}", kind.noun(), kind.form());
    match method.sig.inputs.first() {
        Some(FnArg::Receiver(receiver)) if is_reference(receiver) => {}
        Some(FnArg::Receiver(receiver)) => report.at(
            receiver,
            format!("{advice}; by value it would take the object out of the world (`ctx.destroy(ctx.id())` ends it)"),
        ),
        Some(other) => report.at(other, advice),
        None => report.at(&method.sig.ident, advice),
    }
}

fn is_reference(receiver: &Receiver) -> bool {
    match &receiver.kind {
        ReceiverKind::Reference(..) => true,
        ReceiverKind::Typed(_, ty) => matches!(&**ty, Type::Reference(_)),
        _ => false,
    }
}

fn returns(method: &ImplItemFn, kind: Kind, report: &mut Report) {
    match (&method.sig.output, kind) {
        (ReturnType::Type(_, ty), Kind::Handler) if !is_unit(ty) => {
            report.at(ty, "a handler returns nothing: answer with `ctx.emit(..)` or `ctx.send(..)`");
        }
        (ReturnType::Default, Kind::Loop) => report.at(
            &method.sig.ident,
            "a loop answers when its next turn is: `-> Next`, with `Next::after_secs(2.0)`, `Next::turn()` or `Next::stop()`",
        ),
        _ => {}
    }
}

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// The payload's type, and whether there is a context.
fn parameters(method: &ImplItemFn, kind: Kind, report: &mut Report) -> (Option<Type>, bool) {
    let (mut payload, mut takes_ctx) = (None, false);
    for input in method.sig.inputs.iter().skip(1) {
        let FnArg::Typed(parameter) = input else { continue };
        match &*parameter.ty {
            Type::Reference(reference) if reference.mutability.is_some() => {
                if takes_ctx {
                    report.at(parameter, format!("there is one context: {}", kind.form()));
                }
                takes_ctx = true;
            }
            Type::Reference(reference) if kind == Kind::Handler => {
                if payload.is_some() || takes_ctx {
                    report.at(parameter, format!("the event comes once, before the context: {}", kind.form()));
                }
                payload = Some((*reference.elem).clone());
            }
            Type::Reference(_) => report.at(parameter, format!("a loop has no event: {}", kind.form())),
            other => report.at(
                other,
                format!("the event is taken as `&Event`, the context as `&mut Ctx`: {}", kind.form()),
            ),
        }
    }
    (payload, takes_ctx)
}

/// A class with a base has a field `base`.
pub(crate) fn base_field(class: &Ident, options: &ClassOptions, fields: &[FieldModel], report: &mut Report) {
    let has_field = fields.iter().any(|field| field.name == "base");
    if let Some(base) = &options.base
        && !has_field
    {
        let base = quote::quote!(#base).to_string().replace(' ', "");
        report.at(class, format!("the base class's state is part of the object: add the field `base: {base}`"));
    }
}

/// What `#[field(..)]` says on a variant: only `was`.
pub(crate) fn variant_options(variant: &Variant, report: &mut Report) -> Option<LitStr> {
    let options = field_options(&variant.attrs, report);
    if options.default.is_some() || options.reset || options.opaque || options.serde {
        report.at(&variant.ident, "on a variant `#[field]` knows only `was`");
    }
    options.was
}
