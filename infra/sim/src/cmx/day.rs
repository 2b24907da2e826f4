//! A Saturday in a shop, as counts of devices.

use handbell_core::occupancy::zone::Bounds;

/// Minutes of a day, from opening at 08:00 to closing at 20:00.
pub const MINUTES: u32 = 720;
/// Count at which a zone without levels and capacity is full.
const FULL: f64 = 50.0;
/// Amplitude of the noise, as a fraction of the count.
const NOISE: f64 = 0.03;

/// Returns the count of each minute: filling after the opening, a noon peak above the highest level, a dip below the end of
/// the lowest, an afternoon peak, and the evening. With fewer or more minutes than a day has, the same day runs faster or
/// slower. The result is deterministic.
pub fn saturday(levels: &[Bounds], capacity: Option<u32>, minutes: u32) -> Vec<u32> {
    let knots = knots(levels, capacity);
    let count = |minute: u32| {
        let time = f64::from(minute) * f64::from(MINUTES) / f64::from(minutes);
        let usual = between(&knots, time);
        (usual * (1.0 + NOISE * chance(minute))).round().clamp(0.0, f64::from(super::MOST)) as u32
    };
    (0..minutes).map(count).collect()
}

/// Returns minutes since opening with their counts.
fn knots(levels: &[Bounds], capacity: Option<u32>) -> [(f64, f64); 11] {
    let capacity = capacity.map_or(FULL, f64::from);
    let full = levels.last().map_or(capacity, |highest| f64::from(highest.at));
    let noon = (full * 1.08).max(full + 1.0);
    let dip = levels.first().map_or(capacity / 2.0, |lowest| f64::from(lowest.clear)) * 0.8;
    let afternoon = match levels {
        // Unlike at noon, the zone only fills up.
        [warn, alert] => f64::from(warn.at + alert.at) / 2.0,
        _ => noon,
    };
    [
        (0.0, full * 0.03),
        (120.0, full * 0.35),
        (195.0, full * 0.7),
        (255.0, noon),
        (315.0, noon),
        (375.0, dip),
        (435.0, dip),
        (495.0, afternoon),
        (555.0, afternoon),
        (660.0, full * 0.25),
        (720.0, full * 0.03),
    ]
}

/// Interpolates smoothly between the knots.
fn between(knots: &[(f64, f64)], time: f64) -> f64 {
    let Some(pair) = knots.windows(2).find(|pair| time < pair[1].0) else {
        return knots.last().map_or(0.0, |(_, count)| *count);
    };
    let ((from, low), (to, high)) = (pair[0], pair[1]);
    let part = (time - from) / (to - from);
    low + (high - low) * part * part * (3.0 - 2.0 * part)
}

/// Returns deterministic noise from -1 to 1.
fn chance(minute: u32) -> f64 {
    let mut mixed = (u64::from(minute) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    f64::from((mixed >> 40) as u32) / f64::from(1_u32 << 23) - 1.0
}
