//! Interned names of a partition: strings, tenants, dimensions and origins.
//!
//! Numbers are given in the order of the log, so the same log gives the same
//! numbers. Nothing is ever removed.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::ids::{DimId, OriginId, Source, StrId, TenantId};
use crate::rules::{Rules, TenantRules};

/// The channel of touches that come without any source.
pub const DIRECT_CHANNEL: &str = "Direct";
/// The channel of conversions without any touch.
pub const UNATTRIBUTED_CHANNEL: &str = "Unattributed";
const DIRECT_SOURCE: &str = "(direct)";
const DIRECT_MEDIUM: &str = "(none)";

/// A tenant and what its figures are made by.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its name.
    pub name: Arc<str>,
    /// Its rules in this generation.
    pub rules: TenantRules,
    /// The source of a visit that names none.
    pub direct: Source,
    /// The dimension of conversions without any touch.
    pub unattributed: DimId,
}

/// What a rollup cell is keyed by beside its hour.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Dim {
    /// The tenant.
    pub tenant: TenantId,
    /// The channel by the generation's rules.
    pub channel: StrId,
    /// The source.
    pub source: StrId,
    /// The medium.
    pub medium: StrId,
    /// The campaign.
    pub campaign: StrId,
}

/// All names of a partition.
#[derive(Debug)]
pub struct Names {
    strings: Vec<Arc<str>>,
    string_ids: FxHashMap<Arc<str>, StrId>,
    tenants: Vec<Tenant>,
    tenant_ids: FxHashMap<StrId, TenantId>,
    dims: Vec<Dim>,
    dim_ids: FxHashMap<(TenantId, StrId, StrId, StrId), DimId>,
    origins: Vec<(StrId, i32)>,
    origin_ids: FxHashMap<(StrId, i32), OriginId>,
    direct_channel: StrId,
}

/// The names as they are stored: each list in the order of its numbers.
#[derive(Clone, Debug, Default)]
pub struct StoredNames {
    /// Strings, the empty one first.
    pub strings: Vec<Arc<str>>,
    /// Each tenant's name and its dimension of unattributed conversions.
    pub tenants: Vec<(StrId, DimId)>,
    /// Dimensions.
    pub dims: Vec<Dim>,
    /// Topic and partition.
    pub origins: Vec<(StrId, i32)>,
}

impl Default for Names {
    fn default() -> Self {
        let mut names = Self {
            strings: Vec::new(),
            string_ids: FxHashMap::default(),
            tenants: Vec::new(),
            tenant_ids: FxHashMap::default(),
            dims: Vec::new(),
            dim_ids: FxHashMap::default(),
            origins: Vec::new(),
            origin_ids: FxHashMap::default(),
            direct_channel: StrId::EMPTY,
        };
        names.string("");
        names.direct_channel = names.string(DIRECT_CHANNEL);
        names
    }
}

impl Names {
    /// The names of a partition that was stored.
    pub fn restore(stored: StoredNames, rules: &dyn Rules) -> Self {
        let mut names = Self::default();
        for string in stored.strings {
            names.string(&string);
        }
        let unattributed: Vec<DimId> = stored.tenants.iter().map(|(_, dim)| *dim).collect();
        for (index, dim) in stored.dims.iter().enumerate() {
            let id = DimId(index as u32);
            names.dims.push(*dim);
            // Own rules may name a channel like that of no touch.
            if !unattributed.contains(&id) {
                names
                    .dim_ids
                    .insert((dim.tenant, dim.source, dim.medium, dim.campaign), id);
            }
        }
        for (name, unattributed) in stored.tenants {
            let id = TenantId(names.tenants.len() as u32);
            names.add_tenant(id, name, unattributed, rules);
        }
        for (topic, partition) in stored.origins {
            let topic = Arc::clone(names.text(topic));
            names.origin(&topic, partition);
        }
        names
    }

    /// Finds the channel of every dimension anew, by other rules than those it
    /// was interned by.
    pub fn restate(&mut self, rules: &dyn Rules) {
        for index in 0..self.dims.len() {
            let Some(dim) = self.dims.get(index).copied() else {
                continue;
            };
            let tenant = self.tenant(dim.tenant);
            if tenant.unattributed == DimId(index as u32) {
                continue;
            }
            let [source, medium, campaign] =
                [dim.source, dim.medium, dim.campaign].map(|id| self.text(id).as_ref());
            let channel = rules.channel(&tenant.name, source, medium, campaign);
            let channel = self.string(&channel);
            if let Some(dim) = self.dims.get_mut(index) {
                dim.channel = channel;
            }
        }
    }

    /// What was interned after the given counts of strings, tenants, dimensions
    /// and origins.
    pub fn since(&self, counts: [usize; 4]) -> StoredNames {
        let [strings, tenants, dims, origins] = counts;
        StoredNames {
            strings: self.strings.get(strings..).unwrap_or_default().to_vec(),
            tenants: self
                .tenants
                .get(tenants..)
                .unwrap_or_default()
                .iter()
                .filter_map(|tenant| {
                    Some((*self.string_ids.get(&tenant.name)?, tenant.unattributed))
                })
                .collect(),
            dims: self.dims.get(dims..).unwrap_or_default().to_vec(),
            origins: self.origins.get(origins..).unwrap_or_default().to_vec(),
        }
    }

    /// How many strings, tenants, dimensions and origins there are.
    pub fn counts(&self) -> [usize; 4] {
        [
            self.strings.len(),
            self.tenants.len(),
            self.dims.len(),
            self.origins.len(),
        ]
    }

    /// The number of a string.
    pub fn string(&mut self, text: &str) -> StrId {
        if let Some(id) = self.string_ids.get(text) {
            return *id;
        }
        let id = StrId(self.strings.len() as u32);
        let text: Arc<str> = text.into();
        self.strings.push(Arc::clone(&text));
        self.string_ids.insert(text, id);
        id
    }

    /// The string of a number.
    #[expect(
        clippy::indexing_slicing,
        reason = "numbers are only made by this type"
    )]
    pub fn text(&self, id: StrId) -> &Arc<str> {
        &self.strings[id.0 as usize]
    }

    /// The number of a tenant.
    pub fn tenant_id(&mut self, name: &str, rules: &dyn Rules) -> TenantId {
        let name_id = self.string(name);
        if let Some(id) = self.tenant_ids.get(&name_id) {
            return *id;
        }
        let id = TenantId(self.tenants.len() as u32);
        let unattributed = Dim {
            tenant: id,
            channel: self.string(UNATTRIBUTED_CHANNEL),
            source: StrId::EMPTY,
            medium: StrId::EMPTY,
            campaign: StrId::EMPTY,
        };
        let unattributed_id = DimId(self.dims.len() as u32);
        self.dims.push(unattributed);
        self.add_tenant(id, name_id, unattributed_id, rules);
        id
    }

    fn add_tenant(&mut self, id: TenantId, name: StrId, unattributed: DimId, rules: &dyn Rules) {
        let text = Arc::clone(self.text(name));
        self.tenant_ids.insert(name, id);
        let rules_of_tenant = rules.tenant(&text);
        let dim = self.dim_named(id, &text, [DIRECT_SOURCE, DIRECT_MEDIUM, ""], rules);
        self.tenants.push(Tenant {
            name: text,
            rules: rules_of_tenant,
            direct: Source {
                dim,
                content: StrId::EMPTY,
                term: StrId::EMPTY,
            },
            unattributed,
        });
    }

    /// The tenant of a number.
    #[expect(
        clippy::indexing_slicing,
        reason = "numbers are only made by this type"
    )]
    pub fn tenant(&self, id: TenantId) -> &Tenant {
        &self.tenants[id.0 as usize]
    }

    /// All tenants in the order of their numbers.
    pub fn tenants(&self) -> &[Tenant] {
        &self.tenants
    }

    /// A tenant's source, by its five names in the order source, medium,
    /// campaign, content, term.
    pub fn source(&mut self, tenant: TenantId, names: [&str; 5], rules: &dyn Rules) -> Source {
        let [source, medium, campaign, content, term] = names;
        let key = (
            tenant,
            self.string(source),
            self.string(medium),
            self.string(campaign),
        );
        let dim = if let Some(dim) = self.dim_ids.get(&key) {
            *dim
        } else {
            let name = Arc::clone(&self.tenant(tenant).name);
            self.dim_named(tenant, &name, [source, medium, campaign], rules)
        };
        Source {
            dim,
            content: self.string(content),
            term: self.string(term),
        }
    }

    fn dim_named(
        &mut self,
        tenant: TenantId,
        tenant_name: &str,
        [source, medium, campaign]: [&str; 3],
        rules: &dyn Rules,
    ) -> DimId {
        let channel = rules.channel(tenant_name, source, medium, campaign);
        let dim = Dim {
            tenant,
            channel: self.string(&channel),
            source: self.string(source),
            medium: self.string(medium),
            campaign: self.string(campaign),
        };
        let next = DimId(self.dims.len() as u32);
        let key = (tenant, dim.source, dim.medium, dim.campaign);
        let id = *self.dim_ids.entry(key).or_insert(next);
        if id == next {
            self.dims.push(dim);
        }
        id
    }

    /// The dimension of a number.
    #[expect(
        clippy::indexing_slicing,
        reason = "numbers are only made by this type"
    )]
    pub fn dim(&self, id: DimId) -> &Dim {
        &self.dims[id.0 as usize]
    }

    /// Whether touches of the dimension are Direct.
    pub fn is_direct(&self, id: DimId) -> bool {
        self.dim(id).channel == self.direct_channel
    }

    /// The number of a partition of a raw topic.
    pub fn origin(&mut self, topic: &str, partition: i32) -> OriginId {
        let topic = self.string(topic);
        let next = OriginId(self.origins.len() as u32);
        let id = *self.origin_ids.entry((topic, partition)).or_insert(next);
        if id == next {
            self.origins.push((topic, partition));
        }
        id
    }

    /// The topic and partition of a number.
    #[expect(
        clippy::indexing_slicing,
        reason = "numbers are only made by this type"
    )]
    pub fn origin_of(&self, id: OriginId) -> (StrId, i32) {
        self.origins[id.0 as usize]
    }
}
