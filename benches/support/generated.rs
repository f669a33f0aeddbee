//! Crates of many classes, written the same way for each peer, in a temporary workspace.
#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// What stands on the structs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bare,
    /// Each struct is submitted to `inventory`, as a class is: what no macro that registers a class can do without.
    Submitted,
    /// What `#[game_class]` writes stands in the source itself: the tables and `inventory`, without the macro.
    WrittenOut,
    Ours,
    Serde,
    Facet,
    Reflect,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] =
        [Self::Bare, Self::Submitted, Self::WrittenOut, Self::Ours, Self::Serde, Self::Facet, Self::Reflect];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Submitted => "inventory",
            Self::WrittenOut => "written-out",
            Self::Ours => "game-class",
            Self::Serde => "serde",
            Self::Facet => "facet",
            Self::Reflect => "bevy-reflect",
        }
    }

    fn dependencies(self) -> String {
        match self {
            Self::Bare => String::new(),
            Self::Submitted => "inventory = \"0.3\"\n".into(),
            Self::WrittenOut | Self::Ours => {
                format!("reload-core = {{ path = {:?}, default-features = false }}\n", root().join("reload-core"))
            }
            Self::Serde => "serde = { version = \"1\", features = [\"derive\"] }\nserde_json = \"1\"\n".into(),
            Self::Facet => "facet = \"0.46\"\n".into(),
            Self::Reflect => "bevy_reflect = \"0.20\"\n".into(),
        }
    }

    const fn on_class(self) -> &'static str {
        match self {
            Self::Bare | Self::Submitted | Self::WrittenOut => "",
            Self::Ours => "#[game_class]",
            Self::Serde => "#[derive(serde::Serialize, serde::Deserialize)]",
            Self::Facet => "#[derive(facet::Facet)]",
            Self::Reflect => "#[derive(bevy_reflect::Reflect)]",
        }
    }

    const fn on_nested(self) -> &'static str {
        match self {
            Self::WrittenOut | Self::Ours => "#[derive(State)]",
            other => other.on_class(),
        }
    }

    /// Whether the crate is a library of the core's.
    const fn is_library(self) -> bool {
        matches!(self, Self::WrittenOut | Self::Ours)
    }

    /// What makes a class known to whoever asks for it at run time.
    fn registration(self, class: usize) -> String {
        match self {
            Self::Bare | Self::Submitted | Self::WrittenOut | Self::Ours => String::new(),
            Self::Serde => format!(
                "let c: C{class} = serde_json::from_str(text).unwrap(); sum += serde_json::to_string(&c).unwrap().len();"
            ),
            Self::Facet => format!("sum += <C{class} as facet::Facet>::SHAPE as *const _ as usize;"),
            Self::Reflect => format!("sum += <C{class} as bevy_reflect::Typed>::type_info().type_path().len();"),
        }
    }
}

/// The workspace that the benchmarks belong to.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// Whether `--name` stands on the command line.
pub(crate) fn flag(name: &str) -> bool {
    std::env::args().any(|argument| argument == name)
}

/// A crate's source: `classes` classes of eight fields with two handlers each, and three types that they are made of.
/// One handler of the class in the middle has `version` as a text, and `lines` lines more than the others.
pub(crate) fn source(kind: Kind, classes: usize, version: usize, lines: usize) -> String {
    let mut text = String::from("use std::collections::HashMap;\n");
    if kind.is_library() {
        text.push_str(
            "use reload_core::{Event, State, event_table, game_class};\nreload_core::library!();\n\
             event_table! { pub table Events { Tick { dt: f32 }, Damaged { amount: i32 } } }\n",
        );
    } else {
        text.push_str("pub struct Tick { pub dt: f32 }\npub struct Damaged { pub amount: i32 }\n");
    }
    if kind == Kind::Submitted {
        text.push_str("pub struct Known(pub &'static str);\ninventory::collect!(Known);\n");
    }
    let (class_attribute, nested) = (kind.on_class(), kind.on_nested());
    let enum_extra = if kind == Kind::Facet { "#[repr(u8)]" } else { "" };
    let _ = writeln!(
        text,
        "{nested} #[derive(Default)] pub struct Item {{ pub name: String, pub weight: u32 }}\n\
         {nested} #[derive(Default)] pub struct Place {{ pub x: f32, pub y: f32, pub room: u32 }}\n\
         {nested} #[derive(Default)] {enum_extra} pub enum Mood {{ #[default] Calm, Angry {{ at: u32, since: f64 }}, Sleeping(f64) }}"
    );
    for class in 0..classes {
        let (said, more) = if class == classes / 2 { (version, lines) } else { (0, 0) };
        let more = "            self.hp += 1;\n".repeat(more);
        if kind == Kind::Submitted {
            let _ = writeln!(text, "inventory::submit! {{ Known(\"C{class}\") }}");
        }
        let on_impl = if kind == Kind::Ours { "#[game_class]" } else { "" };
        let _ = writeln!(
            text,
            "{class_attribute} #[derive(Default)]\npub struct C{class} {{\n    pub name: String,\n    pub hp: i32,\n    pub gold: u64,\n    \
             pub bag: Vec<Item>,\n    pub notes: HashMap<String, u32>,\n    pub place: Place,\n    pub mood: Mood,\n    \
             pub title: Option<String>,\n}}\n\
             {on_impl}\nimpl C{class} {{\n    pub fn event_tick(&mut self, ev: &Tick) {{\n        self.place.x += ev.dt;\n        \
             if self.hp > {class} {{\n            self.hp -= 1;\n{more}            self.title = Some(format!(\"{said} {{}}\", self.hp));\n        }}\n    }}\n    \
             pub fn event_damaged(&mut self, ev: &Damaged) {{\n        self.hp -= ev.amount;\n        \
             if let Mood::Calm = self.mood {{\n            self.mood = Mood::Sleeping(1.0);\n        }}\n    }}\n}}"
        );
        if kind == Kind::WrittenOut {
            text.push_str(&written_out(class));
        }
    }
    if !kind.is_library() {
        text.push_str(
            "#[unsafe(no_mangle)]\npub extern \"C\" fn run(at: *const u8, len: usize) -> usize {\n    \
             let text = unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(at, len)) };\n    let mut sum = text.len();\n",
        );
        for class in 0..classes {
            let registration = kind.registration(class);
            let _ = writeln!(
                text,
                "    let mut c = C{class}::default(); c.event_tick(&Tick {{ dt: 1.0 }}); c.event_damaged(&Damaged {{ amount: 1 }}); \
                 sum += c.hp as usize; {registration}"
            );
        }
        text.push_str("    sum\n}\n");
    }
    text
}

/// What the macro writes for a class: a copy, to be changed with `reload-macros/src/expand`.
fn written_out(class: usize) -> String {
    let fields = [
        ("name", "String"),
        ("hp", "i32"),
        ("gold", "u64"),
        ("bag", "Vec<Item>"),
        ("notes", "HashMap<String, u32>"),
        ("place", "Place"),
        ("mood", "Mood"),
        ("title", "Option<String>"),
    ];
    let fields = fields.map(|(name, ty)| format!("__start.part::<{ty}>(\"{name}\", &raw const (*__at).{name})"));
    let handlers = [("tick", "Tick"), ("damaged", "Damaged")].map(|(name, event)| {
        format!("__private::with_event(\"{name}\", <{event} as Event>::NAME_ID, {class}, Self::event_{name})")
    });
    let text = format!(
        "#[automatically_derived]\nunsafe impl __private::State for C{class} {{\n    const STRUCT: __private::StructTable = {{\n        \
         let __value = __private::MaybeUninit::<Self>::uninit();\n        let __at = &raw const __value as *const Self;\n        \
         let __start = __private::Start(__at as *const _);\n        unsafe {{ __private::StructTable {{ path: \"classes::C{class}\", \
         default: __private::own_default::<Self>(), fields: &[{}] }} }}\n    }};\n}}\n\
         unsafe impl __private::GameClass for C{class} {{\n    const RECORD: &'static __private::ClassRecord = {{\n        \
         static RECORD: __private::ClassRecord = __private::ClassRecord::of::<C{class}>(\"src/lib.rs\", {class});\n        \
         &RECORD\n    }};\n}}\n\
         __private::inventory::submit! {{ __private::ClassEntry(<C{class} as __private::GameClass>::RECORD) }}\n\
         impl C{class} {{ pub const EVENT_MASK: __private::EventMask = <Self as __private::GameClass>::RECORD.mask; }}\n\
         impl __private::TheAnnotatedImpl for C{class} {{\n    const METHODS: __private::Methods = unsafe {{ \
         __private::Methods::of(&[{}]) }};\n}}\n",
        fields.join(", "),
        handlers.join(", ")
    );
    text.replace("__private::", "::reload_core::__private::")
}

/// One crate in the workspace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) kind: Kind,
    pub(crate) classes: usize,
}

impl Case {
    pub(crate) fn package(self) -> String {
        format!("{}-{}", self.kind.name(), self.classes)
    }
}

/// Crates in a temporary folder, built in a target folder that stays.
pub(crate) struct Crates {
    folder: tempfile::TempDir,
    target: PathBuf,
}

impl Crates {
    pub(crate) fn write(cases: &[Case], target: &str) -> Self {
        let crates = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            target: Path::new(env!("CARGO_TARGET_TMPDIR")).join(target),
        };
        let members: Vec<String> = cases.iter().map(|case| case.package()).collect();
        // What the README recommends, unless told otherwise; the peers' macros gain by it as well.
        let debug = option("--debug").unwrap_or_else(|| "line-tables-only".into());
        let macros = option("--macros").unwrap_or_else(|| "3".into());
        let dependencies = option("--dependencies").unwrap_or_else(|| "3".into());
        let manifest = format!(
            "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[profile.dev]\ndebug = {debug:?}\n\n\
             [profile.dev.package.\"*\"]\ndebug = false\nopt-level = {dependencies}\n\n[profile.dev.build-override]\nopt-level = {macros}\n"
        );
        fs::write(crates.folder.path().join("Cargo.toml"), manifest).expect("written");
        // The versions of this workspace, where it knows them.
        fs::copy(root().join("Cargo.lock"), crates.folder.path().join("Cargo.lock")).expect("the lock file is there");
        for case in cases {
            let package = case.package();
            let folder = crates.folder.path().join(&package);
            fs::create_dir_all(folder.join("src")).expect("writable");
            let manifest = format!(
                "[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
                 [lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n\n[dependencies]\n{}",
                case.kind.dependencies()
            );
            fs::write(folder.join("Cargo.toml"), manifest).expect("written");
            crates.edit(*case, 0, 0);
        }
        crates
    }

    /// The workspace.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Saves the source with another text, and with more lines, in one handler.
    pub(crate) fn edit(&self, case: Case, version: usize, lines: usize) {
        self.save(case, &source(case.kind, case.classes, version, lines));
    }

    /// Saves a source.
    pub(crate) fn save(&self, case: Case, source: &str) {
        fs::write(self.folder().join(case.package()).join("src/lib.rs"), source).expect("written");
    }

    /// Where a crate's library is once it was built.
    pub(crate) fn library(&self, case: Case) -> PathBuf {
        let file = format!("{}{}", std::env::consts::DLL_PREFIX, case.package().replace('-', "_"));
        self.target.join("debug").join(file).with_extension(std::env::consts::DLL_EXTENSION)
    }

    /// `cargo build` of one crate.
    pub(crate) fn build(&self, case: Case) -> Duration {
        run(self.cargo("build", case))
    }

    /// A command of cargo for one crate, to be run.
    pub(crate) fn cargo(&self, name: &str, case: Case) -> Command {
        cargo(name, self.folder(), &self.target, &case.package())
    }
}

/// A command of cargo for one package, to be run.
pub(crate) fn cargo(name: &str, folder: &Path, target: &Path, package: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args([name, "--quiet", "--package", package, "--target-dir"]).arg(target).current_dir(folder);
    command
}

/// Runs a command that has to succeed; how long it took.
pub(crate) fn run(mut command: Command) -> Duration {
    let start = Instant::now();
    let done = command.stdin(Stdio::null()).output().expect("cargo runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    start.elapsed()
}

/// The middle one, in milliseconds.
pub(crate) fn median(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

/// How far the middle half of the times reaches, as a share of the median.
pub(crate) fn spread(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort();
    let at = |part: usize| sorted[(sorted.len() - 1) * part / 4].as_secs_f64();
    if sorted.is_empty() { f64::NAN } else { (at(3) - at(1)) / at(2) }
}

/// The value after `--name` on the command line.
pub(crate) fn option(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.next()?;
    arguments.next()
}
