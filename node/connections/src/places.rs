use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Places for strangers: so many in all, and so many for one address.
#[derive(Debug)]
pub struct Places {
    most: usize,
    most_each: usize,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// One of them, taken for as long as this lives.
#[derive(Debug)]
pub struct Place {
    ip: IpAddr,
    places: Arc<Places>,
}

impl Places {
    /// So many, all free.
    pub fn new(most: usize, most_each: usize) -> Arc<Places> {
        Arc::new(Places { most, most_each, taken: Mutex::default() })
    }

    /// A place for this address, if there is one.
    pub fn enter(self: &Arc<Self>, ip: IpAddr) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let here = taken.get(&ip).copied().unwrap_or_default();
        if here >= self.most_each || all >= self.most {
            return None;
        }
        taken.insert(ip, here + 1);
        Some(Place { ip, places: Arc::clone(self) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = taken.get_mut(&self.ip) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                taken.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn of_who_is_turned_away_nothing_is_remembered() {
        let places = Places::new(256, 8);
        let enter = |at: u32| places.enter(Ipv4Addr::from(at).into());
        let taken: Vec<Place> = (0..256).filter_map(enter).collect();
        assert_eq!(taken.len(), 256);
        for stranger in 0..1_000 {
            assert!(enter(1 << 24 | stranger).is_none(), "no place is left");
        }
        let remembered = || places.taken.lock().expect("nobody panics").len();
        assert_eq!(remembered(), 256);
        drop(taken);
        assert_eq!(remembered(), 0);
        let same: Vec<Place> = (0..=8).filter_map(|_| enter(7)).collect();
        assert_eq!(same.len(), 8, "one address has so many");
        assert!(enter(8).is_some(), "and another has its own");
    }
}
