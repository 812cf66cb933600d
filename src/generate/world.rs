//! The tenants' simulations together, in the order of arrival.

use super::outbox::Parcel;
use super::plan::{Order, plans};
use super::simulation::Simulation;

/// The records of all tenants.
pub struct World {
    tenants: Vec<(Option<Parcel>, Simulation)>,
}

impl World {
    /// What an order describes.
    pub fn new(order: &Order) -> Self {
        let tenants = plans(order)
            .into_iter()
            .map(|plan| {
                let mut simulation = Simulation::new(plan);
                (simulation.next(), simulation)
            })
            .collect();
        Self { tenants }
    }

    /// The tenants' simulations, the default one first.
    pub fn simulations(&self) -> impl Iterator<Item = &Simulation> {
        self.tenants.iter().map(|(_, simulation)| simulation)
    }
}

impl Iterator for World {
    type Item = Parcel;

    fn next(&mut self) -> Option<Parcel> {
        let waiting = self.tenants.iter().enumerate();
        let (_, first) = waiting
            .filter_map(|(index, (parcel, _))| Some((parcel.as_ref()?.arrival, index)))
            .min()?;
        let (parcel, simulation) = &mut self.tenants[first];
        std::mem::replace(parcel, simulation.next())
    }
}
