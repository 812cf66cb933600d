use throughline_proto::rollups::TouchTopic;

use super::*;

/// A column's bytes in a block after some values.
fn written<T: Value>(kind: &str, values: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut columns = [Column::new(kind)];
    for value in values {
        let mut row = Row::new(&mut columns);
        row.put(value);
        assert!(row.is_complete());
    }
    let mut out = Vec::new();
    columns[0].write(&mut out);
    out
}

#[test]
fn numbers_are_little_endian_and_lengths_leb128() {
    assert_eq!(written("Int64", [-2_i64])[..2], [0xfe, 0xff]);
    assert_eq!(written("UInt32", [0x0102_u32]), [2, 1, 0, 0]);
    assert_eq!(written("FixedString(16)", [Ident(1)])[15], 1);
    assert_eq!(written("String", ["ab", ""]), [2, b'a', b'b', 0]);
    let long = [7; 300];
    assert_eq!(written("String", [&long[..]])[..3], [0xac, 0x02, 7]);
    let touch = TouchRef {
        topic: TouchTopic::Web,
        event_id: "x",
    };
    assert_eq!(
        written("String", [TouchId(Some(touch)), TouchId(None)]),
        b"\x05web:x\0"
    );
}

#[test]
fn nulls_stand_before_the_values() {
    assert_eq!(written("Nullable(UInt8)", [None, Some(5_u8)]), [1, 0, 0, 5]);
    assert_eq!(
        written("Nullable(String)", [Some("a"), None]),
        [0, 1, 1, b'a', 0]
    );
}

#[test]
fn lists_have_their_ends_in_front() {
    let lists = [vec![3_u8, 4], vec![], vec![5]];
    let ends = [2_u64, 2, 3].map(u64::to_le_bytes).concat();
    assert_eq!(
        written(
            "Array(UInt8)",
            lists.iter().map(|list| List(list.iter().copied()))
        ),
        [ends, vec![3, 4, 5]].concat()
    );
    let nested = [List([List([1_u8, 2].into_iter())].into_iter())];
    assert_eq!(
        written("Array(Array(UInt8))", nested),
        [&1_u64.to_le_bytes()[..], &2_u64.to_le_bytes(), &[1, 2]].concat()
    );
    let pairs = [List([("a", 1_u8), ("b", 2)].into_iter())];
    assert_eq!(
        written("Array(Tuple(name String, value UInt8))", pairs),
        [&2_u64.to_le_bytes()[..], b"\x01a\x01b\x01\x02"].concat()
    );
}

#[test]
fn a_text_of_low_cardinality_stands_once() {
    let head = |version: u64, flags: u64, texts: u64| {
        [version, flags, texts].map(u64::to_le_bytes).concat()
    };
    assert_eq!(
        written("LowCardinality(String)", ["a", "b", "b", "a"]),
        [
            &head(1, 0x600, 2)[..],
            b"\x01a\x01b",
            &4_u64.to_le_bytes(),
            &[0, 1, 1, 0]
        ]
        .concat()
    );
    // The numbers of more texts are wider.
    let many: Vec<_> = (0..257).map(|number| number.to_string()).collect();
    let bytes = written("LowCardinality(String)", many.iter().map(String::as_str));
    assert_eq!(bytes[..24], head(1, 0x601, 257));
    assert_eq!(bytes[bytes.len() - 2..], [0, 1]);
    // Without values there is nothing but the version.
    let nothing = List([""; 0].into_iter());
    assert_eq!(
        written("Array(LowCardinality(String))", [nothing]),
        [1_u64, 0].map(u64::to_le_bytes).concat()
    );
}
