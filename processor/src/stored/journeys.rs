//! Journeys as they stand in the store. Web hits, of which there are most, are
//! written with time differences and without repeating their visitor; what is
//! rare is written as facts.

use throughline_core::fact::{Link, Origin, Split};
use throughline_core::journey::Journey;
use throughline_core::visit::{HitItem, Visitor};
use throughline_core::{EventKey, Ident, OriginId, TenantId};
use throughline_proto::events as wire;
use throughline_proto::flat::{ContentHash, Flat, Malformed, Reader};

use super::{StoredSource, ValueTables, source_from, stored_source};
use crate::facts::{self, ident_from_wire, ident_to_wire};

throughline_proto::flat! {
    /// A hit as it is written.
    struct StoredHit<'a> {
        after_ms: i64,
        id: &'a str,
        content: ContentHash,
        place: Option<wire::Place>,
        source: Option<StoredSource>,
        run_ms: u64,
    }

    /// A link as it is written: its ends by their places among the members.
    struct StoredLink {
        high: u32,
        low: u32,
        form: wire::LinkForm,
    }
}

/// Writes a journey.
pub fn encode(journey: &Journey, out: &mut Vec<u8>) {
    journey.tenant.0.put(out);
    journey.floor.put(out);
    (journey.members.len() as u64).put(out);
    for member in &journey.members {
        ident_to_wire(*member).put(out);
    }
    (journey.links.len() as u64).put(out);
    let mut places = Places::new(journey);
    for link in &journey.links {
        StoredLink {
            high: places.of(link.high),
            low: places.of(link.low),
            form: facts::form_to_wire(link.form),
        }
        .put(out);
    }
    let splits = journey.splits.iter().map(|split| wire::Split {
        one: ident_to_wire(split.one),
        other: split.other.map(ident_to_wire),
    });
    places.others.put(out);
    splits.collect::<Vec<_>>().put(out);
    let erased = journey.erased.iter().copied().map(ident_to_wire);
    erased.collect::<Vec<_>>().put(out);
    (journey.visitors.len() as u64).put(out);
    for visitor in &journey.visitors {
        encode_visitor(visitor, out);
    }
    let mut tables = ValueTables::default();
    let rest = facts::rare_to_wire(journey, &mut tables);
    tables.sources.put(out);
    rest.put(out);
}

/// Identifiers by number: the members first, then others in the order in which
/// they are met.
struct Places<'a> {
    members: &'a [Ident],
    others: Vec<throughline_proto::Ident>,
}

impl<'a> Places<'a> {
    fn new(journey: &'a Journey) -> Self {
        Self {
            members: &journey.members,
            others: Vec::new(),
        }
    }

    fn of(&mut self, ident: Ident) -> u32 {
        if let Ok(place) = self.members.binary_search(&ident) {
            return place as u32;
        }
        let ident = ident_to_wire(ident);
        let known = self.others.iter().position(|other| *other == ident);
        let place = known.unwrap_or_else(|| {
            self.others.push(ident);
            self.others.len() - 1
        });
        (self.members.len() + place) as u32
    }
}

fn decode_links(reader: &mut Reader<'_>, journey: &mut Journey) -> Result<(), Malformed> {
    let links: Vec<StoredLink> = reader.take()?;
    let others: Vec<throughline_proto::Ident> = reader.take()?;
    let ident = |place: u32| {
        let place = place as usize;
        let member = journey.members.get(place).copied();
        let other = || others.get(place - journey.members.len()).copied();
        let found = member.or_else(|| other().map(ident_from_wire));
        found.ok_or(Malformed("a link of an unknown identifier"))
    };
    let links = links.iter().map(|link| {
        Ok(Link {
            high: ident(link.high)?,
            low: ident(link.low)?,
            form: facts::form_from_wire(link.form),
        })
    });
    journey.links = links.collect::<Result<_, Malformed>>()?;
    let splits: Vec<wire::Split> = reader.take()?;
    let splits = splits.iter().map(|split| Split {
        one: ident_from_wire(split.one),
        other: split.other.map(ident_from_wire),
    });
    journey.splits = splits.collect();
    let erased: Vec<throughline_proto::Ident> = reader.take()?;
    journey.erased = erased.into_iter().map(ident_from_wire).collect();
    Ok(())
}

fn encode_visitor(visitor: &Visitor, out: &mut Vec<u8>) {
    ident_to_wire(visitor.ident).put(out);
    (visitor.hits.len() as u64).put(out);
    let mut previous = 0;
    for hit in &visitor.hits {
        let stored = StoredHit {
            after_ms: hit.key.at - previous,
            id: &hit.key.id,
            content: ContentHash(hit.key.content),
            place: hit.origin.map(|origin| wire::Place {
                origin: origin.partition.0,
                offset: origin.offset,
            }),
            source: hit.source.map(stored_source),
            run_ms: hit.until.saturating_sub(hit.key.at) as u64,
        };
        stored.put(out);
        previous = hit.key.at;
    }
    (visitor.leads.len() as u64).put(out);
    for lead in &visitor.leads {
        facts::key_to_wire(lead).put(out);
    }
}

/// Reads a journey; the error says what is wrong with it.
pub fn decode(reader: &mut Reader<'_>) -> Result<Journey, Malformed> {
    let mut journey = Journey::new(TenantId(reader.take()?));
    let floor = reader.take()?;
    let members: Vec<throughline_proto::Ident> = reader.take()?;
    journey.members = members.into_iter().map(ident_from_wire).collect();
    decode_links(reader, &mut journey)?;
    for _ in 0..reader.take::<u64>()? {
        journey.visitors.push(decode_visitor(reader)?);
    }
    let mut tables = ValueTables {
        sources: reader.take()?,
    };
    let rest: Vec<wire::Fact<'_>> = reader.take()?;
    for fact in &rest {
        journey.add(facts::from_wire(fact, &mut tables)?);
    }
    journey.floor = floor;
    Ok(journey)
}

fn decode_visitor(reader: &mut Reader<'_>) -> Result<Visitor, Malformed> {
    let mut visitor = Visitor::new(ident_from_wire(reader.take()?));
    let hits: Vec<StoredHit<'_>> = reader.take()?;
    let mut at = 0_i64;
    visitor.hits = hits
        .iter()
        .map(|hit| {
            at = facts::moment(at.checked_add(hit.after_ms))?;
            Ok(HitItem {
                key: EventKey {
                    at,
                    id: hit.id.into(),
                    content: hit.content.0,
                },
                origin: hit.place.map(|place| Origin {
                    partition: OriginId(place.origin),
                    offset: place.offset,
                }),
                source: hit.source.map(source_from),
                until: facts::end_of_run(at, hit.run_ms)?,
            })
        })
        .collect::<Result<_, Malformed>>()?;
    let leads: Vec<wire::Key<'_>> = reader.take()?;
    let leads = leads.iter().map(facts::key_from_wire);
    visitor.leads = leads.collect::<Result<_, _>>()?;
    Ok(visitor)
}

#[cfg(test)]
mod tests {
    use throughline_core::fact::LinkForm;
    use throughline_core::ids::{DimId, StrId};
    use throughline_core::journey::Added;
    use throughline_core::{Fact, FactBody, Source};

    use super::*;

    fn fact(at: i64, id: &str, body: FactBody) -> Fact {
        let key = EventKey {
            at,
            id: id.into(),
            content: 5,
        };
        let origin = Some(Origin {
            partition: OriginId(1),
            offset: at,
        });
        Fact { key, origin, body }
    }

    #[test]
    fn a_journey_is_read_as_it_was_written() {
        let source = Source {
            dim: DimId(3),
            content: StrId(7),
            term: StrId::EMPTY,
        };
        let visitor = Ident(9);
        let hit = |at, lead| {
            let source = (at % 2 == 0).then_some(source);
            let hit = throughline_core::fact::Hit {
                visitor,
                source,
                lead,
                until: at,
            };
            fact(
                at,
                "an id that is longer than what stands in place",
                FactBody::Hit(hit),
            )
        };
        let link = |high, low, form| {
            let (high, low) = (Ident(high), Ident(low));
            fact(0, "", FactBody::Linked(Link { high, low, form }))
        };
        let contact = throughline_core::fact::Contact {
            owner: Ident(4),
            source,
            email: true,
            kind: "email".into(),
        };
        let mut journey = Journey::new(TenantId(2));
        for fact in [
            hit(10_000_000, false),
            hit(20_000_001, true),
            fact(5, "mail", FactBody::Contact(contact)),
            fact(0, "", FactBody::Member(Ident(4))),
            link(6, 4, LinkForm::Taken),
            link(7, 5, LinkForm::Refused),
            link(8, 3, LinkForm::Alias),
            fact(
                0,
                "",
                FactBody::Split(Split {
                    one: Ident(6),
                    other: None,
                }),
            ),
            fact(0, "", FactBody::Erased(Ident(9))),
        ] {
            assert_eq!(journey.add(fact), Added::Changed);
        }
        journey.floor = Some(3);
        let mut bytes = Vec::new();
        encode(&journey, &mut bytes);
        let mut reader = Reader::new(&bytes);
        assert_eq!(decode(&mut reader), Ok(journey));
        assert_eq!(reader.end(), Ok(()));
        for length in 0..bytes.len() {
            let cut = bytes.get(..length).unwrap_or_default();
            assert!(decode(&mut Reader::new(cut)).is_err());
        }
    }
}
