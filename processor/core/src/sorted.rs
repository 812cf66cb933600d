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
            items.insert(index, item);
            true
        }
    }
}
