//! Bad weather: the same rows are sent until they are taken, and nothing is
//! committed before.

use std::net::TcpListener;
use std::time::Duration;

use throughline_sink::{ClickHouse, SinkError};
use throughline_stream::{Outgoing, Role as _, Step};

use crate::fake::{Answer, Fake, connection};
use crate::line::{Line, WRITTEN_MS};
use crate::rows::*;
use crate::service::Service;

/// Sends one batch through the answers; all bodies but of the last request
/// were refused.
fn check_taken_after(answers: &[Answer]) {
    let fake = Fake::start(answers);
    let mut line = Line::to(fake.connection());
    line.send(batch(&[cost(19_700, None, 1, 1)]));
    while fake.bodies.lock().unwrap().len() <= answers.len() {
        assert!(line.committed.lock().unwrap().is_empty(), "{answers:?}");
        assert_eq!(line.sink.step().unwrap(), Step::Worked);
    }
    line.settle().unwrap();
    let bodies = fake.bodies.lock().unwrap();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{answers:?}");
    let committed = line.committed.lock().unwrap();
    assert_eq!(committed.len(), 1, "{answers:?}");
    assert_eq!(committed[0].next_offset, 1);
}

#[test]
fn an_overloaded_or_read_only_server_gets_the_same_rows_again() {
    use Answer::{Exception, HangUp};
    check_taken_after(&[
        Exception(252, "Too many parts (3000). (TOO_MANY_PARTS)"),
        Exception(252, "Too many parts (3000). (TOO_MANY_PARTS)"),
        Exception(
            202,
            "Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)",
        ),
        Exception(241, "Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)"),
    ]);
    check_taken_after(&[
        Exception(164, "Cannot execute query in readonly mode. (READONLY)"),
        Exception(242, "Table is in readonly mode. (TABLE_IS_READ_ONLY)"),
        Exception(243, "Cannot reserve 1.00 MiB. (NOT_ENOUGH_SPACE)"),
        Exception(516, "Authentication failed. (AUTHENTICATION_FAILED)"),
        Exception(999_999, "Something that no version knows yet"),
    ]);
    check_taken_after(&[HangUp, HangUp]);
}

#[test]
fn a_server_that_comes_up_later_gets_the_rows() {
    // A port that nobody listens on.
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let mut line = Line::to(connection(&address));
    line.send(batch(&[cost(19_700, None, 1, 1)]));
    line.send(batch(&[cost(19_701, None, 1, 1)]));
    for _ in 0..6 {
        assert_eq!(line.sink.step().unwrap(), Step::Worked);
    }
    assert!(line.committed.lock().unwrap().is_empty());

    // Asked to stop, it gives up and leaves the rows where they came from.
    line.stop.request(Duration::from_hours(1));
    line.sink.finish().unwrap();
    assert!(line.committed.lock().unwrap().is_empty());
}

#[test]
fn a_server_that_never_answers_does_not_hold_up_the_end() {
    let fake = Fake::start(&[Answer::Silence]);
    let mut line = Line::to(fake.connection());
    line.send(batch(&[cost(19_700, None, 1, 1)]));
    line.stop.request(Duration::from_millis(100));
    assert_eq!(line.sink.step().unwrap(), Step::Worked);
    assert_eq!(line.sink.step().unwrap(), Step::Worked);
    line.sink.finish().unwrap();
    assert!(line.committed.lock().unwrap().is_empty());
}

#[test]
fn rows_refused_for_good_end_the_sink() {
    let fake = Fake::start(&[Answer::Exception(
        117,
        "Type of 'clicks' must be String, not Int64. (INCORRECT_DATA)",
    )]);
    let mut line = Line::to(fake.connection());
    line.send(batch(&[cost(19_700, None, 1, 1)]));
    let error = line.settle().unwrap_err();
    assert!(
        matches!(
            error,
            SinkError::Rejected {
                table: "cost_versions",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_record_that_cannot_be_read_is_named() {
    let fake = Fake::start(&[]);
    let mut line = Line::to(fake.connection());
    line.send(batch(&[cost(19_700, None, 1, 1)]));
    line.broker
        .append(
            Outgoing {
                topic: "rollups".into(),
                value: Some(vec![0xff; 9]),
                ..Outgoing::default()
            },
            WRITTEN_MS,
        )
        .unwrap();
    let error = line.settle().unwrap_err().to_string();
    assert!(
        error.starts_with("record rollups[0]@1 holds no rows"),
        "{error}"
    );
}

#[test]
fn a_check_says_what_is_wrong() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let reason = |connection| {
        ClickHouse::new(&connection)
            .unwrap()
            .check()
            .unwrap_err()
            .to_string()
    };
    let text = reason(connection(&address));
    assert!(
        text.starts_with(&format!("cannot reach clickhouse at http://{address}")),
        "{text}"
    );

    let service = Service::shared();
    let text = reason(service.connection("no_such_database"));
    assert!(
        text.contains("no complete schema in database no_such_database"),
        "{text}"
    );

    let mut stranger = service.connection("default");
    stranger.user = "nobody".into();
    stranger.password = "hidden-word".into();
    let text = reason(stranger);
    assert!(text.contains("refuses user nobody"), "{text}");
    assert!(!text.contains("hidden-word"), "{text}");
}
