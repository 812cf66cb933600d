//! Interned names: each stored once, under its number.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use throughline_core::TenantId;
use throughline_core::ids::{DimId, StrId};
use throughline_core::names::{Dim, Names, StoredNames};
use throughline_proto::flat::{Flat, Malformed};

use super::{space, whole};

throughline_proto::flat! {
    struct StoredDim {
        tenant: u32,
        channel: u32,
        source: u32,
        medium: u32,
        campaign: u32,
    }

    struct StoredTenant {
        name: u32,
        unattributed: u32,
    }

    struct StoredOrigin {
        topic: u32,
        partition: i32,
    }
}

fn key(space: u8, index: usize) -> [u8; 5] {
    let [a, b, c, d] = (index as u32).to_be_bytes();
    [space, a, b, c, d]
}

/// Hands over the keys and values of names that came after the first `counts`.
pub fn encode_names(fresh: &StoredNames, counts: [usize; 4], mut write: impl FnMut(&[u8], &[u8])) {
    let [strings, tenants, dims, origins] = counts;
    let mut scratch = Vec::new();
    let mut put = |space: u8, index: usize, put: &dyn Fn(&mut Vec<u8>)| {
        scratch.clear();
        put(&mut scratch);
        write(&key(space, index), &scratch);
    };
    for (index, string) in fresh.strings.iter().enumerate() {
        put(space::STRING, strings + index, &|out| {
            string.as_ref().put(out);
        });
    }
    for (index, (name, unattributed)) in fresh.tenants.iter().enumerate() {
        let stored = StoredTenant {
            name: name.0,
            unattributed: unattributed.0,
        };
        put(space::TENANT, tenants + index, &|out| stored.put(out));
    }
    for (index, dim) in fresh.dims.iter().enumerate() {
        let stored = StoredDim {
            tenant: dim.tenant.0,
            channel: dim.channel.0,
            source: dim.source.0,
            medium: dim.medium.0,
            campaign: dim.campaign.0,
        };
        put(space::DIM, dims + index, &|out| stored.put(out));
    }
    for (index, (topic, partition)) in fresh.origins.iter().enumerate() {
        let stored = StoredOrigin {
            topic: topic.0,
            partition: *partition,
        };
        put(space::ORIGIN, origins + index, &|out| stored.put(out));
    }
}

/// Reads all names; `get` reads one key of the store.
pub fn decode_names<E>(
    counts: [usize; 4],
    mut get: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, E>,
) -> Result<Result<StoredNames, Malformed>, E> {
    let mut all = |space: u8, count: usize| -> Result<Vec<Vec<u8>>, E> {
        let mut values = Vec::with_capacity(count);
        for index in 0..count {
            values.extend(get(&key(space, index))?);
        }
        Ok(values)
    };
    let [strings, tenants, dims, origins] = counts;
    let values = [
        all(space::STRING, strings)?,
        all(space::TENANT, tenants)?,
        all(space::DIM, dims)?,
        all(space::ORIGIN, origins)?,
    ];
    if values.each_ref().map(Vec::len) != counts {
        return Ok(Err(Malformed("some of the names are missing")));
    }
    Ok(names_from(&values).and_then(checked))
}

fn names_from(values: &[Vec<Vec<u8>>; 4]) -> Result<StoredNames, Malformed> {
    let [strings, tenants, dims, origins] = values;
    Ok(StoredNames {
        strings: each(strings, |text: &str| Arc::from(text))?,
        tenants: each(tenants, |stored: StoredTenant| {
            (StrId(stored.name), DimId(stored.unattributed))
        })?,
        dims: each(dims, |stored: StoredDim| Dim {
            tenant: TenantId(stored.tenant),
            channel: StrId(stored.channel),
            source: StrId(stored.source),
            medium: StrId(stored.medium),
            campaign: StrId(stored.campaign),
        })?,
        origins: each(origins, |stored: StoredOrigin| {
            (StrId(stored.topic), stored.partition)
        })?,
    })
}

/// Names whose numbers are those of names that there are: a damaged one would
/// be noticed far from here, or not at all.
fn checked(names: StoredNames) -> Result<StoredNames, Malformed> {
    let strings = names.strings.len();
    let is_string = |id: &StrId| (id.0 as usize) < strings;
    let is_tenant = |id: TenantId| (id.0 as usize) < names.tenants.len();
    let is_dim = |id: DimId| (id.0 as usize) < names.dims.len();
    let tenants = |(name, unattributed): &(StrId, DimId)| is_string(name) && is_dim(*unattributed);
    let dims = |dim: &Dim| {
        is_tenant(dim.tenant)
            && [dim.channel, dim.source, dim.medium, dim.campaign]
                .iter()
                .all(is_string)
    };
    let all_known = names.tenants.iter().all(tenants)
        && names.dims.iter().all(dims)
        && names.origins.iter().all(|(topic, _)| is_string(topic));
    if !all_known {
        return Err(Malformed("a name refers to another that is not there"));
    }
    // Interning them again would give them other numbers.
    let distinct: FxHashSet<&str> = names.strings.iter().map(AsRef::as_ref).collect();
    let origins: FxHashSet<&(StrId, i32)> = names.origins.iter().collect();
    let first = Names::default().since([0; 4]).strings;
    let in_order = names.strings.starts_with(&first);
    if distinct.len() < strings || origins.len() < names.origins.len() || !in_order {
        return Err(Malformed("a name does not have its own number"));
    }
    Ok(names)
}

fn each<'a, T: Flat<'a>, U>(
    values: &'a [Vec<u8>],
    make: impl Fn(T) -> U,
) -> Result<Vec<U>, Malformed> {
    values.iter().map(|value| whole(value).map(&make)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_refer_to_nothing_are_refused() {
        let sound = || StoredNames {
            strings: [Names::default().since([0; 4]).strings, vec!["web".into()]].concat(),
            tenants: vec![(StrId(1), DimId(0))],
            dims: vec![Dim {
                tenant: TenantId(0),
                channel: StrId(0),
                source: StrId(1),
                medium: StrId(1),
                campaign: StrId(0),
            }],
            origins: vec![(StrId(1), 0)],
        };
        let breaks: [fn(&mut StoredNames); 8] = [
            |names| names.strings.truncate(1),
            |names| names.strings.push("web".into()),
            |names| names.strings.reverse(),
            |names| names.dims.clear(),
            |names| names.tenants.clear(),
            |names| names.tenants.push((StrId(0), DimId(1))),
            |names| names.origins.push((StrId(3), 0)),
            |names| names.origins.push((StrId(1), 0)),
        ];
        assert!(checked(sound()).is_ok());
        for (index, damage) in breaks.into_iter().enumerate() {
            let mut names = sound();
            damage(&mut names);
            assert!(checked(names).is_err(), "{index}");
        }
    }
}
