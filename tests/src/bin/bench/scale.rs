//! A large line against a small one.

use crate::figures;
use crate::options::Options;
use crate::table::Row;
use crate::whole;

/// CPU per event; the small one is measured before and after, since the
/// machine's speed varies.
pub fn measure(options: &Options) -> Vec<Row> {
    let small = || whole::round(options.events).cpu[0] / options.events as f64;
    let before = small();
    let large = whole::round(options.scale);
    let after = small();
    let events = options.scale as f64;
    let ratio = large.cpu[0] / events / f64::midpoint(before, after);
    let values = [
        (&figures::SCALE_RATIO, ratio),
        (&figures::SCALE_CPU, large.cpu[0] / events * 1e6),
        (&figures::SCALE_RATE, large.rate(options.scale)),
        (&figures::SCALE_MEMORY, large.peak_mib[0]),
    ];
    let rows = values.map(|(figure, value)| Row {
        figure,
        values: vec![value],
    });
    rows.into()
}
