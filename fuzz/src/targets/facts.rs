//! The fold, on messages that are well formed: few nodes, few texts, and times
//! and figures at the ends of what they may be.

use throughline_processor::ProcessorError;
use throughline_proto::Ident;
use throughline_proto::events::{
    BatchWriter, Body, Call, CallAt, CallStatus, Contact, Cost, DealEvent, DealStatus, Fact,
    FactBody, Forget, Forwarded, HOURS, Hit, Key, Lease, Link, LinkForm, Linked, MAX_FIGURE,
    MOMENTS_MS, Message, Money, Origin, Place, Source, Split,
};
use throughline_proto::flat::ContentHash;

use super::processor;
use crate::input::Input;

/// 2026-03-01T00:00:00Z.
const MARCH: i64 = 1_772_323_200_000;
const TIMES: [i64; 8] = [
    *MOMENTS_MS.start(),
    0,
    MARCH,
    MARCH + 1,
    MARCH + 30 * 60_000,
    MARCH + 86_400_000,
    *MOMENTS_MS.end() - 1,
    *MOMENTS_MS.end(),
];
const FIGURES: [i64; 4] = [0, 1, 12_345, MAX_FIGURE];
const TEXTS: [&str; 4] = ["", "a", "b", "google"];
/// At most so many messages: sums of the largest figures still fit.
const MAX_MESSAGES: usize = 64;

/// Messages, told by the bytes; every record of them is applied.
pub fn fold(data: &[u8]) {
    let mut input = Choices(Input::new(data));
    let mut records = vec![BatchWriter::default()];
    let mut left = MAX_MESSAGES;
    while !input.0.rest().is_empty() && left > 0 {
        left -= 1;
        if input.of(8) == 0 {
            records.push(BatchWriter::default());
        }
        let (tenant, to) = (input.of(2) as u32, input.ident());
        let body = input.body();
        if let Some(record) = records.last_mut() {
            record.push(&Message { tenant, to, body });
        }
    }
    let finish = |mut record: BatchWriter| {
        for tenant in ["default", "other"] {
            record.tenants.push(&tenant);
        }
        for source in TEXTS {
            record.sources.push(&Source {
                source,
                medium: "cpc",
                ..Source::default()
            });
        }
        let (topic, partition) = ("web", 0);
        record.origins.push(&Origin { topic, partition });
        record.finish(3)
    };
    // Between the records of messages persons who were erased may be forgotten.
    let purges = input.of(2) == 1;
    let values = records.into_iter().map(finish);
    let values = values.flat_map(|value| {
        let purge = purges.then(throughline_processor::purge::encode);
        std::iter::once(value).chain(purge)
    });
    let values: Vec<_> = values.collect();
    let values: Vec<_> = values.iter().map(Vec::as_slice).collect();
    match processor::apply(&values) {
        Ok(()) | Err(ProcessorError::Garbled { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

/// An input, read as choices.
struct Choices<'a>(Input<'a>);

impl Choices<'_> {
    fn of(&mut self, count: usize) -> usize {
        usize::from(self.0.byte()) % count
    }

    fn among<T: Copy, const N: usize>(&mut self, values: [T; N]) -> T {
        values[self.of(N)]
    }

    fn perhaps<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.of(2) == 1).then(|| value(self))
    }

    /// Some live in the partition, some in the other one.
    fn ident(&mut self) -> Ident {
        let number = self.of(6) as u128;
        Ident(number << 120 | (number % 3) << 8 | number)
    }

    fn key(&mut self) -> Key<'static> {
        Key {
            at: self.among(TIMES),
            id: self.among(TEXTS),
            content: ContentHash(self.of(2) as u64),
        }
    }

    fn money(&mut self) -> Money {
        Money {
            currency: *self.among([b"RUB", b"USD", b"JPY", b"???"]),
            minor: self.among(FIGURES),
        }
    }

    fn date(&mut self) -> i32 {
        self.among([i32::MIN, 0, 20_513, i32::MAX])
    }

    fn source(&mut self) -> u32 {
        self.of(4) as u32
    }

    fn body(&mut self) -> Body<'static> {
        match self.of(12) {
            0 => Body::Link(self.link()),
            1 => Body::Shortcut(self.ident()),
            2 => Body::Forwarded(Forwarded {
                via: self.perhaps(Self::ident),
                hops: self.among([0, 1, 2, u32::MAX]),
                fact: self.fact(),
            }),
            3 => Body::Call(CallAt {
                caller: self.ident(),
                fact: self.fact(),
            }),
            4 => Body::Lease(Lease {
                key: self.key(),
                until: self.among([i64::MIN, MARCH, MARCH + 7 * 86_400_000, i64::MAX]),
                visitor: self.ident(),
            }),
            5 => Body::Cost(Cost {
                key: self.key(),
                source: self.source(),
                date: self.date(),
                hour: self.perhaps(|choices| choices.among([0, 23, 255])),
                first_hour: self.among([*HOURS.start(), 0, 492_312, *HOURS.end()]),
                hours: self.among([1, 23, 24, 25]),
                cost: self.money(),
                impressions: self.among(FIGURES),
                clicks: self.among(FIGURES),
            }),
            6 => Body::Answer(self.link()),
            7 => Body::Join(self.ident()),
            8 => Body::Close(self.ident()),
            11 => Body::Forget(Forget {
                until: self.key().at,
                stays: self.of(2) == 1,
            }),
            _ => Body::Fact(self.fact()),
        }
    }

    fn form(&mut self) -> LinkForm {
        self.among([LinkForm::Taken, LinkForm::Alias, LinkForm::Refused])
    }

    fn link(&mut self) -> Link {
        Link {
            other: self.ident(),
            form: self.form(),
        }
    }

    fn fact(&mut self) -> Fact<'static> {
        Fact {
            key: self.key(),
            place: self.perhaps(|choices| Place {
                origin: 0,
                offset: choices.among([0, i64::MAX]),
            }),
            body: self.fact_body(),
        }
    }

    fn fact_body(&mut self) -> FactBody<'static> {
        match self.of(12) {
            0 => FactBody::Member(self.ident()),
            8 => FactBody::Linked(Linked {
                high: self.ident(),
                low: self.ident(),
                form: self.form(),
            }),
            9 => FactBody::Split(Split {
                one: self.ident(),
                other: self.perhaps(Self::ident),
            }),
            1 => FactBody::Lead(self.ident()),
            11 => FactBody::Erased(self.ident().pseudonym()),
            2 => FactBody::Contact(Contact {
                owner: self.ident(),
                source: self.source(),
                email: self.of(2) == 1,
                kind: self.among(TEXTS),
            }),
            3 => FactBody::Call(self.call()),
            4 | 5 => FactBody::Deal(self.deal()),
            _ => FactBody::Hit(Hit {
                visitor: self.ident(),
                source: self.perhaps(Self::source),
                lead: self.of(2) == 1,
                run_ms: self.among([0, 1, 1_800_000, 315_537_897_599_999]),
            }),
        }
    }

    fn call(&mut self) -> Call<'static> {
        Call {
            owner: self.ident(),
            outbound: self.of(2) == 1,
            status: self.among([CallStatus::Answered, CallStatus::Missed]),
            dialed_number: self.among(TEXTS),
            wait_seconds: self.perhaps(|choices| choices.among([i64::MIN, i64::MAX])),
            talk_seconds: None,
            manager_id: "",
            recording_url: "",
            quality_score: self.perhaps(|choices| choices.among([0, u32::MAX])),
            source: self.source(),
            lease: None,
            ambiguous: self.of(2) == 1,
        }
    }

    fn deal(&mut self) -> DealEvent<'static> {
        DealEvent {
            deal: self.ident(),
            deal_id: self.among(TEXTS),
            status: self.among([
                DealStatus::Created,
                DealStatus::StageChanged,
                DealStatus::Won,
                DealStatus::Won,
                DealStatus::Lost,
                DealStatus::Refunded,
            ]),
            stage: self.perhaps(|choices| choices.among(TEXTS)),
            pipeline: None,
            amount: self.perhaps(Self::money),
            cost: self.perhaps(Self::money),
            refund: self.perhaps(Self::money),
            manager_id: None,
            date: self.date(),
        }
    }
}
