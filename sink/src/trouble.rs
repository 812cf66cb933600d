//! What an error of ClickHouse means: wait and send the same again, or give up.

use clickhouse::error::Error;

/// Kinds of trouble that pass, by which retries are counted and logged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// No connection, or no answer in time.
    Unreachable,
    /// Too many parts, too many queries, out of memory.
    Overloaded,
    /// Read-only, or the disk is full.
    ReadOnly,
    /// The user is not let in, or may not insert.
    Refused,
    /// The database or a table is missing.
    NoSchema,
    /// Something else; it may pass.
    Other,
}

impl Trouble {
    /// The label in metrics and logs.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Overloaded => "overloaded",
            Self::ReadOnly => "read_only",
            Self::Refused => "refused",
            Self::NoSchema => "no_schema",
            Self::Other => "other",
        }
    }
}

/// What to do about an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The same request may succeed later.
    Retry(Trouble),
    /// It never will: the data or the program is wrong.
    Permanent,
}

/// Judges an error. Unknown errors are retried: rows are never dropped, and
/// what cannot pass shows in the logs and in the count of retries.
pub fn judge(error: &Error) -> Verdict {
    match error {
        Error::Network(_) | Error::TimedOut => Verdict::Retry(Trouble::Unreachable),
        Error::BadResponse(text) => code(text).map_or(Verdict::Retry(Trouble::Other), judge_code),
        Error::InvalidParams(_) | Error::Unsupported(_) | Error::SchemaMismatch(_) => {
            Verdict::Permanent
        }
        _ => Verdict::Retry(Trouble::Other),
    }
}

/// ClickHouse's number of an exception, from `Code: 252. DB::Exception: ...`.
pub fn code(text: &str) -> Option<u32> {
    let after = text.split("Code: ").nth(1)?;
    let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The numbers stand in ClickHouse's `src/Common/ErrorCodes.cpp`.
fn judge_code(code: u32) -> Verdict {
    match code {
        // Timeouts, connection errors, lost replicas.
        159 | 209 | 210 | 279 => Verdict::Retry(Trouble::Unreachable),
        // TOO_MANY_SIMULTANEOUS_QUERIES, QUOTA_EXCEEDED, MEMORY_LIMIT_EXCEEDED, TOO_MANY_PARTS, SERVER_OVERLOADED.
        201 | 202 | 241 | 252 | 745 => Verdict::Retry(Trouble::Overloaded),
        // READONLY, TABLE_IS_READ_ONLY, NOT_ENOUGH_SPACE, TABLE_IS_PERMANENTLY_READ_ONLY.
        164 | 242 | 243 | 774 => Verdict::Retry(Trouble::ReadOnly),
        // UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, IP_ADDRESS_NOT_ALLOWED, ACCESS_DENIED, AUTHENTICATION_FAILED.
        192..=195 | 497 | 516 => Verdict::Retry(Trouble::Refused),
        // UNKNOWN_TABLE, UNKNOWN_DATABASE.
        60 | 81 => Verdict::Retry(Trouble::NoSchema),
        // What ClickHouse says of rows or statements that do not fit its
        // tables: CANNOT_PARSE_*, NO_SUCH_COLUMN_IN_TABLE, UNKNOWN_IDENTIFIER,
        // TYPE_MISMATCH, SYNTAX_ERROR, ARGUMENT_OUT_OF_BOUND, UNKNOWN_SETTING,
        // INCORRECT_DATA, TOO_LARGE_ARRAY_SIZE, TOO_LARGE_STRING_SIZE ...
        6 | 8 | 16 | 20 | 26 | 27 | 32 | 33 | 36 | 38 | 41 | 43 | 44 | 47 | 50 | 53 | 62 | 69
        | 70 | 72 | 115 | 117 | 128 | 131 => Verdict::Permanent,
        _ => Verdict::Retry(Trouble::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, verdict: Verdict) {
        assert_eq!(judge(&Error::BadResponse(text.into())), verdict, "{text}");
    }

    #[test]
    fn errors_are_judged_by_their_number() {
        check(
            "Code: 252. DB::Exception: Too many parts (300). (TOO_MANY_PARTS)",
            Verdict::Retry(Trouble::Overloaded),
        );
        check(
            "Code: 242. DB::Exception: Table is in readonly mode",
            Verdict::Retry(Trouble::ReadOnly),
        );
        check(
            "Code: 60. DB::Exception: Table default.x does not exist",
            Verdict::Retry(Trouble::NoSchema),
        );
        check(
            "Code: 516. DB::Exception: default: Authentication failed",
            Verdict::Retry(Trouble::Refused),
        );
        check(
            "Code: 117. DB::Exception: Type of 'x' must be UInt64, not String",
            Verdict::Permanent,
        );
        check("502 Bad Gateway", Verdict::Retry(Trouble::Other));
        check("Code: none", Verdict::Retry(Trouble::Other));
    }

    #[test]
    fn what_the_network_does_passes() {
        assert_eq!(
            judge(&Error::TimedOut),
            Verdict::Retry(Trouble::Unreachable)
        );
        assert_eq!(
            judge(&Error::Network("connection reset".into())),
            Verdict::Retry(Trouble::Unreachable)
        );
    }
}
