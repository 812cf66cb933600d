//! A client: what it is like, which devices it has, and what it was moved by.

use super::dice::Dice;
use super::market::{BASELINE, HALF_LIFE_DAYS, SOURCE_COUNT, SOURCES};
use super::names::Known;
use super::time::{At, DAY};

/// A cookie that is older than this may be gone at the next visit.
const COOKIE_AGE: i64 = 7 * DAY;
/// No decision is more probable than this.
const SUREST: f64 = 0.6;

/// Somebody who may buy.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its number; everything it is called follows from it.
    pub number: u64,
    /// What it does with influence: its decisions are so much more probable.
    appetite: f64,
    /// How probable another visit is after each one.
    pub loyalty: f64,
    /// Its devices, the most used first.
    devices: Vec<Device>,
    /// What it was moved by.
    pub influence: Influence,
    /// What the business knows of it.
    pub known: Known,
    /// When it comes again by itself.
    pub next_visit: Option<At>,
    /// When it comes from a newsletter, and which one.
    pub next_click: Option<(At, u32)>,
    /// When it gets the next newsletter.
    pub next_mail: Option<At>,
    /// How many newsletters it will still put up with.
    pub patience: u32,
    /// The leased number that it wrote down.
    pub noted_number: Option<u32>,
}

/// A browser on a device.
#[derive(Clone, Debug)]
struct Device {
    agent: usize,
    cookie: u32,
    since: At,
    /// Whether it was used with the client's account.
    signed_in: bool,
}

/// The device of a visit.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    device: usize,
    /// Which browser it is.
    pub agent: usize,
    /// Its cookie's number.
    pub cookie: u32,
    /// Whether the account is signed in there.
    pub signed_in: bool,
}

impl Client {
    /// A new one.
    pub fn new(number: u64, at: At, dice: &mut Dice) -> Self {
        let (appetite, loyalty) = match dice.weighted([0.58, 0.31, 0.11].into_iter()) {
            0 => (0.35, 0.22),
            1 => (1.0, 0.66),
            _ => (2.0, 0.86),
        };
        let devices = 1 + dice.weighted([0.60, 0.32, 0.08].into_iter());
        let devices = (0..devices as u32)
            .map(|device| Device {
                agent: dice.whole(0, 6) as usize,
                cookie: device << 8,
                since: at,
                signed_in: false,
            })
            .collect();
        Self {
            number,
            appetite,
            loyalty,
            devices,
            influence: Influence::new(at),
            known: Known::default(),
            next_visit: None,
            next_click: None,
            next_mail: None,
            patience: 0,
            noted_number: None,
        }
    }

    /// When there is something to do for it.
    pub fn next(&self) -> Option<At> {
        let click = self.next_click.map(|(at, _)| at);
        [self.next_visit, click, self.next_mail]
            .into_iter()
            .flatten()
            .min()
    }

    /// Moves all that is planned.
    pub fn hurry(&mut self, hurried: impl Fn(At) -> At) {
        self.next_visit = self.next_visit.map(&hurried);
        self.next_mail = self.next_mail.map(&hurried);
        self.next_click = self.next_click.map(|(at, week)| (hurried(at), week));
    }

    /// Picks the device of a visit, with a new cookie at times.
    pub fn take_device(&mut self, at: At, dice: &mut Dice) -> Used {
        let device = dice.weighted([0.68, 0.25, 0.07].into_iter().take(self.devices.len()));
        let chosen = &mut self.devices[device];
        if at - chosen.since > COOKIE_AGE && dice.chance(0.15) {
            chosen.cookie += 1;
            chosen.since = at;
            chosen.signed_in = false;
        }
        Used {
            device,
            agent: chosen.agent,
            cookie: chosen.cookie,
            signed_in: chosen.signed_in,
        }
    }

    /// Signs the account in on a device.
    pub fn sign_in(&mut self, used: &mut Used) {
        used.signed_in = true;
        self.devices[used.device].signed_in = true;
    }

    /// How probable it is that the client decides now.
    pub fn readiness(&self) -> f64 {
        (self.appetite * (BASELINE + self.influence.total())).min(SUREST)
    }
}

/// What moves a client: of each source's contacts what is left after a while.
#[derive(Clone, Debug)]
pub struct Influence {
    left: [f32; SOURCE_COUNT],
    at: At,
}

impl Influence {
    fn new(at: At) -> Self {
        Self {
            left: [0.0; SOURCE_COUNT],
            at,
        }
    }

    /// A contact through a source.
    pub fn add(&mut self, source: usize, at: At) {
        let days = (at - self.at).max(0) as f64 / DAY as f64;
        let decay = (-days / HALF_LIFE_DAYS).exp2() as f32;
        for left in &mut self.left {
            *left *= decay;
        }
        self.left[source] += SOURCES[source].lift as f32;
        self.at = self.at.max(at);
    }

    /// After a purchase most of the need is gone.
    pub fn satisfy(&mut self) {
        for left in &mut self.left {
            *left *= 0.15;
        }
    }

    fn total(&self) -> f64 {
        self.left.iter().copied().map(f64::from).sum()
    }

    /// The part of each source in a decision taken now; what is missing to 1
    /// the client would have done without any of them.
    pub fn shares(&self) -> Shares {
        let whole = BASELINE + self.total();
        self.left.map(|left| (f64::from(left) / whole) as f32)
    }
}

/// A decision's parts by source.
pub type Shares = [f32; SOURCE_COUNT];
