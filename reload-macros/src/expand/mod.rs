//! From the model to code. Cannot fail, and writes no behaviour: tables are filled, and what the
//! tables are for is the core's.

mod class;
mod handlers;
mod state;
mod table;

pub(crate) use class::{class, stub_of_class};
pub(crate) use handlers::{handlers, stub_of_handlers};
pub(crate) use state::nested;
pub(crate) use table::table;
