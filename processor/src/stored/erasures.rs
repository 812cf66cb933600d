//! What is left of erased persons.

use std::sync::Arc;

use throughline_core::partition::{Changes, KeptModels, StoredErasures};
use throughline_core::{Backing, Ident, Partition, TenantId};
use throughline_proto::flat::{Flat, Malformed};

use super::{ident_key, ident_of, space, whole};

throughline_proto::flat! {
    struct StoredModels<'a> {
        tenant: u32,
        models: Vec<&'a str>,
    }
}

/// The key of the models that kept credit is of.
const KEPT_MODELS_KEY: [u8; 1] = [space::KEPT_MODELS];

/// The key of an erased identifier's pseudonym; its value is the moment of the
/// newest fact that was forgotten.
fn erased_key(pseudonym: Ident) -> [u8; 17] {
    ident_key(space::ERASED, pseudonym)
}

/// The key of a root whose journey has facts that wait to be forgotten.
fn awaiting_key(root: Ident) -> [u8; 17] {
    ident_key(space::AWAITING, root)
}

/// Hands over what changed of it: keys with what writes their values, and keys
/// that go.
pub fn encode_erasures<B: Backing>(
    partition: &Partition<B>,
    changes: &Changes,
    with_models: bool,
    put: &mut impl FnMut(&[u8], &dyn Fn(&mut Vec<u8>)),
    removed: &mut Vec<Vec<u8>>,
) {
    for pseudonym in &changes.erased {
        if let Some(until) = partition.erased_until(*pseudonym) {
            put(&erased_key(*pseudonym), &|out| until.put(out));
        }
    }
    for root in &changes.awaiting {
        if partition.awaits_purge(*root) {
            put(&awaiting_key(*root), &|_| {});
        } else {
            removed.push(awaiting_key(*root).to_vec());
        }
    }
    if with_models {
        let models = partition.kept_models();
        put(&KEPT_MODELS_KEY, &|out| encode_models(models, out));
    }
}

fn encode_models(models: &KeptModels, out: &mut Vec<u8>) {
    let models = models.iter().map(|(tenant, models)| StoredModels {
        tenant: tenant.0,
        models: models.iter().map(AsRef::as_ref).collect(),
    });
    models.collect::<Vec<_>>().put(out);
}

fn decode_models(value: &[u8]) -> Result<KeptModels, Malformed> {
    let stored: Vec<StoredModels<'_>> = whole(value)?;
    let models = stored.into_iter().map(|of| {
        let models = of.models.into_iter().map(Arc::from).collect();
        (TenantId(of.tenant), models)
    });
    Ok(models.collect())
}

/// Reads all of it. `keys` lists the keys that begin with a byte, `get` reads
/// the value of one.
pub fn decode_erasures<E>(
    keys: impl Fn(u8) -> Result<Vec<Vec<u8>>, E>,
    get: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, E>,
) -> Result<Result<StoredErasures, Malformed>, E> {
    let mut until = Vec::new();
    for key in keys(space::ERASED)? {
        let value = get(&key)?.unwrap_or_default();
        until.push((ident_of(&key), whole::<i64>(&value)));
    }
    let awaiting = keys(space::AWAITING)?;
    let models = get(&KEPT_MODELS_KEY)?;
    let read = || {
        let ident = |ident: Option<Ident>| ident.ok_or(Malformed("a key of another length"));
        let until = until.into_iter().map(|(key, at)| Ok((ident(key)?, at?)));
        let awaiting = awaiting.iter().map(|key| ident(ident_of(key)));
        Ok(StoredErasures {
            until: until.collect::<Result<_, Malformed>>()?,
            awaiting: awaiting.collect::<Result<_, Malformed>>()?,
            models: models.map_or(Ok(KeptModels::new()), |value| decode_models(&value))?,
        })
    };
    Ok(read())
}
