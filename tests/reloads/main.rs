//! Real reloads: a library is built with cargo from sources in a temporary folder, loaded, edited and reloaded, while
//! the objects of this process live on.

mod inheritance;
mod readme;
mod refusals;
mod support;
mod telemetry;
mod ties;
mod waiting;
