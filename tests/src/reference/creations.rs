//! Under which touch each deal was created.

use super::channel::DIRECT;
use super::deals::Deal;
use super::identity::Clients;
use super::settings::Settings;
use super::time::DAY;
use super::touches::Touch;
use super::views::client_of_deal;

/// For each deal in turn the touch under which it was created: its client's latest that is not Direct; without one its
/// latest. What came after the creation does not count, nor what is older than the lookback window.
pub fn touches<'a>(
    deals: &[Deal<'_>],
    touches: &'a [Touch<'a>],
    clients: &Clients<'_>,
    settings: &Settings,
) -> Vec<Option<&'a Touch<'a>>> {
    let of_deal = |deal: &Deal<'_>| {
        let client = client_of_deal(deal, clients);
        let oldest = deal.created_at - settings.tenant(deal.tenant).lookback_days * DAY;
        let counts = |touch: &&Touch<'_>| {
            touch.client == client && oldest <= touch.at && touch.at <= deal.created_at
        };
        let candidates = touches.iter().filter(counts);
        candidates.max_by_key(|touch| (touch.channel != DIRECT, touch.at, &touch.id))
    };
    deals.iter().map(of_deal).collect()
}
