//! What its author calls deprecated is not complained about a second time by generated code.
#![deny(warnings)]
#[reload_core::game_class]
#[deprecated]
pub struct Old { #[deprecated] pub x: u8, #[deprecated] #[field(default = 3)] pub y: u8 }
#[reload_core::game_class]
#[allow(deprecated)]
impl Old { #[deprecated] fn event_gone(&mut self) {} #[deprecated] fn loop_x(&mut self) -> reload_core::Next { reload_core::Next::stop() }}
reload_core::event_table! { pub table T { #[deprecated] Gone { #[deprecated] x: u8 } } }
#[derive(reload_core::State)]
#[deprecated]
pub enum E { #[deprecated] A(u8), B }
#[deprecated]
#[derive(Default, reload_core::State)]
#[allow(deprecated)]
pub struct Former;
#[reload_core::game_class(no_handlers)]
pub struct Keeps {
    #[expect(deprecated, reason = "until it is gone")]
    pub former: Former,
}
fn main() {}
