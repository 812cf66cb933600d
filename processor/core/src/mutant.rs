//! Deliberate faults, by which the simulator shows that it would find such ones. Compiled with the feature `mutants`
//! only, which nothing but its tests asks for, and without effect until a thread switches one on.

use std::cell::Cell;

/// A deliberate fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mutant {
    /// Credits are not computed again when only a milestone changed: a lead, the creation of a deal.
    NoMilestones,
    /// Credits are not computed again when only the deal won before changed.
    NoPreviousConversion,
    /// A shortcut is taken wherever it leads.
    AnyShortcut,
    /// A link that one end refused does not make the other one partner more.
    RefusedIsNobody,
    /// What was split does not move with the journey.
    SplitStays,
    /// That somebody is erased does not move with the journey.
    ErasedStays,
    /// Of all who are erased with a person it is said at once, and for good.
    ErasedAtOnce,
    /// Of a deal's events only those are news that change its latest state.
    StateAlone,
    /// A hit before the creation of a deal that is not won changes nothing of the deal.
    OnlyWonDealsLook,
}

thread_local! {
    static ACTIVE: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// Switches a fault on for this thread, or the present one off.
pub fn switch(mutant: Option<Mutant>) {
    ACTIVE.set(mutant);
}

/// Whether the fault is on.
pub(crate) fn is(mutant: Mutant) -> bool {
    ACTIVE.get() == Some(mutant)
}
