//! Who is called what: identifiers of clients, devices, deals and events.
//!
//! Everything follows from the seed and a client's number, so nothing has to
//! be remembered, and runs with different seeds share no identifiers.

use std::fmt::Write;

use super::dice::{Dice, mix};

const FIRST: [&str; 24] = [
    "anna", "boris", "clara", "dmitri", "elena", "felix", "galina", "henry", "irina", "jan",
    "kira", "lev", "maria", "nikita", "olga", "pavel", "rita", "sergei", "tanya", "ulf", "vera",
    "yuri", "zoya", "max",
];
const LAST: [&str; 24] = [
    "abel", "berg", "carter", "dorn", "egorov", "frost", "gromov", "hahn", "ivanov", "jansen",
    "klein", "lang", "moroz", "novak", "orlov", "petrov", "quist", "roth", "sokolov", "titov",
    "urban", "volkov", "weiss", "zimin",
];
const MAIL_HOSTS: [&str; 5] = [
    "example.com",
    "example.org",
    "example.net",
    "post.example",
    "office.example",
];
/// One client in so many uses the phone of another one, as households do.
const SHARED_PHONES: u64 = 400;
/// Has no factor in common with a thousand million, so that every client's
/// phone is another one.
const PHONE_STEP: u64 = 387_420_489;
const PHONES: u64 = 1_000_000_000;

/// Which identifiers of a client the business has come to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each identifier is known or not by itself"
)]
pub struct Known {
    /// The phone.
    pub phone: bool,
    /// The e-mail address.
    pub email: bool,
    /// The account on the site.
    pub user: bool,
    /// The contact in the CRM.
    pub contact: bool,
}

/// Makes names.
#[derive(Clone, Debug)]
pub struct Names {
    seed: u64,
    tag: String,
    events: u64,
    /// Whether phones are also written as they are at home.
    local_phones: bool,
}

impl Names {
    /// The names that belong to a seed.
    pub fn new(seed: u64, local_phones: bool) -> Self {
        let mut tag = String::new();
        let mut rest = mix(seed ^ 0x7461_6773);
        for _ in 0..5 {
            let digit = u32::try_from(rest % 36).unwrap_or(0);
            tag.push(char::from_digit(digit, 36).unwrap_or('0'));
            rest /= 36;
        }
        Self {
            seed: mix(seed ^ 0x6e61_6d65),
            tag,
            events: 0,
            local_phones,
        }
    }

    /// A new event's id.
    pub fn event(&mut self) -> String {
        self.events += 1;
        format!("{:016x}", mix(self.seed ^ self.events))
    }

    /// The cookie of a client's device; devices get new ones at times.
    pub fn visitor(&self, client: u64, cookie: u32) -> String {
        let number = (client << 16) | u64::from(cookie);
        format!("{:016x}", mix(!self.seed ^ number))
    }

    /// The client's account.
    pub fn user(&self, client: u64) -> String {
        format!("u{}-{client}", self.tag)
    }

    /// The client in the CRM.
    pub fn contact(&self, client: u64) -> String {
        format!("C-{}-{client}", self.tag)
    }

    /// A deal.
    pub fn deal(&self, deal: u64) -> String {
        format!("D-{}-{deal}", self.tag)
    }

    /// The client's phone in E.164.
    pub fn phone(&self, client: u64) -> String {
        let shared = client > 0 && mix(self.seed ^ client).is_multiple_of(SHARED_PHONES);
        let owner = if shared { client - 1 } else { client };
        let first = self.seed % PHONES;
        let number =
            (u128::from(owner) * u128::from(PHONE_STEP) + u128::from(first)) % u128::from(PHONES);
        format!("+79{number:09}")
    }

    /// The client's phone as somebody wrote it.
    pub fn written_phone(&self, client: u64, dice: &mut Dice) -> String {
        let phone = self.phone(client);
        if !self.local_phones || !dice.chance(0.2) {
            return phone;
        }
        let (area, rest) = phone[2..].split_at(3);
        if dice.chance(0.5) {
            format!("8{area}{rest}")
        } else {
            format!("8 ({area}) {}-{}-{}", &rest[..3], &rest[3..5], &rest[5..])
        }
    }

    /// The client's e-mail address.
    pub fn email(&self, client: u64) -> String {
        let roll = mix(self.seed ^ (client << 1));
        let part = |all: &[&'static str], shift: u32| all[(roll >> shift) as usize % all.len()];
        let mut address = String::with_capacity(40);
        let _ = write!(
            address,
            "{}.{}.{}{client}@{}",
            part(&FIRST, 0),
            part(&LAST, 8),
            self.tag,
            part(&MAIL_HOSTS, 16)
        );
        address
    }

    /// The client's e-mail address as somebody wrote it.
    pub fn written_email(&self, client: u64, dice: &mut Dice) -> String {
        let address = self.email(client);
        match dice.whole(0, 20) {
            0 => address.to_uppercase(),
            1 => format!(" {address}"),
            _ => address,
        }
    }
}
