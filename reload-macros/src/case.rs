//! The names of an event: the type `PlayerJoined` and the handler's `player_joined`.

/// `PlayerJoined` -> `player_joined`. A run of capitals is one word: `XAxis` -> `x_axis`.
pub(crate) fn snake(camel: &str) -> String {
    let letters: Vec<char> = camel.chars().collect();
    let mut snake = String::with_capacity(camel.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let starts_a_word = at > 0
            && letter.is_uppercase()
            && (!letters[at - 1].is_uppercase() || letters.get(at + 1).is_some_and(|next| next.is_lowercase()));
        if starts_a_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// `player_joined` -> `PlayerJoined`.
pub(crate) fn camel(snake: &str) -> String {
    let mut camel = String::with_capacity(snake.len());
    for word in snake.split('_') {
        let mut letters = word.chars();
        if let Some(first) = letters.next() {
            camel.extend(first.to_uppercase());
            camel.push_str(letters.as_str());
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::{camel, snake};

    #[test]
    fn names_go_there_and_back() {
        for (type_name, handler_name) in [
            ("Tick", "tick"),
            ("PlayerJoined", "player_joined"),
            ("XAxis", "x_axis"),
            ("R2D2Beeped", "r2_d2_beeped"),
            ("Level2", "level2"),
            ("Übung", "übung"),
        ] {
            assert_eq!(snake(type_name), handler_name);
            assert_eq!(camel(handler_name), type_name);
        }
    }

    #[test]
    fn a_name_that_does_not_come_back_can_be_told() {
        for type_name in ["HTTPRequest", "Foo_Bar", "tick", "ABC"] {
            assert_ne!(camel(&snake(type_name)), type_name);
        }
    }
}
