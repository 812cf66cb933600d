use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::mocking::MockCluster;

use super::*;

/// A client that has no broker at all, as one that has lost them.
fn stranded() -> BaseConsumer<Context> {
    let mut config = ClientConfig::new();
    config.set("group.id", "stranded");
    BaseConsumer::from_config_and_context(&config, Context::new("stranded")).unwrap()
}

fn lifeline(brokers: String, patience: Duration) -> Lifeline {
    Lifeline {
        brokers,
        since: None,
        patience,
    }
}

fn finds_kafka(consumer: &BaseConsumer<Context>) -> bool {
    let answer = consumer.fetch_metadata(Some("topic"), Duration::from_secs(10));
    answer.is_ok_and(|metadata| !metadata.brokers().is_empty())
}

#[test]
fn a_client_without_a_broker_finds_kafka_again() {
    let kafka = MockCluster::new(1).unwrap();
    kafka.create_topic("topic", 1, 1).unwrap();
    for pull in [
        (|lifeline, client| lifeline.idle(client, "topic")) as fn(&mut Lifeline, &Client<_>),
        |lifeline, client| lifeline.silent(client),
    ] {
        let consumer = stranded();
        let mut lifeline = lifeline(kafka.bootstrap_servers(), Duration::ZERO);
        pull(&mut lifeline, consumer.client());
        assert!(finds_kafka(&consumer));
    }
}

#[test]
fn brokers_are_named_ever_more_seldom_until_something_is_heard() {
    let consumer = stranded();
    // Port 1 answers nobody.
    let mut lifeline = lifeline("127.0.0.1:1".into(), FIRST);
    lifeline.silent(consumer.client());
    assert_eq!(lifeline.patience, FIRST, "it has only begun to wait");
    for _ in 0..10 {
        lifeline.name_brokers(consumer.client());
    }
    assert_eq!(lifeline.patience, LONGEST);
    lifeline.heard();
    assert_eq!(lifeline.patience, FIRST);
    assert_eq!(lifeline.since, None);
}

#[test]
fn who_is_connected_is_merely_idle() {
    let kafka = MockCluster::new(1).unwrap();
    kafka.create_topic("topic", 1, 1).unwrap();
    let consumer = stranded();
    add_brokers(consumer.client(), &kafka.bootstrap_servers());
    // The first answer is that of a broker known by its address alone, who
    // is let go for the same one by its number.
    assert!(finds_kafka(&consumer) && finds_kafka(&consumer));
    let mut lifeline = lifeline(kafka.bootstrap_servers(), Duration::ZERO);
    lifeline.idle(consumer.client(), "topic");
    assert_eq!(lifeline.since, None, "taken for stranded");
}

/// A broker of old that tells of itself and of one topic, until it is fenced:
/// then it tells of the topic alone.
struct Broker {
    port: u16,
    is_fenced: AtomicBool,
}

impl Broker {
    fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let broker = Arc::new(Self {
            port: listener.local_addr().unwrap().port(),
            is_fenced: AtomicBool::new(false),
        });
        let answering = Arc::clone(&broker);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let broker = Arc::clone(&answering);
                // It ends when the client closes its connection.
                std::thread::spawn(move || broker.answer(client.unwrap()));
            }
        });
        broker
    }

    fn answer(&self, mut client: TcpStream) -> std::io::Result<()> {
        const METADATA: [u8; 4] = [0, 3, 0, 0];
        loop {
            let mut size = [0; 4];
            client.read_exact(&mut size)?;
            let mut request = vec![0; i32::from_be_bytes(size) as usize];
            client.read_exact(&mut request)?;
            let (kind, rest) = request.split_at(4);
            if kind != METADATA {
                continue;
            }
            // What tells the answer from others.
            let mut answer = rest[..4].to_vec();
            if self.is_fenced.load(Ordering::SeqCst) {
                answer.extend(0_i32.to_be_bytes());
            } else {
                answer.extend([0, 0, 0, 1, 0, 0, 0, 1]);
                text(&mut answer, "127.0.0.1");
                answer.extend(i32::from(self.port).to_be_bytes());
            }
            answer.extend([0, 0, 0, 1, 0, 0]);
            text(&mut answer, "topic");
            // No partitions, and then what the library's estimate of memory
            // for so short an answer needs.
            answer.extend([0; 1000]);
            client.write_all(&(answer.len() as i32).to_be_bytes())?;
            client.write_all(&answer)?;
        }
    }
}

fn text(answer: &mut Vec<u8>, text: &str) {
    answer.extend((text.len() as i16).to_be_bytes());
    answer.extend(text.as_bytes());
}

/// Without the lifeline one of ten or so clients would ask nobody any more.
#[test]
fn no_client_is_lost_by_a_broker_that_names_none() {
    const CLIENTS: usize = 20;
    let broker = Broker::start();
    let address = format!("127.0.0.1:{}", broker.port);
    for client in 0..CLIENTS {
        broker.is_fenced.store(false, Ordering::SeqCst);
        let mut config = ClientConfig::new();
        config
            .set("group.id", "lost")
            .set("bootstrap.servers", &address)
            .set("api.version.request", "false")
            .set("broker.version.fallback", "0.8.2");
        let consumer: BaseConsumer<Context> =
            BaseConsumer::from_config_and_context(&config, Context::new("lost")).unwrap();
        assert!(finds_kafka(&consumer) && finds_kafka(&consumer));
        broker.is_fenced.store(true, Ordering::SeqCst);
        let fenced = consumer.fetch_metadata(Some("topic"), Duration::from_secs(10));
        assert_eq!(fenced.unwrap().brokers().len(), 0);
        broker.is_fenced.store(false, Ordering::SeqCst);
        let mut lifeline = lifeline(address.clone(), Duration::ZERO);
        let mut is_back = || {
            lifeline.patience = Duration::ZERO;
            lifeline.idle(consumer.client(), "topic");
            let answer = consumer.fetch_metadata(Some("topic"), Duration::from_secs(1));
            answer.is_ok_and(|metadata| !metadata.brokers().is_empty())
        };
        assert!((0..60).any(|_| is_back()), "client {client} is lost");
    }
}
