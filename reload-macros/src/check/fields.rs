//! The rules of fields and of the types that nest in them.

use super::{generics, options, taken_over};
use crate::{
    mistakes::Mistakes,
    model::{Carry, Field, Layout, Nested, Shape, Variant},
    parse::{Opt, Options},
};
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Data, DataEnum, DeriveInput, Fields, Index, LitStr, Member, Meta, ext::IdentExt as _};

const FIELD_OPTIONS: &str = "`default = ..`, `was = \"..\"`, `reset`, `opaque` and `serde`";

/// A type with `#[derive(State)]`.
pub(crate) fn nested(input: &DeriveInput, mistakes: &mut Mistakes) -> Option<Nested> {
    let before = mistakes.len();
    generics::no_lifetimes(&input.generics, mistakes);
    attributes_of_type(&input.attrs, mistakes);
    let shape = match &input.data {
        Data::Struct(data) => Shape::Struct(fields(&data.fields, mistakes)),
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|written| variant(written, mistakes)).collect();
            Shape::Enum(variants, layout(&input.attrs, data))
        }
        Data::Union(data) => {
            mistakes.at(data.union_token, "a union does not say which of its fields is alive: make it an `enum`");
            return None;
        }
    };
    if input.generics.type_params().next().is_some() {
        shape.fields().for_each(|field| generic_types_are_described(field, mistakes));
    }
    for parameter in input.generics.const_params() {
        let name = parameter.ident.to_string();
        let of_it = shape.fields().filter(|field| mentions(field.ty.to_token_stream(), &name));
        of_it.for_each(|field| generic_types_are_described(field, mistakes));
    }
    if let Shape::Enum(variants, _) = &shape {
        names_before_differ(variants.iter().filter_map(|variant| variant.was.as_ref()), mistakes);
    }
    (mistakes.len() == before).then(|| Nested {
        attrs: taken_over(&input.attrs),
        name: input.ident.clone(),
        generics: input.generics.clone(),
        shape,
    })
}

impl Shape {
    fn fields(&self) -> impl Iterator<Item = &Field> {
        let (of_struct, of_enum) = match self {
            Self::Struct(fields) => (fields.as_slice(), [].as_slice()),
            Self::Enum(variants, _) => ([].as_slice(), variants.as_slice()),
        };
        of_struct.iter().chain(of_enum.iter().flat_map(|variant| &variant.fields))
    }
}

/// What `repr` and discriminants say.
fn layout(attrs: &[Attribute], data: &DataEnum) -> Layout {
    let reprs: Vec<String> = attrs
        .iter()
        .filter(|attr| attr.path().is_ident("repr"))
        .map(|attr| attr.meta.to_token_stream().to_string())
        .collect();
    let types = ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128"];
    let is_said = |ty: &&str| {
        let reprs = attrs.iter().filter(|attr| attr.path().is_ident("repr"));
        reprs.into_iter().any(|attr| mentions(attr.meta.to_token_stream(), ty))
    };
    Layout {
        repr: reprs.join(" "),
        number: types.into_iter().find(is_said).unwrap_or("isize"),
        discriminants: data
            .variants
            .iter()
            .map(|variant| variant.discriminant.as_ref().map(|(_, value)| value.clone()))
            .collect(),
    }
}

fn variant(written: &syn::Variant, mistakes: &mut Mistakes) -> Variant {
    let mut was = None;
    for option in options_of(&written.attrs, mistakes) {
        if option.name == "was" {
            was = options::text(&option, "was = \"OldName\"", mistakes);
        } else {
            options::unknown(&option, "a variant", "only `was = \"..\"`", mistakes);
        }
    }
    Variant {
        attrs: taken_over(&written.attrs),
        name: written.ident.clone(),
        was,
        fields: fields(&written.fields, mistakes),
    }
}

/// The fields of a struct, a variant or a payload.
pub(super) fn fields(written: &Fields, mistakes: &mut Mistakes) -> Vec<Field> {
    let fields: Vec<Field> =
        written.iter().enumerate().map(|(position, written)| field(position, written, mistakes)).collect();
    // Of those under a condition perhaps only one is there.
    let always_there = fields.iter().filter(|field| !field.attrs.iter().any(|attr| attr.path().is_ident("cfg")));
    names_before_differ(always_there.filter_map(|field| field.was.as_ref()), mistakes);
    fields
}

fn field(position: usize, written: &syn::Field, mistakes: &mut Mistakes) -> Field {
    let member = match &written.ident {
        Some(name) => Member::Named(name.clone()),
        None => {
            Member::Unnamed(Index { index: u32::try_from(position).unwrap_or(u32::MAX), span: written_span(written) })
        }
    };
    let mut field = Field {
        member,
        ty: written.ty.clone(),
        attrs: taken_over(&written.attrs),
        was: None,
        default: None,
        carry: Carry::ByShape,
    };
    if field.may_shift_others() {
        let advice = "a field without a name is known by its place, which `#[cfg]` would change: name the fields";
        mistakes.at(&field.ty, advice);
    }
    for option in options_of(&written.attrs, mistakes) {
        match option.name.to_string().as_str() {
            "default" => field.default = options::expression(&option, "default = 10", mistakes),
            "was" => {
                field.was = options::text(&option, "was = \"old_name\"", mistakes);
                was_is_another_name(&field, mistakes);
            }
            "reset" => carry(&mut field, &option, Carry::Reset, mistakes),
            "opaque" => carry(&mut field, &option, Carry::Opaque, mistakes),
            "serde" => carry(&mut field, &option, Carry::Serde, mistakes),
            _ => options::unknown(&option, "a field", FIELD_OPTIONS, mistakes),
        }
    }
    if field.carry != Carry::ByShape && mentions(field.ty.to_token_stream(), "Self") {
        mistakes.at(
            &field.ty,
            "`reset`, `opaque` and `serde` fields name their type without `Self`: write the type's name",
        );
        // The compiler would say so once more.
        field.carry = Carry::ByShape;
    }
    field
}

impl Field {
    /// Whether the places of the fields behind it depend on a condition.
    pub(super) fn may_shift_others(&self) -> bool {
        matches!(self.member, Member::Unnamed(_)) && self.attrs.iter().any(|attr| attr.path().is_ident("cfg"))
    }
}

/// Whether a word is among the tokens.
fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => mentions(group.stream(), word),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fn written_span(written: &syn::Field) -> proc_macro2::Span {
    syn::spanned::Spanned::span(&written.ty)
}

/// A field is carried in one way.
fn carry(field: &mut Field, option: &Opt, way: Carry, mistakes: &mut Mistakes) {
    options::flag(option, mistakes);
    if field.carry != Carry::ByShape && field.carry != way {
        mistakes.at(&option.name, "a field is carried in one way: choose one of `reset`, `opaque` and `serde`");
    }
    field.carry = way;
}

/// A field that keeps its name was not renamed.
fn was_is_another_name(field: &Field, mistakes: &mut Mistakes) {
    if let (Some(was), Member::Named(name)) = (&field.was, &field.member)
        && name.unraw() == was.value()
    {
        mistakes
            .at(was, format_args!("the field is called `{}` now: `was` is the name that it had before", was.value()));
    }
}

/// What one name became is one field, variant or event.
pub(super) fn names_before_differ<'a>(names: impl Iterator<Item = &'a LitStr>, mistakes: &mut Mistakes) {
    let mut seen: Vec<String> = Vec::new();
    for name in names {
        if seen.contains(&name.value()) {
            mistakes.at(name, format_args!("two continue the same `{}`: only one can", name.value()));
        }
        seen.push(name.value());
    }
}

/// The table of a type that is not described is made once, for one type.
fn generic_types_are_described(field: &Field, mistakes: &mut Mistakes) {
    if field.carry != Carry::ByShape {
        mistakes.at(
            &field.ty,
            "`reset`, `opaque` and `serde` are for fields of types without parameters: \
             move the field into a type that has none",
        );
    }
}

/// What stands on the type: `#[field(..)]` says something about a field, and fields have to be aligned.
pub(super) fn attributes_of_type(attrs: &[Attribute], mistakes: &mut Mistakes) {
    for attr in attrs {
        if attr.path().is_ident("field") {
            mistakes.at(attr, "`#[field(..)]` belongs on a field (or, with `was`, on a variant); an event has `#[event(was = \"..\")]`");
        } else if attr.path().is_ident("repr") && mentions(attr.meta.to_token_stream(), "packed") {
            mistakes.at(
                attr,
                "the fields of a packed type are not aligned, so that nothing can refer to them: leave `packed` out",
            );
        }
    }
}

/// The options of all `#[field(..)]` among `attrs`.
fn options_of(attrs: &[Attribute], mistakes: &mut Mistakes) -> Vec<Opt> {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("cfg_attr")) {
        if mentions(attr.meta.to_token_stream(), "field") {
            mistakes.at(attr, "what `cfg_attr` adds is not seen here: write two fields, each under `#[cfg(..)]`");
        }
    }
    options_in("field", "default = 10", attrs, mistakes)
}

/// The options of all attributes of this name among `attrs`.
pub(super) fn options_in(name: &str, example: &str, attrs: &[Attribute], mistakes: &mut Mistakes) -> Vec<Opt> {
    let mut found = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(name)) {
        if let Meta::List(_) = attr.meta {
            let Options(written) = mistakes.or_default(attr.parse_args());
            found.extend(written);
        } else {
            mistakes
                .at(attr, format_args!("`#[{name}(..)]` takes options in parentheses, such as `#[{name}({example})]`"));
        }
    }
    options::once(&found, mistakes);
    found
}
