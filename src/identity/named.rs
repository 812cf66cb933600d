//! Identifiers as they are given on the command line.

use std::str::FromStr;

use anyhow::anyhow;
use throughline_ingest::ident::Idents;
use throughline_ingest::typed::normalised;
use throughline_proto::IdentKind;

use crate::config::Settings;

/// An identifier as it was typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// What it is.
    pub kind: IdentKind,
    /// Its value.
    pub value: String,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once('=')
            .ok_or("it is given as KIND=VALUE, such as phone=+79161234567")?;
        let kinds = IdentKind::ALL.into_iter();
        let mut kinds =
            kinds.filter(|kind| !matches!(kind, IdentKind::Number | IdentKind::CostKey));
        let kind = kinds.find(|kind| kind.name() == name).ok_or(
            "the kind is one of visitor_id, user_id, phone, email, crm_contact_id, deal_id",
        )?;
        let value = value.to_owned();
        Ok(Self { kind, value })
    }
}

/// An identifier as the line knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hashed {
    /// What it is.
    pub kind: IdentKind,
    /// The value as events have it.
    pub value: String,
    /// Its keyed hashes, 32 hexadecimal digits each: one for each key that is known.
    pub hashes: Vec<String>,
}

/// Hashes identifiers as ingest does.
pub fn hashed(settings: &Settings, tenant: &str, named: &[Named]) -> anyhow::Result<Vec<Hashed>> {
    let keys = settings.identity.keys()?;
    let mut idents = Idents::new(keys, named.len());
    let region = &settings.tenants.of(tenant).phone_region;
    let hashed = |named: &Named| {
        let Named { kind, value } = named;
        let value = normalised(*kind, value, region).ok_or_else(|| {
            let name = kind.name();
            anyhow!("{name}={value} is no identifier: events that have it are as if they had none")
        })?;
        let hashes = idents.hashes(*kind, tenant, value.as_bytes());
        let hashes = std::iter::once(hashes.node).chain(hashes.previous);
        Ok(Hashed {
            kind: *kind,
            value,
            hashes: hashes.map(|hash| hash.to_string()).collect(),
        })
    };
    named.iter().map(hashed).collect()
}

impl std::fmt::Display for Hashed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.value)
    }
}
