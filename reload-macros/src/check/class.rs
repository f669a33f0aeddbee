//! The rules of a struct with `#[game_class]`.

use super::{fields, generics, options, taken_over};
use crate::{
    mistakes::Mistakes,
    model::{Base, Class, Field},
    parse::Opt,
};
use proc_macro2::Ident;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Member, Path};

/// The class, or `None` when what was written is not a struct without parameters.
pub(crate) fn class(written: &[Opt], item: &DeriveInput, mistakes: &mut Mistakes) -> Option<Class> {
    let options = class_options(written, mistakes);
    fields::attributes_of_type(&item.attrs, mistakes);
    generics::none(
        &item.generics,
        "a class has no parameters: its objects are found and created by the class's name alone; \
         put what varies into a field (an `enum`, for instance)",
        mistakes,
    );
    let fields = fields::fields(struct_fields(item, mistakes)?, mistakes);
    if fields.iter().any(Field::may_shift_others) {
        // It has been told; which place is whose is not known.
        return None;
    }
    let base = options.base.and_then(|path| base(path, &item.ident, &fields, mistakes));
    let no_parameters = item.generics.params.is_empty() && item.generics.where_clause.is_none();
    no_parameters.then(|| Class {
        attrs: taken_over(&item.attrs),
        name: item.ident.clone(),
        fields,
        base,
        was: options.was,
        path: options.path,
        derives_default: derives_default(&item.attrs),
        no_handlers: options.no_handlers,
    })
}

fn derives_default(attrs: &[Attribute]) -> bool {
    let mut found = false;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("derive")) {
        // What else it may derive, and whether that is one, is not looked at here.
        let _ = attr.parse_nested_meta(|derived| {
            found |= derived.path.is_ident("Default");
            Ok(())
        });
    }
    found
}

#[derive(Default)]
struct ClassOptions {
    base: Option<Path>,
    was: Option<LitStr>,
    path: Option<LitStr>,
    no_handlers: bool,
}

fn class_options(written: &[Opt], mistakes: &mut Mistakes) -> ClassOptions {
    let mut found = ClassOptions::default();
    options::once(written, mistakes);
    for option in written {
        match option.name.to_string().as_str() {
            "base" => found.base = options::path(option, "base = Creature", mistakes),
            "was" => found.was = options::text(option, "was = \"game::old::Path\"", mistakes),
            "path" => found.path = options::text(option, "path = \"game::Class\"", mistakes),
            "no_handlers" => {
                options::flag(option, mistakes);
                found.no_handlers = true;
            }
            "events" => mistakes.at(&option.name, "`events` belongs on the `impl` block with the handlers"),
            _ => options::unknown(
                option,
                "`#[game_class(..)]` on a struct",
                "`base = ..`, `path = \"..\"`, `was = \"..\"` and `no_handlers`",
                mistakes,
            ),
        }
    }
    found
}

/// A class is a struct.
fn struct_fields<'a>(item: &'a DeriveInput, mistakes: &mut Mistakes) -> Option<&'a Fields> {
    match &item.data {
        Data::Struct(data) => Some(&data.fields),
        Data::Enum(data) => {
            mistakes.at(
                data.enum_token,
                "a class is a struct: put the enum into a field of one (and `#[derive(State)]` on it), \
                 or make each variant a class of its own",
            );
            None
        }
        Data::Union(data) => {
            mistakes.at(data.union_token, "a class is a struct: a union does not say which of its fields is alive");
            None
        }
    }
}

/// The base part is a field called `base`. That its type is the base's is for the compiler to tell.
fn base(path: Path, class: &Ident, fields: &[Field], mistakes: &mut Mistakes) -> Option<Base> {
    let part = fields.iter().find(|field| matches!(&field.member, Member::Named(name) if name == "base"));
    let Some(part) = part else {
        let wanted = quote::ToTokens::to_token_stream(&path).to_string().replace(' ', "");
        mistakes.at(
            class,
            format_args!(
                "a class with `base = {wanted}` has its base part in a field `base: {wanted}`, which is missing"
            ),
        );
        return None;
    };
    Some(Base { path, part: part.ty.clone() })
}

/// Takes `#[field(..)]` off the fields: the attribute exists only for the macro. Answers whether there was any.
pub(crate) fn strip_field_options(item: &mut DeriveInput) -> bool {
    let mut any = false;
    let mut strip = |attrs: &mut Vec<Attribute>| {
        let before = attrs.len();
        attrs.retain(|attr| !attr.path().is_ident("field"));
        any |= attrs.len() < before;
    };
    strip(&mut item.attrs);
    match &mut item.data {
        Data::Struct(data) => data.fields.iter_mut().for_each(|field| strip(&mut field.attrs)),
        Data::Enum(data) => {
            for variant in &mut data.variants {
                strip(&mut variant.attrs);
                variant.fields.iter_mut().for_each(|field| strip(&mut field.attrs));
            }
        }
        Data::Union(data) => data.fields.named.iter_mut().for_each(|field| strip(&mut field.attrs)),
    }
    any
}
