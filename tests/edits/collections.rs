//! Lists, sets, maps, arrays and tuples, element by element, and the types of other crates.

use crate::edit::{Edit, fields, typed};

/// What the crates with `crate_edits` depend on.
pub(crate) const CRATES: &str = "glam = \"0.34\"\nindexmap = \"2\"\nsmallvec = \"1\"\nuuid = \"1\"\nserde = { version = \"1\", features = [\"derive\"] }\n";

pub(crate) fn edits() -> Vec<Edit> {
    let mut edits = lists();
    edits.extend(maps());
    edits.extend(arrays_and_tuples());
    edits.extend(crates());
    edits
}

fn lists() -> Vec<Edit> {
    vec![
        typed("vec_widened", "Vec<u8>", "vec![1, 2, 255]", "Vec<u32>", r#"{"x":[1,2,255]}"#),
        typed("vec_of_texts_parsed", "Vec<String>", "vec![\"1\".into(), \"2\".into()]", "Vec<i8>", r#"{"x":[1,2]}"#),
        typed("vec_without_elements", "Vec<String>", "Vec::new()", "Vec<u8>", r#"{"x":[]}"#),
        typed("vec_to_deque", "Vec<u8>", "vec![1, 2]", "VecDeque<u8>", r#"{"x":[1,2]}"#),
        typed("deque_to_vec", "VecDeque<u8>", "VecDeque::from([2, 1])", "Vec<u16>", r#"{"x":[2,1]}"#),
        typed("vec_to_hash_set", "Vec<u8>", "vec![7]", "HashSet<u8>", r#"{"x":[7]}"#),
        typed("vec_to_tree_set", "Vec<u8>", "vec![1, 3, 5]", "BTreeSet<u32>", r#"{"x":[1,3,5]}"#),
        typed("hash_set_to_tree_set", "HashSet<u8>", "HashSet::from([3, 1, 2])", "BTreeSet<u16>", r#"{"x":[1,2,3]}"#),
        typed(
            "tree_set_to_hash_set",
            "BTreeSet<u8>",
            "BTreeSet::from([3, 1])",
            "HashSet<String>",
            r#"{"x":["1","3"]}"#,
        ),
        typed("tree_set_to_vec", "BTreeSet<u8>", "BTreeSet::from([3, 1])", "Vec<u8>", r#"{"x":[1,3]}"#),
        typed("vec_of_options", "Vec<Option<u8>>", "vec![Some(1), None]", "Vec<Option<u16>>", r#"{"x":[1,null]}"#),
        typed("vec_of_values_to_options", "Vec<u8>", "vec![1]", "Vec<Option<u8>>", r#"{"x":[1]}"#),
        typed("vec_of_boxes", "Vec<Box<u8>>", "vec![Box::new(1)]", "Vec<u64>", r#"{"x":[1]}"#),
        typed(
            "vec_of_deques",
            "Vec<VecDeque<u8>>",
            "vec![[1, 2].into(), [].into()]",
            "Vec<Vec<i16>>",
            r#"{"x":[[1,2],[]]}"#,
        ),
    ]
}

fn maps() -> Vec<Edit> {
    vec![
        typed(
            "hash_map_to_tree_map",
            "HashMap<String, u8>",
            "HashMap::from([(\"b\".into(), 2), (\"a\".into(), 1)])",
            "BTreeMap<String, u32>",
            r#"{"x":{"a":1,"b":2}}"#,
        ),
        typed(
            "tree_map_to_hash_map",
            "BTreeMap<u8, String>",
            "BTreeMap::from([(1, \"7\".into())])",
            "HashMap<u32, u8>",
            r#"{"x":{"1":7}}"#,
        ),
        typed(
            "map_with_keys_to_text",
            "BTreeMap<u8, u8>",
            "BTreeMap::from([(1, 2), (3, 4)])",
            "BTreeMap<String, u8>",
            r#"{"x":{"1":2,"3":4}}"#,
        ),
        typed(
            "map_with_tuple_keys",
            "BTreeMap<(u8, u8), Vec<u8>>",
            "BTreeMap::from([((1, 2), vec![3])])",
            "BTreeMap<(u16, i8), Vec<Option<u8>>>",
            r#"{"x":[[[1,2],[3]]]}"#,
        ),
    ]
}

fn arrays_and_tuples() -> Vec<Edit> {
    vec![
        typed("array_widened", "[u8; 3]", "[1, 2, 3]", "[u32; 3]", r#"{"x":[1,2,3]}"#),
        typed("array_grown", "[u8; 2]", "[1, 2]", "[u8; 4]", r#"{"x":[1,2,0,0]}"#),
        typed("array_shrunk", "[u8; 4]", "[1, 2, 3, 4]", "[u8; 2]", r#"{"x":[1,2]}"#),
        typed("array_of_texts_shrunk", "[String; 2]", "[\"a\".into(), \"b\".into()]", "[String; 1]", r#"{"x":["a"]}"#),
        typed("array_to_vec", "[u8; 2]", "[1, 2]", "Vec<u16>", r#"{"x":[1,2]}"#),
        typed("vec_to_array", "Vec<u8>", "vec![1, 2]", "[u8; 2]", r#"{"x":[1,2]}"#),
        typed("tuple_widened", "(u8, String)", "(1, \"2\".into())", "(u32, u8)", r#"{"x":[1,2]}"#),
        typed("tuple_grown", "(u8, u8)", "(1, 2)", "(u8, u8, bool)", r#"{"x":[1,2,false]}"#),
        typed("tuple_shrunk", "(u8, u8, u8)", "(1, 2, 3)", "(u8, u8)", r#"{"x":[1,2]}"#),
        typed(
            "tuples_in_vec_shrunk",
            "Vec<(u8, String)>",
            "vec![(1, \"a\".into()), (2, \"b\".into())]",
            "Vec<(u8,)>",
            r#"{"x":[[1],[2]]}"#,
        ),
    ]
}

fn crates() -> Vec<Edit> {
    const UUID: &str = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    vec![
        fields(
            "glam_moved",
            "#[field(default = glam::Vec3::new(1.0, 2.0, 3.0))] x: glam::Vec3",
            "#[field(default = 1)] n: u8, x: glam::Vec3",
            r#"{"n":1,"x":[1.0,2.0,3.0]}"#,
        ),
        typed("array_to_glam", "[f32; 2]", "[1.0, 2.5]", "glam::Vec2", r#"{"x":[1.0,2.5]}"#),
        typed("glam_widened", "glam::Vec2", "glam::Vec2::new(1.0, 2.5)", "glam::DVec2", r#"{"x":[1.0,2.5]}"#),
        typed(
            "text_to_uuid",
            "String",
            &format!("{UUID:?}.into()"),
            "uuid::Uuid",
            r#"{"x":"67e55044-10b1-426f-9247-bb680e5fe0c8"}"#,
        ),
        typed("vec_to_small_vec", "Vec<u8>", "vec![1, 2]", "smallvec::SmallVec<[u16; 4]>", r#"{"x":[1,2]}"#),
        typed(
            "small_vec_inlines_less",
            "smallvec::SmallVec<[u8; 4]>",
            "smallvec::SmallVec::from_slice(&[1, 2, 3])",
            "smallvec::SmallVec<[u8; 2]>",
            r#"{"x":[1,2,3]}"#,
        ),
        typed(
            "tree_map_to_index_map",
            "BTreeMap<String, u8>",
            "BTreeMap::from([(\"b\".into(), 2), (\"c\".into(), 1)])",
            "indexmap::IndexMap<String, u32>",
            r#"{"x":{"b":2,"c":1}}"#,
        ),
        typed("vec_to_index_set", "Vec<u8>", "vec![3, 1]", "indexmap::IndexSet<u8>", r#"{"x":[3,1]}"#),
    ]
}
