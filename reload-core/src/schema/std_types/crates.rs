//! Types of other crates, each behind the feature of its crate's name.
#![cfg_attr(
    any(feature = "glam", feature = "uuid", feature = "smallvec", feature = "indexmap"),
    expect(unsafe_code, reason = "`State` promises a layout")
)]

#[cfg(feature = "glam")]
mod glam_types {
    use crate::schema::std_types::proxy::proxy;

    /// Through arrays: some of these types have a lane that no field names.
    macro_rules! arrays {
        ($($ty:ident: [$scalar:ty; $lanes:literal] $read:ident $build:ident),* $(,)?) => {
            proxy! { $(
                [glam::$ty as [$scalar; $lanes]] stringify!($ty),
                    |value| value.$read(), |proxy| Self::$build(proxy);
            )* }
        };
    }
    arrays! {
        Vec2: [f32; 2] to_array from_array, Vec3: [f32; 3] to_array from_array,
        Vec3A: [f32; 3] to_array from_array, Vec4: [f32; 4] to_array from_array,
        Quat: [f32; 4] to_array from_array,
        DVec2: [f64; 2] to_array from_array, DVec3: [f64; 3] to_array from_array,
        DVec4: [f64; 4] to_array from_array, DQuat: [f64; 4] to_array from_array,
        IVec2: [i32; 2] to_array from_array, IVec3: [i32; 3] to_array from_array,
        IVec4: [i32; 4] to_array from_array,
        UVec2: [u32; 2] to_array from_array, UVec3: [u32; 3] to_array from_array,
        UVec4: [u32; 4] to_array from_array,
    }

    /// Matrices are columns.
    macro_rules! matrices {
        ($($ty:ident: [$scalar:ty; $lanes:literal]),* $(,)?) => {
            proxy! { $(
                [glam::$ty as [$scalar; $lanes]] stringify!($ty),
                    |value| value.to_cols_array(), |proxy| Self::from_cols_array(&proxy);
            )* }
        };
    }
    matrices! {
        Mat2: [f32; 4], Mat3: [f32; 9], Mat3A: [f32; 9], Mat4: [f32; 16], Affine2: [f32; 6], Affine3A: [f32; 12],
        DMat2: [f64; 4], DMat3: [f64; 9], DMat4: [f64; 16], DAffine2: [f64; 6], DAffine3: [f64; 12],
    }
}

#[cfg(feature = "uuid")]
mod uuid_types {
    use crate::schema::std_types::{proxy::proxy, refuse};
    use uuid::Uuid;

    proxy! {
        [Uuid as String] "Uuid",
            |value| value.to_string(),
            |proxy| Self::parse_str(&proxy).unwrap_or_else(|error| refuse(&format!("`{proxy}` is not a UUID: {error}")));
    }
}

#[cfg(feature = "smallvec")]
mod smallvec_types {
    use crate::{
        boundary::RawStr,
        schema::{
            Descriptor, Shape, State, TypeNameFn, default_of,
            std_types::{
                refuse,
                sequence::{Sequence, list_ops},
                table,
            },
        },
    };
    use smallvec::{Array, SmallVec};

    /// How much is inline decides what the bytes mean, and the size does not always show it: 2 and 4 bytes are inline in
    /// the room of a pointer.
    extern "C" fn inline<A>() -> RawStr {
        RawStr::new(core::any::type_name::<A>())
    }

    impl<A: Array + 'static> Sequence for SmallVec<A>
    where
        A::Item: State,
    {
        type Element = A::Item;
        const HASHER: Option<TypeNameFn> = Some(inline::<A>);
        fn count(&self) -> usize {
            self.len()
        }
        fn elements(&self) -> impl Iterator<Item = &A::Item> {
            self.iter()
        }
        fn add(&mut self, element: A::Item) {
            if self.try_reserve(1).is_err() {
                refuse("out of memory");
            }
            self.push(element);
        }
    }

    // SAFETY: (1) functions of the same type.
    unsafe impl<A: Array + 'static> State for SmallVec<A>
    where
        A::Item: State,
    {
        const DESCRIPTOR: Descriptor =
            table::<Self>("SmallVec", Some(default_of::<Self>()), Shape::List(list_ops::<Self>()));
    }
}

#[cfg(feature = "indexmap")]
mod indexmap_types {
    use crate::schema::{
        Descriptor, RenewFn, Shape, State, TypeNameFn, default_of,
        std_types::{
            HashTable,
            map::{Mapping, map_ops},
            refuse, renewed,
            sequence::{Sequence, hasher_of, list_ops},
            table,
        },
    };
    use core::hash::{BuildHasher, Hash};
    use indexmap::{IndexMap, IndexSet};

    impl<T, S: Default> HashTable for IndexSet<T, S> {
        fn room(&self) -> usize {
            self.capacity()
        }
    }

    impl<K, V, S: Default> HashTable for IndexMap<K, V, S> {
        fn room(&self) -> usize {
            self.capacity()
        }
    }

    impl<T: State + Eq + Hash, S: BuildHasher + Default + 'static> Sequence for IndexSet<T, S> {
        type Element = T;
        const HASHER: Option<TypeNameFn> = Some(hasher_of::<S>());
        const RENEW: Option<RenewFn> = renewed::<Self>();
        fn count(&self) -> usize {
            self.len()
        }
        fn elements(&self) -> impl Iterator<Item = &T> {
            self.iter()
        }
        fn add(&mut self, element: T) {
            if self.try_reserve(1).is_err() {
                refuse("out of memory");
            }
            self.insert(element);
        }
    }

    // SAFETY: (1) functions of the same type.
    unsafe impl<T: State + Eq + Hash, S: BuildHasher + Default + 'static> State for IndexSet<T, S> {
        const DESCRIPTOR: Descriptor =
            table::<Self>("IndexSet", Some(default_of::<Self>()), Shape::Set(list_ops::<Self>()));
    }

    impl<K: State + Eq + Hash, V: State, S: BuildHasher + Default + 'static> Mapping for IndexMap<K, V, S> {
        type Key = K;
        type Value = V;
        const HASHER: Option<TypeNameFn> = Some(hasher_of::<S>());
        const RENEW: Option<RenewFn> = renewed::<Self>();
        fn count(&self) -> usize {
            self.len()
        }
        fn entries(&self) -> impl Iterator<Item = (&K, &V)> {
            self.iter()
        }
        fn add(&mut self, key: K, value: V) {
            if self.try_reserve(1).is_err() {
                refuse("out of memory");
            }
            self.insert(key, value);
        }
    }

    // SAFETY: (1) functions of the same type.
    unsafe impl<K: State + Eq + Hash, V: State, S: BuildHasher + Default + 'static> State for IndexMap<K, V, S> {
        const DESCRIPTOR: Descriptor =
            table::<Self>("IndexMap", Some(default_of::<Self>()), Shape::Map(map_ops::<Self>()));
    }
}
