//! Why a record is refused: a closed set of reasons, a field, and words.

use std::borrow::Cow;

/// The kinds of mistakes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reason {
    /// The record has no value.
    EmptyValue,
    /// The value is larger than the configured limit.
    TooLarge,
    /// The value, said to be JSON, is not UTF-8.
    InvalidUtf8,
    /// The value is not JSON.
    InvalidJson,
    /// The value is not the topic's protobuf message.
    InvalidProtobuf,
    /// A value of another type than the field's.
    WrongType,
    /// A required field is absent.
    MissingField,
    /// A value beyond its limits.
    OutOfRange,
    /// A word that is none of the allowed ones.
    UnknownValue,
    /// Not a time or date in an accepted form.
    InvalidTime,
    /// More than a day after the record's own timestamp.
    FutureTime,
    /// Not an ISO 4217 code of a currency with a minor unit.
    UnknownCurrency,
    /// No rate of that currency on that day.
    NoRate,
    /// The topic needs an identifier, and no valid one is left.
    NoIdentifier,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 14] = [
        Self::EmptyValue,
        Self::TooLarge,
        Self::InvalidUtf8,
        Self::InvalidJson,
        Self::InvalidProtobuf,
        Self::WrongType,
        Self::MissingField,
        Self::OutOfRange,
        Self::UnknownValue,
        Self::InvalidTime,
        Self::FutureTime,
        Self::UnknownCurrency,
        Self::NoRate,
        Self::NoIdentifier,
    ];

    /// The word in dead letters and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EmptyValue => "empty_value",
            Self::TooLarge => "too_large",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::InvalidJson => "invalid_json",
            Self::InvalidProtobuf => "invalid_protobuf",
            Self::WrongType => "wrong_type",
            Self::MissingField => "missing_field",
            Self::OutOfRange => "out_of_range",
            Self::UnknownValue => "unknown_value",
            Self::InvalidTime => "invalid_time",
            Self::FutureTime => "future_time",
            Self::UnknownCurrency => "unknown_currency",
            Self::NoRate => "no_rate",
            Self::NoIdentifier => "no_identifier",
        }
    }
}

/// A refusal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// The kind of mistake.
    pub reason: Reason,
    /// The field's path (`[2].items[0].amount`), empty when the record as a whole is meant.
    pub field: String,
    /// What is wrong, for a person; never a value, which may be personal.
    pub message: Cow<'static, str>,
}

impl Rejection {
    /// A refusal of the record as a whole.
    pub fn whole(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            field: String::new(),
            message: message.into(),
        }
    }
}
