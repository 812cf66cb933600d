//! JSON, without building a tree: of each object the known fields are kept as
//! they were written, and read when they are asked for. So a number is never a
//! float, and a string without escapes is never copied.

use serde::de::IgnoredAny;

use crate::decode::scan::{Broken, Quoted, Scanner};
use crate::decode::{Field, Object};
use crate::reject::{Reason, Rejection};

/// Calls `each` for the value that `text` is, or for each element of the array
/// that it is, with the index there: with the fields when it is an object,
/// with `None` when it is something else. Stops calling at the first refusal,
/// which it returns once the whole text is known to be JSON. `object` is where
/// the fields are put; what it holds is given up.
pub fn objects<'a>(
    text: &'a str,
    object: &mut Object<'a>,
    mut each: impl FnMut(Option<usize>, Option<&Object<'a>>) -> Result<(), Rejection>,
) -> Result<(), Rejection> {
    let mut rejected = None;
    walk(Scanner::new(text), object, |index, object| {
        if rejected.is_none() {
            rejected = each(index, object).err();
        }
    })
    .map_err(|Broken| Rejection::whole(Reason::InvalidJson, why(text)))?;
    rejected.map_or(Ok(()), Err)
}

/// The string that a JSON string with escapes stands for; `None` when one of
/// them stands for no character.
pub fn unescape(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

fn walk<'a>(
    mut scanner: Scanner<'a>,
    object: &mut Object<'a>,
    mut call: impl FnMut(Option<usize>, Option<&Object<'a>>),
) -> Result<(), Broken> {
    let mut node = |scanner: &mut Scanner<'a>, index| {
        if scanner.takes(b'{') {
            read_fields(scanner, object)?;
            call(index, Some(object));
        } else {
            scanner.value()?;
            call(index, None);
        }
        Ok(())
    };
    if !scanner.takes(b'[') {
        node(&mut scanner, None)?;
    } else if !scanner.takes(b']') {
        node(&mut scanner, Some(0))?;
        let mut index = 0;
        while !scanner.takes(b']') {
            scanner.expect(b',')?;
            index += 1;
            node(&mut scanner, Some(index))?;
        }
    }
    scanner.end()
}

/// The fields of the object whose brace was read.
fn read_fields<'a>(scanner: &mut Scanner<'a>, object: &mut Object<'a>) -> Result<(), Broken> {
    object.clear();
    if scanner.takes(b'}') {
        return Ok(());
    }
    loop {
        let field = field(scanner.name()?)?;
        let value = scanner.value()?;
        if let Some(field) = field {
            object.set(field, value);
        }
        if scanner.takes(b'}') {
            return Ok(());
        }
        scanner.expect(b',')?;
    }
}

/// The field of a name, when it is a known one.
fn field(name: Quoted<'_>) -> Result<Option<Field>, Broken> {
    Ok(match name {
        Quoted::Plain(name) => Field::from_name(name),
        Quoted::Escaped(name) => Field::from_name(&unescape(name).ok_or(Broken)?),
    })
}

/// What is not JSON in it and where, without the text itself, which may be personal.
fn why(text: &str) -> String {
    let Err(error) = serde_json::from_str::<IgnoredAny>(text) else {
        return "a name with an escape that stands for no character".to_owned();
    };
    let what = if error.is_eof() {
        "the end came too early"
    } else {
        "not JSON"
    };
    format!("{what} at line {} column {}", error.line(), error.column())
}
