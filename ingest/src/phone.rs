//! Telephone numbers to E.164, by the metadata of the crate `phonenumber`.
//!
//! The steps are those of Google's libphonenumber. The crate's own parser is
//! not used: it applies the default region's national prefix to numbers of
//! other countries, and the national prefix twice (`8 800 …` of Russia becomes
//! invalid, `+49 1512 3456789` loses its `1`). Extensions are left out: they
//! are no part of the client's number.

use std::sync::{LazyLock, Mutex, PoisonError};

use phonenumber::Metadata;
use phonenumber::country;
use phonenumber::metadata::{DATABASE, Descriptor};
use regex::{Regex, RegexBuilder};
use rustc_hash::FxHashMap;

/// Longer texts are no numbers.
const MAX_TEXT_CHARS: usize = 250;
const NATIONAL_DIGITS: std::ops::RangeInclusive<usize> = 2..=17;
const MAX_COUNTRY_CODE_DIGITS: usize = 3;

/// An extension at the end of a number: `ext. 12`, `доб. 12`, `;ext=12`, `x12`, `#12`.
const EXTENSION: &str = r"(?ix)
    [\s\u{a0},;-]*
    (?: ;?\ ?e?xt(?:ensi(?:ó|o\u{301}|o))?n?\.? | доб(?:авочный)?\.? | anexo | int\.? | x | ｘ | \# | ＃ | ~ | ,, )
    [\s\u{a0}.:=-]* \#? (\d{1,15}) \#? \s* $";

/// What a length says about a national number.
#[derive(PartialEq, Eq)]
enum Length {
    Possible,
    TooLong,
    Other,
}

/// What of a number a pattern is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Matched {
    Whole,
    Start,
}

/// A pattern by the place in memory of its source, which is part of the
/// metadata and stays, and by what must match.
type PatternKey = (usize, Matched);

/// The patterns that any parser has compiled: that takes as long as parsing
/// thousands of numbers, and every worker needs the same few.
static COMPILED: LazyLock<Mutex<FxHashMap<PatternKey, Regex>>> = LazyLock::new(Mutex::default);
static COMPILED_EXTENSION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(EXTENSION).expect("a constant pattern"));

/// Parses numbers; keeps the patterns it has used.
#[derive(Debug)]
pub struct PhoneParser {
    extension: Regex,
    patterns: FxHashMap<PatternKey, Regex>,
}

impl Default for PhoneParser {
    fn default() -> Self {
        Self {
            extension: COMPILED_EXTENSION.clone(),
            patterns: FxHashMap::default(),
        }
    }
}

impl PhoneParser {
    /// The number in E.164, `None` when it is not a valid one.
    pub fn e164(&mut self, text: &str, region: country::Id) -> Option<String> {
        let (digits, is_international) = self.digits(text)?;
        let home = DATABASE.by_id(region.as_ref())?;
        let (code, national) = self.split(&digits, is_international, home)?;
        let main = *DATABASE.by_code(&code)?.first()?;
        let meta = if code == home.country_code() {
            home
        } else {
            main
        };
        let national = self.significant(meta, national);
        if !NATIONAL_DIGITS.contains(&national.len()) || !self.is_valid(code, &national) {
            return None;
        }
        Some(format!("+{code}{national}"))
    }

    /// The digits of a text that looks like a number, and whether a plus stands in front.
    fn digits(&self, text: &str) -> Option<(String, bool)> {
        if text.chars().count() > MAX_TEXT_CHARS {
            return None;
        }
        let is_start = |c: char| matches!(c, '+' | '＋') || digit(c).is_some();
        let text = &text[text.find(is_start)?..];
        let text = match self.extension(text) {
            Some(from) if from > 0 => &text[..from],
            _ => text,
        };
        let is_international = text.starts_with(['+', '＋']);
        let text = text
            .trim_start_matches(['+', '＋'])
            .trim_end_matches(|c: char| !c.is_alphanumeric());
        let letters = text.chars().filter(char::is_ascii_alphabetic).count();
        let mut digits = String::new();
        for c in text.chars() {
            match digit(c) {
                Some(digit) => digits.push(digit),
                None if is_punctuation(c) => {}
                // Letters stand for digits in numbers like 1-800-FLOWERS.
                None if c.is_ascii_alphabetic() && digits.len() >= 3 => {
                    if letters >= 3 {
                        digits.push(keypad(c));
                    }
                }
                None => return None,
            }
        }
        (digits.len() >= 2).then_some((digits, is_international))
    }

    /// Where an extension begins.
    fn extension(&self, text: &str) -> Option<usize> {
        // Nothing that announces one consists of these.
        let is_bare = |byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b' ' | b'(' | b')');
        if text.bytes().all(is_bare) {
            return None;
        }
        self.extension.find(text).map(|found| found.start())
    }

    /// The country code and what stands behind it.
    fn split<'d>(
        &mut self,
        digits: &'d str,
        is_international: bool,
        home: &'static Metadata,
    ) -> Option<(u16, &'d str)> {
        if is_international && let Some(found) = country_code(digits) {
            return Some(found);
        }
        if let Some(dialed) = self.after_international_prefix(digits, home) {
            return country_code(dialed);
        }
        if is_international {
            return None;
        }
        let code = home.country_code();
        if let Some(rest) = digits.strip_prefix(&code.to_string()) {
            let national = self.without_national_prefix(home, rest);
            let general = home.descriptors().general().national_number().as_str();
            let only_without = !self.matches(general, digits) && self.matches(general, &national);
            if only_without || length(home, digits) == Length::TooLong {
                return Some((code, rest));
            }
        }
        Some((code, digits))
    }

    fn after_international_prefix<'d>(
        &mut self,
        digits: &'d str,
        home: &'static Metadata,
    ) -> Option<&'d str> {
        let prefix = home.international_prefix()?.as_str();
        let end = self.start(prefix).find(digits)?.end();
        let rest = &digits[end..];
        (!rest.starts_with('0')).then_some(rest)
    }

    /// The national significant number: without the prefix that is dialed at home.
    fn significant(&mut self, meta: &'static Metadata, national: &str) -> String {
        let stripped = self.without_national_prefix(meta, national);
        match length(meta, &stripped) {
            Length::Possible | Length::TooLong => stripped,
            Length::Other => national.to_owned(),
        }
    }

    fn without_national_prefix(&mut self, meta: &'static Metadata, national: &str) -> String {
        let parsing = meta.national_prefix_for_parsing();
        let prefix = parsing.map_or(meta.national_prefix(), |pattern| Some(pattern.as_str()));
        let Some(found) = prefix.and_then(|prefix| self.start(prefix).captures(national)) else {
            return national.to_owned();
        };
        let end = found.get(0).map_or(0, |whole| whole.end());
        let last_group = found.get(found.len() - 1).filter(|_| found.len() > 1);
        let stripped = match (meta.national_prefix_transform_rule(), last_group) {
            (Some(rule), Some(_)) => {
                let mut stripped = String::new();
                found.expand(&braced(rule), &mut stripped);
                stripped + &national[end..]
            }
            _ => national[end..].to_owned(),
        };
        let general = meta.descriptors().general().national_number().as_str();
        if self.matches(general, national) && !self.matches(general, &stripped) {
            return national.to_owned();
        }
        stripped
    }

    /// Whether a region with that country code has such a number.
    fn is_valid(&mut self, code: u16, national: &str) -> bool {
        let regions = DATABASE.by_code(&code).unwrap_or_default();
        if let [only] = regions[..] {
            return self.is_assigned(only, national);
        }
        regions.into_iter().any(|meta| match meta.leading_digits() {
            Some(leading) if self.start(leading.as_str()).is_match(national) => {
                self.is_assigned(meta, national)
            }
            Some(_) => false,
            None => self.is_assigned(meta, national),
        })
    }

    fn is_assigned(&mut self, meta: &'static Metadata, national: &str) -> bool {
        let general = meta.descriptors().general().national_number().as_str();
        self.matches(general, national)
            && kinds(meta).any(|kind| {
                let lengths = kind.possible_length();
                (lengths.is_empty() || lengths.contains(&(national.len() as u16)))
                    && self.matches(kind.national_number().as_str(), national)
            })
    }

    /// Whether the whole number matches.
    fn matches(&mut self, pattern: &'static str, number: &str) -> bool {
        self.pattern(pattern, Matched::Whole).is_match(number)
    }

    /// The pattern for the start of a number.
    fn start(&mut self, pattern: &'static str) -> &Regex {
        self.pattern(pattern, Matched::Start)
    }

    fn pattern(&mut self, source: &'static str, matched: Matched) -> &Regex {
        let key = (source.as_ptr().addr(), matched);
        self.patterns.entry(key).or_insert_with(|| {
            let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
            let pattern = compiled
                .entry(key)
                .or_insert_with(|| compile(source, matched));
            pattern.clone()
        })
    }
}

fn compile(source: &str, matched: Matched) -> Regex {
    let end = match matched {
        Matched::Whole => "$",
        Matched::Start => "",
    };
    RegexBuilder::new(&format!("^(?:{source}){end}"))
        .ignore_whitespace(true)
        .build()
        .expect("a pattern of the metadata")
}

/// The country code at the start of an international number, and the rest.
fn country_code(digits: &str) -> Option<(u16, &str)> {
    if digits.starts_with('0') {
        return None;
    }
    (1..=MAX_COUNTRY_CODE_DIGITS).find_map(|end| {
        let (code, rest) = digits.split_at_checked(end)?;
        let code: u16 = code.parse().ok()?;
        DATABASE.by_code(&code).map(|_| (code, rest))
    })
}

fn length(meta: &'static Metadata, national: &str) -> Length {
    let length = national.len() as u16;
    let possible = || kinds(meta).flat_map(Descriptor::possible_length);
    let mut local = kinds(meta).flat_map(Descriptor::possible_local_length);
    if possible().any(|possible| *possible == length) {
        Length::Possible
    } else if local.any(|local| *local == length) {
        Length::Other
    } else if possible().max().is_some_and(|longest| length > *longest) {
        Length::TooLong
    } else {
        Length::Other
    }
}

/// The kinds of numbers that a client may call from or dial.
fn kinds(meta: &'static Metadata) -> impl Iterator<Item = &'static Descriptor> {
    let kinds = meta.descriptors();
    [
        kinds.fixed_line(),
        kinds.mobile(),
        kinds.toll_free(),
        kinds.premium_rate(),
        kinds.shared_cost(),
        kinds.personal_number(),
        kinds.voip(),
        kinds.pager(),
        kinds.uan(),
        kinds.voicemail(),
    ]
    .into_iter()
    .flatten()
}

/// `$1` of the metadata as `${1}`, so that a digit behind it is not read as part of it.
fn braced(rule: &str) -> String {
    let mut braced = String::new();
    let mut chars = rule.chars().peekable();
    while let Some(c) = chars.next() {
        braced.push(c);
        if let ('$', Some(group)) = (c, chars.peek().copied()) {
            chars.next();
            braced.extend(['{', group, '}']);
        }
    }
    braced
}

/// The ASCII digit of a decimal digit: ASCII, full-width, Arabic or Persian.
fn digit(c: char) -> Option<char> {
    let value = match c {
        '0'..='9' => return Some(c),
        '０'..='９' => c as u32 - '０' as u32,
        '٠'..='٩' => c as u32 - '٠' as u32,
        '۰'..='۹' => c as u32 - '۰' as u32,
        _ => return None,
    };
    char::from_digit(value, 10)
}

fn is_punctuation(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '-' | '.' | '/' | '(' | ')' | '[' | ']' | '~' | '*' | 'x'
            | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' | '\u{ff0d}'..='\u{ff0f}'
            | '\u{200b}' | '\u{2060}' | '\u{ad}' | '\u{ff08}' | '\u{ff09}'
            | '\u{ff3b}' | '\u{ff3d}' | '\u{2053}' | '\u{223c}' | '\u{ff5e}')
}

/// The key of a telephone that has the letter.
fn keypad(letter: char) -> char {
    match letter.to_ascii_uppercase() {
        'A'..='C' => '2',
        'D'..='F' => '3',
        'G'..='I' => '4',
        'J'..='L' => '5',
        'M'..='O' => '6',
        'P'..='S' => '7',
        'T'..='V' => '8',
        _ => '9',
    }
}
