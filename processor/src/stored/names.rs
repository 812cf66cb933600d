//! Interned names: each stored once, under its number.

use std::sync::Arc;

use prost::Message;
use throughline_core::TenantId;
use throughline_core::ids::{DimId, StrId};
use throughline_core::names::{Dim, StoredNames};

use super::{Write, key, space};

#[derive(Clone, PartialEq, Message)]
struct StoredDim {
    #[prost(uint32, tag = "1")]
    tenant: u32,
    #[prost(uint32, repeated, tag = "2")]
    strings: Vec<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredPair {
    #[prost(uint32, tag = "1")]
    first: u32,
    #[prost(sint32, tag = "2")]
    second: i32,
}

/// The writes of names that came after the first `counts`.
pub fn encode_names(fresh: &StoredNames, counts: [usize; 4], writes: &mut Vec<Write>) {
    let [strings, tenants, dims, origins] = counts;
    let mut put = |space: u8, index: usize, value: Vec<u8>| {
        writes.push((key(space, &(index as u32).to_be_bytes()), Some(value)));
    };
    for (index, string) in fresh.strings.iter().enumerate() {
        put(space::STRING, strings + index, string.as_bytes().to_vec());
    }
    for (index, (name, unattributed)) in fresh.tenants.iter().enumerate() {
        let pair = StoredPair {
            first: name.0,
            second: unattributed.0 as i32,
        };
        put(space::TENANT, tenants + index, pair.encode_to_vec());
    }
    for (index, dim) in fresh.dims.iter().enumerate() {
        let strings = [dim.channel, dim.source, dim.medium, dim.campaign];
        let stored = StoredDim {
            tenant: dim.tenant.0,
            strings: strings.iter().map(|string| string.0).collect(),
        };
        put(space::DIM, dims + index, stored.encode_to_vec());
    }
    for (index, (topic, partition)) in fresh.origins.iter().enumerate() {
        let pair = StoredPair {
            first: topic.0,
            second: *partition,
        };
        put(space::ORIGIN, origins + index, pair.encode_to_vec());
    }
}

/// Reads all names; `get` reads one key of the store.
pub fn decode_names<E>(
    counts: [usize; 4],
    mut get: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, E>,
) -> Result<Result<StoredNames, String>, E> {
    let mut all = |space: u8, count: usize| -> Result<Vec<Vec<u8>>, E> {
        let mut values = Vec::with_capacity(count);
        for index in 0..count {
            values.extend(get(&key(space, &(index as u32).to_be_bytes()))?);
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
    let found = values.each_ref().map(Vec::len);
    if found != counts {
        return Ok(Err(format!(
            "{counts:?} names were stored, but {found:?} are found"
        )));
    }
    Ok(names_from(values))
}

fn names_from([strings, tenants, dims, origins]: [Vec<Vec<u8>>; 4]) -> Result<StoredNames, String> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|error| error.to_string());
    let pair = |bytes: &[u8]| StoredPair::decode(bytes).map_err(|error| error.to_string());
    Ok(StoredNames {
        strings: strings
            .into_iter()
            .map(|bytes| text(bytes).map(Arc::from))
            .collect::<Result<_, _>>()?,
        tenants: tenants
            .iter()
            .map(|bytes| pair(bytes).map(|pair| (StrId(pair.first), DimId(pair.second as u32))))
            .collect::<Result<_, _>>()?,
        dims: dims
            .iter()
            .map(|bytes| {
                let stored = StoredDim::decode(&bytes[..]).map_err(|error| error.to_string())?;
                let [channel, source, medium, campaign] = <[u32; 4]>::try_from(stored.strings)
                    .map_err(|_| "a dimension without four names")?
                    .map(StrId);
                Ok::<_, String>(Dim {
                    tenant: TenantId(stored.tenant),
                    channel,
                    source,
                    medium,
                    campaign,
                })
            })
            .collect::<Result<_, _>>()?,
        origins: origins
            .iter()
            .map(|bytes| pair(bytes).map(|pair| (StrId(pair.first), pair.second)))
            .collect::<Result<_, _>>()?,
    })
}
