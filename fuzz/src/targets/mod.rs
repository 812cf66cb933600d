//! Every reader of bytes from outside, and what must hold whatever they are.

mod address;
mod codec;
mod facts;
pub mod processor;
pub mod raw;
mod rules;
mod sink;
mod values;

use std::sync::{Arc, LazyLock};

use throughline_channels::SourceLists;
use throughline_tests::reference::Settings;
use throughline_tests::traffic::Plan;

use crate::Target;

macro_rules! targets {
    ($($name:literal $read:path,)*) => {
        /// All targets.
        pub const TARGETS: &[Target] = &[$(Target { name: $name, read: $read },)*];
    };
}

targets! {
    "json" raw::json,
    "ingest" raw::ingest,
    "url" values::url,
    "money" values::money,
    "time" values::time,
    "identifiers" values::identifiers,
    "events" codec::events,
    "rollups" codec::rollups,
    "stored" codec::stored,
    "processor" processor::log,
    "facts" facts::fold,
    "sink" sink::rows,
    "dead_letters" sink::dead_letters,
    "address" address::view,
    "config" rules::config,
    "channels" rules::channels,
}

/// The lists of known sources, read once.
fn lists() -> Arc<SourceLists> {
    static LISTS: LazyLock<Arc<SourceLists>> = LazyLock::new(|| Arc::new(SourceLists::new()));
    Arc::clone(&LISTS)
}

/// Several tenants, each with a zone, a currency and rates of its own.
fn settings() -> Settings {
    Plan::new(0, 0).settings()
}
