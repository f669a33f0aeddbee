//! The only file that spells where generated code finds the core.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// Everything that generated code may name.
pub(crate) fn private() -> TokenStream {
    quote!(::reload_core::__private)
}

/// `PlayerJoined` -> `player_joined`.
pub(crate) fn snake(camel: &str) -> String {
    let mut snake = String::with_capacity(camel.len() + 4);
    let letters: Vec<char> = camel.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let starts_word = letter.is_uppercase()
            && at > 0
            && (!letters[at - 1].is_uppercase() || letters.get(at + 1).is_some_and(|next| next.is_lowercase()));
        if starts_word && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// `player_joined` -> `PlayerJoined`, at `span`.
pub(crate) fn camel(snake: &str, span: Span) -> Ident {
    let mut camel = String::with_capacity(snake.len());
    for word in snake.split('_') {
        let mut letters = word.chars();
        camel.extend(letters.next().map(char::to_uppercase).into_iter().flatten());
        camel.extend(letters);
    }
    Ident::new(&camel, span)
}

/// The name without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for (camel_name, snake_name) in [("Tick", "tick"), ("PlayerJoined", "player_joined"), ("A", "a")] {
            assert_eq!(snake(camel_name), snake_name);
            assert_eq!(camel(snake_name, Span::call_site()).to_string(), camel_name);
        }
        assert_eq!(snake("HTTPRequest"), "http_request");
    }
}
