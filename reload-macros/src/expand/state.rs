//! `State` of a struct or an enum: one table of its parts.

use super::under;
use crate::{
    model::{Carry, Field, Layout, Nested, Shape, Variant},
    names::{id_of, path_of, private, punct},
};
use proc_macro2::{Delimiter, Group, Ident, Spacing, Span, TokenStream};
use quote::{ToTokens, TokenStreamExt as _, format_ident, quote};
use syn::{Expr, GenericArgument, LitStr, Member, PathArguments, Type, ext::IdentExt as _};

/// A type with `#[derive(State)]`.
pub(crate) fn nested(nested: &Nested) -> TokenStream {
    let name = &nested.name;
    let items = match &nested.shape {
        Shape::Struct(fields) => state_of_struct(name, fields, &header(nested)),
        Shape::Enum(variants, layout) => state_of_enum(nested, variants, layout),
    };
    under(&nested.attrs, items)
}

/// `State` of a struct without parameters; `path` is the type's, where it is not where it stands.
pub(super) fn plain_struct(
    name: &Ident,
    path: Option<&LitStr>,
    derives_default: bool,
    fields: &[Field],
) -> TokenStream {
    let path = path.map(ToTokens::to_token_stream);
    let (generics, clause) = (TokenStream::new(), TokenStream::new());
    state_of_struct(name, fields, &Header { generics, ty: name.to_token_stream(), clause, path, derives_default })
}

/// The parts of an `impl`'s first line.
struct Header {
    generics: TokenStream,
    ty: TokenStream,
    clause: TokenStream,
    /// The type's path, where it is not where it stands.
    path: Option<TokenStream>,
    /// Whether it is known that there is a `Default`.
    derives_default: bool,
}

impl Header {
    /// The path of the type `name`.
    fn path_of(&self, name: &Ident) -> TokenStream {
        self.path.clone().unwrap_or_else(|| path_of(&name.unraw().to_string()))
    }
}

/// Every type parameter is state.
fn header(nested: &Nested) -> Header {
    let (generics, arguments, written) = nested.generics.split_for_impl();
    let name = &nested.name;
    let state = private("State");
    let parameters = nested.generics.type_params().map(|parameter| &parameter.ident);
    let predicates = written.map(|clause| clause.predicates.iter()).into_iter().flatten();
    let clause = if nested.generics.params.is_empty() && written.is_none() {
        TokenStream::new()
    } else {
        quote!(where #(#predicates,)* #(#parameters: #state,)*)
    };
    Header {
        generics: generics.to_token_stream(),
        ty: quote!(#name #arguments),
        clause,
        path: None,
        derives_default: false,
    }
}

fn state_of_struct(name: &Ident, fields: &[Field], header: &Header) -> TokenStream {
    let (table, path) = (private("StructTable"), header.path_of(name));
    // To ask for it takes an item and a constant of the class's own, which the compiler looks at in every build.
    let (import, default) = if header.derives_default {
        let own_default = private("own_default");
        (None, quote!(#own_default::<Self>()))
    } else {
        let (probe, no_default) = (private("Probe"), private("NoDefault"));
        (Some(quote!(use #no_default as _;)), quote!(#probe::<Self>::DEFAULT))
    };
    let parts = |fields: &TokenStream| quote!(#table { path: #path, default: #default, fields: #fields });
    let body = if fields.is_empty() {
        parts(&quote!(&[]))
    } else {
        let (uninit, start) = (private("MaybeUninit"), private("Start"));
        // The user's own code stands outside of the `unsafe` block.
        let defaults = fields.iter().filter_map(|field| {
            let (attrs, name, made) = (&field.attrs, default_name(field), default_of(field)?);
            Some(quote!(#(#attrs)* let #name = #made;))
        });
        let entries = fields.iter().map(InPlace);
        let parts = parts(&quote!(&[#(#entries),*]));
        // One body for all fields: `offset_of!` would be a constant of its own for each.
        quote! {
            let __value = #uninit::<Self>::uninit();
            let __at = &raw const __value as *const Self;
            let __start = #start(__at as *const _);
            #(#defaults)*
            unsafe { #parts }
        }
    };
    state(header, &quote!(const STRUCT: #table = { #import #body };))
}

fn state_of_enum(nested: &Nested, variants: &[Variant], layout: &Layout) -> TokenStream {
    let header = header(nested);
    let entries = variants.iter().map(|variant| {
        let make = private("variant");
        let name = variant.name.unraw().to_string();
        let renamed = variant.was.iter().map(|was| quote!(.renamed(#was)));
        let fields = variant.fields.iter().map(field_of_variant);
        quote!(#make(#name, &[#(#fields),*]) #(#renamed)*)
    });
    let (descriptor, describe) = (private("Descriptor"), private("enum_descriptor"));
    let (probe, no_default) = (private("Probe"), private("NoDefault"));
    let path = header.path_of(&nested.name);
    let said = said(layout);
    let table = quote! {
        const DESCRIPTOR: #descriptor = {
            use #no_default as _;
            #describe::<Self>(#path, #probe::<Self>::DEFAULT, &[#(#entries),*], #said)
        };
    };
    let (state, parts) = (state(&header, &table), enum_parts(variants, &header));
    quote!(#state #parts)
}

/// The list of a number for the `repr`, and for each variant of its discriminant, or of one that none is likely to have. Empty
/// where nothing is said.
fn said(layout: &Layout) -> TokenStream {
    let values: Vec<&Expr> = layout.discriminants.iter().flatten().collect();
    if layout.repr.is_empty() && values.is_empty() {
        return quote!(&[]);
    }
    let (ty, typed) = match layout.number {
        "u8" => ("u8", "discriminant_u8"),
        "u16" => ("u16", "discriminant_u16"),
        "u32" => ("u32", "discriminant_u32"),
        "u64" => ("u64", "discriminant_u64"),
        "u128" => ("u128", "discriminant_u128"),
        "usize" => ("usize", "discriminant_usize"),
        "i8" => ("i8", "discriminant_i8"),
        "i16" => ("i16", "discriminant_i16"),
        "i32" => ("i32", "discriminant_i32"),
        "i64" => ("i64", "discriminant_i64"),
        "i128" => ("i128", "discriminant_i128"),
        _ => ("isize", "discriminant_isize"),
    };
    let (core, ty, typed) = (private("core"), format_ident!("{ty}"), private(typed));
    let (repr, unsaid) = (id_of(&layout.repr), id_of("a variant whose number is not said"));
    let mut position = 0_usize;
    let numbers = layout.discriminants.iter().map(|value| {
        if value.is_none() {
            return unsaid.to_token_stream();
        }
        position += 1;
        let at = position - 1;
        quote!(#typed(__said[#at]))
    });
    let (numbers, count): (Vec<TokenStream>, _) = (numbers.collect(), values.len());
    // In an array of their type, as their author may compute them in any way that a constant can.
    quote!(const {
        let __said: [#core::primitive::#ty; #count] = [#(#values),*];
        &[#repr, #(#numbers),*]
    })
}

/// `unsafe impl State` with the type's table.
fn state(header: &Header, table: &TokenStream) -> TokenStream {
    let (state, Header { generics, ty, clause, .. }) = (private("State"), header);
    quote! {
        #[automatically_derived]
        unsafe impl #generics #state for #ty #clause { #table }
    }
}

/// A field of a struct; `__at` is the address of one, and `__start` makes the tables of its fields.
struct InPlace<'a>(&'a Field);

impl ToTokens for InPlace<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self(field) = *self;
        let (name, member) = (name_of(field), &field.member);
        for attr in &field.attrs {
            attr.to_tokens(tokens);
        }
        // Appended here, as what is quoted apart goes to the compiler and back. An error of the type is shown where it stands.
        let place = Span::call_site();
        tokens.append(Ident::new("__start", place));
        tokens.append(punct('.', Spacing::Alone, place));
        let arguments = if field.carry == Carry::ByShape && is_plain(&field.ty) {
            tokens.append(Ident::new("part", place));
            for (character, spacing) in [(':', Spacing::Joint), (':', Spacing::Alone), ('<', Spacing::Alone)] {
                tokens.append(punct(character, spacing, place));
            }
            field.ty.to_tokens(tokens);
            tokens.append(punct('>', Spacing::Alone, place));
            quote!(#name, &raw const (*__at).#member)
        } else {
            tokens.append(Ident::new("field", place));
            let table = table_of(field);
            quote!(#name, &raw const (*__at).#member as _, #table)
        };
        tokens.append(Group::new(Delimiter::Parenthesis, arguments));
        options(field, field.default.as_ref().map(|_| default_name(field).into_token_stream()), tokens);
    }
}

/// Whether nothing in the type is a function, a pointer or a trait object: such a field is an error, and where its type is
/// that of an argument the compiler adds the advice to call it.
fn is_plain(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.iter().all(|segment| match &segment.arguments {
            PathArguments::AngleBracketed(arguments) => arguments.args.iter().all(|argument| match argument {
                GenericArgument::Type(ty) => is_plain(ty),
                _ => true,
            }),
            PathArguments::None | PathArguments::Parenthesized(_) => true,
        }),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_plain),
        Type::Array(array) => is_plain(&array.elem),
        _ => false,
    }
}

/// A field of a variant.
fn field_of_variant(field: &Field) -> TokenStream {
    let (make, name, table, attrs) = (private("field"), name_of(field), table_of(field), &field.attrs);
    let mut tokens = quote!(#(#attrs)* #make(#name, 0, #table));
    options(field, default_of(field), &mut tokens);
    tokens
}

/// What the field's type is described by. An error of the type is shown where it stands.
fn table_of(field: &Field) -> TokenStream {
    match field.carry {
        Carry::ByShape => {
            let (descriptor, ty) = (private("descriptor"), &field.ty);
            quote!(#descriptor::<#ty>)
        }
        Carry::Reset | Carry::Opaque | Carry::Serde => opaque_table(&field.ty),
    }
}

fn name_of(field: &Field) -> String {
    match &field.member {
        Member::Named(name) => name.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

/// What makes the field's own default.
fn default_of(field: &Field) -> Option<TokenStream> {
    let (default_with, ty) = (private("default_with"), &field.ty);
    field.default.as_ref().map(|value| quote!(#default_with::<#ty, _>(|| #value)))
}

/// Where that is kept.
fn default_name(field: &Field) -> Ident {
    format_ident!("__default_{}", name_of(field))
}

/// What the field says beside its name and type, behind its table.
fn options(field: &Field, default: Option<TokenStream>, tokens: &mut TokenStream) {
    let Field { ty, was, carry, .. } = field;
    if let Some(was) = was {
        tokens.extend(quote!(.renamed(#was)));
    }
    if let Some(default) = default {
        tokens.extend(quote!(.starting_with(#default)));
    }
    match carry {
        Carry::ByShape | Carry::Opaque => {}
        Carry::Reset => {
            let carry = private("Carry");
            tokens.extend(quote!(.carried(#carry::Reset)));
        }
        Carry::Serde => {
            let (carry, serde_ops) = (private("Carry"), private("serde_ops"));
            tokens.extend(quote!(.carried(#carry::Serde(#serde_ops::<#ty>()))));
        }
    }
}

/// The table of a type of which only name and layout are known.
fn opaque_table(ty: &syn::Type) -> TokenStream {
    let (descriptor, describe) = (private("Descriptor"), private("opaque_descriptor"));
    let (probe, no_default, name) = (private("Probe"), private("NoDefault"), written(ty));
    quote!({
        extern "C" fn opaque() -> &'static #descriptor {
            use #no_default as _;
            const { &#describe::<#ty>(#name, #probe::<#ty>::DEFAULT) }
        }
        opaque
    })
}

/// The type as a programmer writes it: tokens alone would have spaces between all of them.
fn written(ty: &syn::Type) -> String {
    let mut text = ty.to_token_stream().to_string();
    for (apart, together) in
        [(" :: ", "::"), (":: ", "::"), (" < ", "<"), (" > ", ">"), (" >", ">"), (" ,", ","), ("& ", "&")]
    {
        text = text.replace(apart, together);
    }
    text
}

/// An enum taken apart and put together.
fn enum_parts(variants: &[Variant], header: &Header) -> TokenStream {
    let (enum_state, no_such_variant) = (private("EnumState"), private("no_such_variant"));
    let (addresses, parts, core) = (private("Addresses"), private("Parts"), private("core"));
    let Header { generics, ty, clause, .. } = header;
    let numbered = || (0_u32..).zip(variants);
    let u32_ty = quote!(#core::primitive::u32);
    let indices =
        numbered().map(|(index, Variant { attrs, name, .. })| quote!(#(#attrs)* Self::#name { .. } => #index,));
    let put = variants.iter().map(|Variant { attrs, name, fields, .. }| {
        let members = fields.iter().map(|field| &field.member);
        let places: Vec<Ident> = (0..fields.len()).map(|at| format_ident!("__field{at}")).collect();
        quote!(#(#attrs)* Self::#name { #(#members: ref #places),* } => { #(__out.put(#places);)* })
    });
    let take = numbered().map(|(index, Variant { attrs, name, fields, .. })| {
        let members = fields.iter().map(|field| &field.member);
        quote!(#(#attrs)* #index => Self::#name { #(#members: __parts.take()),* },)
    });
    quote! {
        #[automatically_derived]
        unsafe impl #generics #enum_state for #ty #clause {
            fn variant(&self) -> #u32_ty { match *self { #(#indices)* } }
            fn addresses<'__value>(&'__value self, __out: &mut #addresses<'__value>) { match *self { #(#put)* } }
            fn build(__variant: #u32_ty, __parts: &mut #parts<'_>) -> Self {
                match __variant { #(#take)* _ => #no_such_variant(__variant) }
            }
        }
    }
}
