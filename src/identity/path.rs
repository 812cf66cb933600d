//! What makes two identifiers one client: the shortest chain of links.

use std::collections::{BTreeMap, VecDeque};

use throughline_sink::identities::Link;

/// The identifiers on the shortest way from one of `from` to one of `to` over
/// links that count; empty when there is none.
pub fn shortest(links: &[Link], from: &[String], to: &[String]) -> Vec<String> {
    let mut partners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for link in links.iter().filter(|link| link.state == "counts") {
        let (one, other) = (link.identifier.as_str(), link.other_identifier.as_str());
        partners.entry(one).or_default().push(other);
        partners.entry(other).or_default().push(one);
    }
    let mut before: BTreeMap<&str, Option<&str>> =
        from.iter().map(|start| (start.as_str(), None)).collect();
    let mut waiting: VecDeque<&str> = from.iter().map(String::as_str).collect();
    while let Some(at) = waiting.pop_front() {
        if to.iter().any(|end| end == at) {
            let mut way = vec![at.to_owned()];
            let mut at = at;
            while let Some(Some(previous)) = before.get(at) {
                way.push((*previous).to_owned());
                at = previous;
            }
            way.reverse();
            return way;
        }
        for next in partners.get(at).into_iter().flatten() {
            if !before.contains_key(next) {
                before.insert(next, Some(at));
                waiting.push_back(next);
            }
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_way_takes_links_that_count() {
        let link = |one: &str, other: &str, state: &str| Link {
            identifier: one.to_owned(),
            other_identifier: other.to_owned(),
            alias: false,
            state: state.to_owned(),
        };
        let links = [
            link("b", "a", "counts"),
            link("c", "b", "counts"),
            link("d", "c", "counts"),
            link("d", "a", "split"),
            link("e", "a", "hub"),
        ];
        let way = |from: &str, to: &str| shortest(&links, &[from.to_owned()], &[to.to_owned()]);
        assert_eq!(way("a", "d"), ["a", "b", "c", "d"]);
        assert_eq!(way("a", "a"), ["a"]);
        assert!(way("a", "e").is_empty() && way("x", "a").is_empty());
    }
}
