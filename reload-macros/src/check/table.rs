//! The rules of an `event_table!`.

use super::{fields, generics, options, taken_over};
use crate::{
    case::{camel, snake},
    mistakes::Mistakes,
    model::{Event, Table},
    parse::{TableDecl, TableEvent},
};
use syn::{
    Data, DataStruct, DeriveInput, Fields, FieldsNamed, Generics, LitStr, Token, Visibility, ext::IdentExt as _,
};

/// How many events a table can have: the core's `MAX_USER_EVENTS`.
const MOST_EVENTS: usize = 512;

/// The table, with the events that nothing is wrong with.
pub(crate) fn table(written: TableDecl, mistakes: &mut Mistakes) -> Table {
    generics::none(&written.generics, "an event table has no parameters", mistakes);
    not_too_many(&written.events, mistakes);
    for cfg in written.attrs.iter().filter(|attr| attr.path().is_ident("cfg")) {
        mistakes.at(cfg, "a table and its events are there together: put the `cfg` on the `event_table!`");
    }
    let mut events: Vec<Event> = Vec::new();
    for event in written.events.into_iter().take(MOST_EVENTS) {
        let before = mistakes.len();
        let handler_name = snake(&event.name.unraw().to_string());
        comes_back_from_snake_case(&event, &handler_name, mistakes);
        declared_once(&event, &handler_name, &events, mistakes);
        always_there(&event, mistakes);
        generics::none(
            &event.generics,
            "an event has no parameters, because every library must agree on what it carries: write the types out",
            mistakes,
        );
        has_named_fields(&event, mistakes);
        let was = former_name(&event, mistakes);
        let (item, fields) = payload(event, &written.vis, mistakes);
        if mistakes.len() == before {
            let attrs = taken_over(&item.attrs);
            events.push(Event { attrs, item, was, handler_name, fields });
        }
    }
    fields::names_before_differ(events.iter().filter_map(|event| event.was.as_ref()), mistakes);
    Table { attrs: written.attrs, vis: written.vis, name: written.name, base: written.base, events }
}

fn not_too_many(events: &[TableEvent], mistakes: &mut Mistakes) {
    if let Some(event) = events.get(MOST_EVENTS) {
        mistakes.at(
            &event.name,
            format_args!(
                "{} events are more than the {MOST_EVENTS} that a table and those it extends can have together: \
                 let similar events share one with a field that tells them apart",
                events.len()
            ),
        );
    }
}

/// A handler without payload finds the event's type by its name.
fn comes_back_from_snake_case(event: &TableEvent, handler_name: &str, mistakes: &mut Mistakes) {
    let back = camel(handler_name);
    if event.name.unraw() != back {
        mistakes
            .at(&event.name, format_args!("an event is a type, and handlers spell it in snake case: call it `{back}`"));
    }
}

fn declared_once(event: &TableEvent, handler_name: &str, earlier: &[Event], mistakes: &mut Mistakes) {
    if earlier.iter().any(|earlier| earlier.handler_name == handler_name) {
        mistakes.at(&event.name, format_args!("the event `{}` is declared twice", event.name));
    }
}

/// Numbers and schema of a table are the same in every build of it.
fn always_there(event: &TableEvent, mistakes: &mut Mistakes) {
    for attr in event.attrs.iter().filter(|attr| attr.path().is_ident("cfg")) {
        mistakes.at(
            attr,
            "an event cannot depend on `cfg`, because the numbers of those after it would: \
             put it into a table of its own, and the `cfg` on its `event_table!`",
        );
    }
}

/// What `#[event(was = "..")]` says.
fn former_name(event: &TableEvent, mistakes: &mut Mistakes) -> Option<LitStr> {
    let mut was = None;
    for option in fields::options_in("event", "was = \"OldName\"", &event.attrs, mistakes) {
        if option.name == "was" {
            was = options::text(&option, "was = \"OldName\"", mistakes);
        } else {
            options::unknown(&option, "an event", "only `was = \"..\"`", mistakes);
        }
    }
    if let Some(was) = was.as_ref().filter(|was| event.name.unraw() == was.value()) {
        mistakes
            .at(was, format_args!("the event is called `{}` now: `was` is the name that it had before", was.value()));
    }
    was
}

fn has_named_fields(event: &TableEvent, mistakes: &mut Mistakes) {
    if let Some(paren) = &event.unnamed {
        mistakes.at_span(
            paren.span.join(),
            format_args!("what an event carries has names: `{} {{ amount: i32 }}`", event.name),
        );
    }
}

/// The event as a struct with public fields.
fn payload(event: TableEvent, vis: &Visibility, mistakes: &mut Mistakes) -> (DeriveInput, Vec<crate::model::Field>) {
    let fields = match event.payload {
        Some(mut named) => {
            for field in &mut named {
                if !matches!(field.vis, Visibility::Inherited) {
                    mistakes.at(&field.vis, "what an event carries is always public: leave the visibility out");
                }
                field.vis = Visibility::Public(<Token![pub]>::default());
            }
            Fields::Named(FieldsNamed { brace_token: Default::default(), named: named.into_iter().collect() })
        }
        None => Fields::Unit,
    };
    let checked = fields::fields(&fields, mistakes);
    let semi_token = matches!(fields, Fields::Unit).then(<Token![;]>::default);
    let mut item = DeriveInput {
        attrs: event.attrs.into_iter().filter(|attr| !attr.path().is_ident("event")).collect(),
        vis: vis.clone(),
        ident: event.name,
        generics: Generics::default(),
        data: Data::Struct(DataStruct { struct_token: Default::default(), fields, semi_token }),
    };
    fields::attributes_of_type(&item.attrs, mistakes);
    super::strip_field_options(&mut item);
    (item, checked)
}
