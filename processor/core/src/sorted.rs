//! Sets as ascending lists: small ones are smallest so, and have one order.

use std::cmp::Ordering;

/// Adds an item; tells whether it is new.
pub fn insert<T: Ord>(items: &mut Vec<T>, item: T) -> bool {
    insert_by(items, item, T::cmp)
}

/// Adds an item to a list that is in this order; tells whether it is new.
pub fn insert_by<T>(items: &mut Vec<T>, item: T, order: impl Fn(&T, &T) -> Ordering) -> bool {
    match items.binary_search_by(|held| order(held, &item)) {
        Ok(_) => false,
        Err(index) => {
            insert_at(items, index, item);
            true
        }
    }
}

/// Inserts an item, with room for few more: there are a hundred thousand such
/// lists, most of them of one item or some.
pub fn insert_at<T>(items: &mut Vec<T>, index: usize, item: T) {
    if items.len() == items.capacity() {
        items.reserve_exact(items.len() / 2 + 1);
    }
    items.insert(index, item);
}
