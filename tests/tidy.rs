//! Rules that the compiler does not know: which folder of the core may import which, how large files get, and that
//! nothing of a machine is in the tree.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What a folder (or file) of `reload-core/src` may import of the others. `ARCHITECTURE.md` shows the same as a picture.
const IMPORTS: [(&str, &[&str]); 20] = [
    ("boundary", &[]),
    ("schema", &["boundary"]),
    ("event", &["boundary", "schema"]),
    ("attic", &["boundary", "schema"]),
    ("class", &["boundary", "schema", "event", "dispatch"]),
    ("instance", &["boundary"]),
    ("validation", &["boundary", "schema", "event", "class", "instance", "library"]),
    ("registry", &["boundary", "schema", "event", "class", "instance", "validation"]),
    ("dispatch", &["attic", "boundary", "schema", "event", "class", "instance", "registry"]),
    ("migration", &["attic", "boundary", "schema", "class", "instance", "registry", "dispatch", "report"]),
    ("library", &["boundary", "schema", "event", "class", "dispatch", "validation", "telemetry", "build"]),
    ("build", &["library", "validation"]),
    ("telemetry", &["boundary", "library"]),
    ("report", &["validation"]),
    (
        "reload",
        &[
            "attic",
            "boundary",
            "schema",
            "event",
            "class",
            "instance",
            "migration",
            "registry",
            "dispatch",
            "validation",
            "report",
            "world",
        ],
    ),
    (
        "save",
        &[
            "attic",
            "boundary",
            "schema",
            "event",
            "instance",
            "migration",
            "registry",
            "dispatch",
            "validation",
            "reload",
            "report",
            "world",
        ],
    ),
    ("mailbox", &["boundary", "event", "world"]),
    ("host_code", &["boundary", "dispatch", "mailbox", "report", "world"]),
    ("crash", &["boundary", "dispatch", "world"]),
    (
        "world",
        &[
            "attic",
            "boundary",
            "schema",
            "event",
            "class",
            "instance",
            "registry",
            "dispatch",
            "library",
            "validation",
            "report",
            "save",
            "mailbox",
            "crash",
        ],
    ),
];

/// Files beyond this hold more than one idea.
const LONGEST: usize = 560;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` whose name ends in `ending`, build products left out.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" {
                found.extend(files(&path, ending));
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The modules that a source text imports: `crate::module`, alone or in a list.
fn imported(text: &str) -> Vec<String> {
    let mut modules = Vec::new();
    let code: String =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect();
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` and `reload_core::crate` are not imports.
        if code[..at].ends_with('$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let (mut depth, mut word) = (1, String::new());
            for letter in list.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' | ':' if depth == 1 => modules.push(std::mem::take(&mut word)),
                    _ if depth == 1 => word.push(letter),
                    _ => {}
                }
                if depth == 0 {
                    modules.push(word);
                    break;
                }
            }
        } else {
            modules.push(rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect());
        }
    }
    modules
        .iter()
        .map(|module| module.trim().to_owned())
        .filter(|module| module.starts_with(char::is_lowercase))
        .collect()
}

#[test]
fn folders_import_only_what_they_may_know() {
    let source = root().join("reload-core/src");
    let mut breaches = Vec::new();
    let mut looked_at = 0;
    for file in files(&source, ".rs") {
        let inside = file.strip_prefix(&source).expect("below it");
        let first = inside.components().next().expect("a name").as_os_str().to_string_lossy();
        let folder = first.trim_end_matches(".rs");
        let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == folder) else { continue };
        looked_at += 1;
        let text = fs::read_to_string(&file).expect("readable");
        let known: Vec<&str> = IMPORTS.iter().map(|(name, _)| *name).chain(["session"]).collect();
        for module in imported(&text) {
            if module != folder && known.contains(&module.as_str()) && !allowed.contains(&module.as_str()) {
                breaches.push(format!("{} imports {module}", inside.display()));
            }
        }
    }
    assert!(looked_at > 40, "the source is where it was");
    assert_eq!(breaches, Vec::<String>::new());
}

#[test]
fn files_hold_one_idea() {
    let long: Vec<String> = files(root(), ".rs")
        .into_iter()
        .filter_map(|file| {
            let lines = fs::read_to_string(&file).expect("readable").lines().count();
            (lines > LONGEST).then(|| format!("{} has {lines} lines", file.display()))
        })
        .collect();
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn nothing_of_a_machine_is_in_the_tree() {
    let mut found = Vec::new();
    for ending in [".rs", ".toml", ".md", "run"] {
        for file in files(root(), ending) {
            let text = fs::read_to_string(&file).expect("readable");
            for (number, line) in text.lines().enumerate() {
                for start in ["work", "home", "root"].map(|folder| format!("/{folder}/")) {
                    if line.contains(&format!(" {start}")) || line.contains(&format!("\"{start}")) {
                        found.push(format!("{}:{}: {line}", file.display(), number + 1));
                    }
                }
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn imports_are_seen() {
    assert_eq!(imported("use crate::world::World;"), ["world"]);
    assert_eq!(
        imported("use crate::{\n    class::{A, B},\n    event::E,\n    World,\n};\n// crate::not\n$crate::no"),
        ["class", "event"]
    );
}

/// The codes of problems that a source text has: `"migrate.value"`.
fn codes(text: &str) -> impl Iterator<Item = &str> {
    const FIRST_WORDS: [&str; 15] = [
        "attic", "build", "class", "event", "field", "hook", "library", "migrate", "probe", "protocol", "save",
        "session", "staging", "table", "watch",
    ];
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
    text.split('"').filter(move |literal| {
        literal
            .split_once('.')
            .is_some_and(|(first, rest)| FIRST_WORDS.contains(&first) && is_word(rest) && rest != "rs")
    })
}

#[test]
fn every_problem_code_is_explained() {
    let sources: Vec<String> = files(&root().join("reload-core/src"), ".rs")
        .iter()
        .map(|path| fs::read_to_string(path).expect("a readable source"))
        .collect();
    let used: BTreeSet<&str> = sources.iter().flat_map(|text| codes(text)).collect();
    let page = fs::read_to_string(root().join("RELIABILITY.md")).expect("it is there");
    let (_, section) = page.split_once("\n## Every problem code\n").expect("the section is there");
    let explained: BTreeSet<&str> =
        section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(code, _)| code).collect();
    assert!(used.len() > 50, "the codes are found: {used:?}");
    assert_eq!(used, explained);
}
