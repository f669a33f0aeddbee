//! The rules of options: known, once, with the kind of value they take.

use crate::{mistakes::Mistakes, parse::Opt};
use syn::{Expr, ExprLit, Lit, LitStr, Path};

/// Reports an option that no place knows. `known` lists those of `place`.
pub(super) fn unknown(option: &Opt, place: &str, known: &str, mistakes: &mut Mistakes) {
    mistakes.at(&option.name, format_args!("unknown option `{}`: {place} has {known}", option.name));
}

/// An option is given once.
pub(super) fn once(options: &[Opt], mistakes: &mut Mistakes) {
    for (at, option) in options.iter().enumerate() {
        if options[..at].iter().any(|earlier| earlier.name == option.name) {
            mistakes.at(&option.name, format_args!("`{}` is given twice", option.name));
        }
    }
}

/// An option without a value.
pub(super) fn flag(option: &Opt, mistakes: &mut Mistakes) {
    if let Some(value) = &option.value {
        mistakes.at(value, format_args!("`{}` takes no value", option.name));
    }
}

/// An option with an expression.
pub(super) fn expression(option: &Opt, example: &str, mistakes: &mut Mistakes) -> Option<Expr> {
    if option.value.is_none() {
        mistakes.at(&option.name, format_args!("`{}` takes a value: `{example}`", option.name));
    }
    option.value.clone()
}

/// An option with a text that is not empty.
pub(super) fn text(option: &Opt, example: &str, mistakes: &mut Mistakes) -> Option<LitStr> {
    match ungrouped(expression(option, example, mistakes)?) {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if !text.value().is_empty() => Some(text),
        other => {
            mistakes.at(other, format_args!("`{}` takes a name in quotes: `{example}`", option.name));
            None
        }
    }
}

/// An option with the path of a type.
pub(super) fn path(option: &Opt, example: &str, mistakes: &mut Mistakes) -> Option<Path> {
    match ungrouped(expression(option, example, mistakes)?) {
        Expr::Path(path) if path.qself.is_none() => Some(path.path),
        other => {
            mistakes.at(other, format_args!("`{}` takes the path of a type: `{example}`", option.name));
            None
        }
    }
}

/// The expression inside the invisible group that a `macro_rules!` variable leaves.
fn ungrouped(expression: Expr) -> Expr {
    match expression {
        Expr::Group(group) => ungrouped(*group.expr),
        other => other,
    }
}
