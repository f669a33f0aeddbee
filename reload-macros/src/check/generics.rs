//! The rules of type parameters.

use crate::mistakes::Mistakes;
use syn::{GenericParam, Generics};

/// `what` has no parameters at all.
pub(super) fn none(generics: &Generics, advice: &str, mistakes: &mut Mistakes) {
    if let (Some(open), Some(close)) = (&generics.lt_token, &generics.gt_token) {
        let span = open.span.join(close.span).unwrap_or(open.span);
        mistakes.at_span(span, advice);
    } else if let Some(clause) = &generics.where_clause {
        mistakes.at(clause, advice);
    }
}

/// A nested type may have type parameters, but it holds nothing that is borrowed.
pub(super) fn no_lifetimes(generics: &Generics, mistakes: &mut Mistakes) {
    for parameter in &generics.params {
        if let GenericParam::Lifetime(lifetime) = parameter {
            mistakes.at(
                lifetime,
                "live state borrows nothing, because it outlives every call: hold the value itself, \
                 or the `ObjectId` of the object that has it",
            );
        }
    }
}
