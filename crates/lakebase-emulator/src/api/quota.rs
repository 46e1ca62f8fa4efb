//! Checks that the effects of a change stay within the quotas (reference §7.3).

use std::collections::BTreeMap;

use crate::error::{ApiError, Result};
use crate::model::store::Object;
use crate::model::world::World;
use crate::model::{Quota, StoreEffect};
use crate::name::first_segments;

/// How much is added to each quota in each scope.
type Sums<'a> = BTreeMap<(&'static str, String), (&'a Quota, i64)>;

/// Refuses effects that exceed a quota. What they remove counts.
pub(super) fn check(world: &World, effects: &[StoreEffect]) -> Result<()> {
    let mut added = Sums::new();
    for effect in effects {
        match effect {
            StoreEffect::Put(name, object) => {
                let before = world.store.get(name);
                if let Some(before) = before {
                    count(&mut added, name, before, -1);
                }
                count(&mut added, name, object, 1);
                let comes_back = object.lives() && before.is_some_and(|before| !before.lives());
                if comes_back {
                    let inside = world.store.inside(name);
                    inside.for_each(|(name, object)| count(&mut added, name, object, 1));
                }
            }
            StoreEffect::Remove(name) => {
                let itself = world.store.get(name).map(|object| (name, object));
                let inside = world.store.inside(name);
                let present = inside.filter(|(name, _)| world.store.get(name).is_some());
                itself.into_iter().chain(present).for_each(|(name, object)| {
                    count(&mut added, name, object, -1);
                });
            }
        }
    }
    for ((what, scope), (quota, added)) in added.into_iter().filter(|(_, (_, sum))| *sum > 0) {
        let limit = (quota.limit)(&world.options.quotas);
        if present(world, quota, what, &scope) + added > size(limit) {
            return Err(ApiError::quota(limit, what));
        }
    }
    Ok(())
}

fn count(sums: &mut Sums<'_>, name: &str, object: &Object, sign: i64) {
    for quota in object.kind.quotas {
        let scope = first_segments(name, quota.segments).to_owned();
        let (_, sum) = sums.entry((quota.what, scope)).or_insert((quota, 0));
        *sum += sign * size((quota.weight)(object));
    }
}

/// How much of a quota is used.
fn present(world: &World, quota: &Quota, what: &str, scope: &str) -> i64 {
    let inside = world.store.inside(scope);
    let counted = inside.filter(|(name, object)| {
        let quotas = object.kind.quotas;
        quotas.iter().any(|quota| quota.what == what) && world.store.get(name).is_some()
    });
    counted.map(|(_, object)| size((quota.weight)(object))).sum()
}

fn size(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
