use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _, DefaultConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::Inbox;

const PATIENCE: Duration = Duration::from_secs(30);

/// A topic of two partitions, with so many messages in each.
struct Mock {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl Mock {
    fn new(messages: i64) -> Self {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("t", 2, 1).unwrap();
        let mock = Self { cluster };
        mock.send(0..messages);
        mock
    }

    fn send(&self, numbers: std::ops::Range<i64>) {
        let producer: BaseProducer = self.config().create().unwrap();
        for number in numbers {
            for partition in 0..2 {
                let (key, value) = (format!("k{number}"), format!("v{number}"));
                let record = BaseRecord::to("t")
                    .partition(partition)
                    .key(&key)
                    .payload(&value)
                    .timestamp(1000 + number);
                let headers = OwnedHeaders::new()
                    .insert(Header {
                        key: "a",
                        value: Some("1"),
                    })
                    .insert(Header {
                        key: "b",
                        value: None::<&str>,
                    });
                let record = if number % 2 == 1 {
                    record.headers(headers)
                } else {
                    record
                };
                producer.send(record).map_err(|(error, _)| error).unwrap();
            }
        }
        producer.flush(PATIENCE).unwrap();
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.cluster.bootstrap_servers());
        config
    }

    fn inbox(&self) -> Inbox<DefaultConsumerContext> {
        let mut config = self.config();
        config
            .set("group.id", "g")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "error");
        let consumer: BaseConsumer = config.create().unwrap();
        Inbox::new(consumer).unwrap()
    }
}

fn assign(inbox: &mut Inbox<DefaultConsumerContext>, partitions: &[(i32, i64)]) {
    assert!(inbox.expect(partitions.iter().map(|(partition, _)| ("t", *partition))));
    let mut list = TopicPartitionList::new();
    for (partition, offset) in partitions {
        let offset = Offset::Offset(*offset);
        list.add_partition_offset("t", *partition, offset).unwrap();
    }
    inbox.consumer().assign(&list).unwrap();
}

/// So many messages, as partitions and offsets; nothing comes any other way.
fn read(inbox: &mut Inbox<DefaultConsumerContext>, count: usize) -> Vec<(i32, i64)> {
    let mut read = Vec::new();
    let since = Instant::now();
    while read.len() < count && since.elapsed() < PATIENCE {
        assert!(inbox.consumer().poll(Duration::ZERO).is_none());
        if let Some(message) = inbox.next(Duration::from_millis(100)) {
            assert_eq!(message.error(), None);
            read.push((message.partition(), message.offset()));
        }
    }
    read
}

fn of(partition: i32, read: &[(i32, i64)]) -> Vec<i64> {
    let of_it = read.iter().filter(|(other, _)| *other == partition);
    of_it.map(|(_, offset)| *offset).collect()
}

#[test]
fn messages_come_whole_and_in_the_order_of_their_partition() {
    let mock = Mock::new(200);
    let mut inbox = mock.inbox();
    assign(&mut inbox, &[(0, 0), (1, 150)]);
    let all = read(&mut inbox, 250);
    assert_eq!(of(0, &all), (0..200).collect::<Vec<_>>());
    assert_eq!(of(1, &all), (150..200).collect::<Vec<_>>());
    assert!(inbox.next(Duration::ZERO).is_none());

    assign(&mut inbox, &[(0, 7)]);
    let message = inbox.next(PATIENCE).unwrap();
    assert_eq!(message.topic(), b"t");
    assert_eq!((message.partition(), message.offset()), (0, 7));
    assert_eq!(message.key(), Some(&b"k7"[..]));
    assert_eq!(message.value(), Some(&b"v7"[..]));
    assert_eq!(message.timestamp_ms(), Some(1007));
    let headers: Vec<_> = message.headers().collect();
    assert_eq!(headers, [(&b"a"[..], Some(&b"1"[..])), (b"b", None)]);
    drop(message);
    assert_eq!(inbox.next(PATIENCE).unwrap().headers().count(), 0);
}

#[test]
fn every_assignment_begins_where_it_says_and_nothing_of_the_one_before_is_left() {
    let mock = Mock::new(100);
    let mut inbox = mock.inbox();
    // The library ends one assignment while the next one begins.
    for round in 0..20 {
        assign(&mut inbox, &[(0, 80 - round), (1, 50)]);
        let expected: Vec<_> = (80 - round..100).collect();
        let all = read(&mut inbox, expected.len() + 50);
        assert_eq!(of(0, &all), expected);
        assert_eq!(of(1, &all), (50..100).collect::<Vec<_>>());
        inbox.forget();
        inbox.consumer().unassign().unwrap();
        assert!(inbox.next(Duration::ZERO).is_none());
    }
    // One that was read in part.
    assign(&mut inbox, &[(0, 0), (1, 0)]);
    assert_eq!(read(&mut inbox, 3).len(), 3);
    assign(&mut inbox, &[(1, 90)]);
    let rest = read(&mut inbox, 10);
    assert_eq!(
        rest,
        (90..100).map(|offset| (1, offset)).collect::<Vec<_>>()
    );
    mock.send(100..101);
    assert_eq!(read(&mut inbox, 1), [(1, 100)]);
}

#[test]
fn a_position_that_is_not_there_is_an_error_in_its_place() {
    let mock = Mock::new(3);
    let mut inbox = mock.inbox();
    assign(&mut inbox, &[(0, 9)]);
    let error = inbox.next(PATIENCE).unwrap();
    assert_eq!(error.error(), Some(RDKafkaErrorCode::AutoOffsetReset));
    assert_eq!(error.topic(), b"t");
    assert_eq!(error.partition(), 0);
}

#[test]
fn what_a_poll_gives_wakes_whoever_waits_for_messages() {
    let mock = Mock::new(1);
    let mut inbox = mock.inbox();
    inbox.consumer().subscribe(&["t"]).unwrap();
    // The group's answer comes long before the time is over.
    let since = Instant::now();
    assert!(inbox.next(Duration::from_hours(1)).is_none());
    assert!(since.elapsed() < Duration::from_hours(1));
}
