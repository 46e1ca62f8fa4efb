//! Holds the state of the emulated workspace. The hooks of the kinds read it; only the interpreter
//! and the calls change it.

use std::collections::BTreeMap;

use fastrand::Rng;
use jiff::Timestamp;

use crate::clock::after;
use crate::model::hosts::Hosts;
use crate::model::operations::Operations;
use crate::model::stale::StaleReads;
use crate::model::store::{Object, Store};
use crate::model::{Kind, Moments, StoreEffect, Uid};
use crate::name;
use crate::options::Options;
use crate::schema::Map;

/// A password that was issued for an endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) identity: String,
    /// The name of the endpoint, and its UID: an endpoint that is created again has another one.
    pub(crate) endpoint: String,
    pub(crate) uid: Option<String>,
    /// Whether the request narrowed it to some tables.
    pub(crate) has_claims: bool,
    pub(crate) expires: Timestamp,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) kinds: &'static [&'static Kind],
    /// As they are now: rules may have been changed since the start.
    pub(crate) options: Options,
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    pub(crate) store: Store,
    pub(crate) operations: Operations,
    pub(crate) stale: StaleReads,
    /// OAuth tokens and when they expire.
    pub(crate) tokens: BTreeMap<String, Timestamp>,
    /// The passwords that were issued for endpoints.
    pub(crate) credentials: BTreeMap<String, Credential>,
    /// How the hosts of endpoints are named.
    pub(crate) hosts: Hosts,
    /// The number of each UID, in the order of their appearance.
    numbers: BTreeMap<String, u32>,
    /// The number of sessions of each endpoint, by name, that wait for an answer of PostgreSQL.
    pub(crate) busy: BTreeMap<String, usize>,
    /// The names that are being reconciled, and until when. A name may outlive its object here.
    pub(crate) settling: BTreeMap<String, Timestamp>,
    /// The number of objects that each name has had.
    pub(crate) generations: BTreeMap<String, u32>,
    /// For tokens and request IDs only: everything else is derived from names, so that it repeats
    /// from run to run whatever is read in between.
    pub(crate) random: Rng,
}

impl World {
    pub(crate) fn new(kinds: &'static [&'static Kind], options: Options, url: String) -> World {
        World {
            kinds,
            options,
            url,
            store: Store::default(),
            operations: Operations::default(),
            stale: StaleReads::default(),
            tokens: BTreeMap::new(),
            credentials: BTreeMap::new(),
            hosts: Hosts::default(),
            numbers: BTreeMap::new(),
            busy: BTreeMap::new(),
            settling: BTreeMap::new(),
            generations: BTreeMap::new(),
            random: Rng::with_seed(0),
        }
    }

    pub(crate) fn kind_of(&self, name: &str) -> Option<&'static Kind> {
        self.kinds.iter().copied().find(|kind| kind.has(name))
    }

    /// When an operation that begins now ends, and when its object has been reconciled.
    pub(crate) fn moments(&self, now: Timestamp) -> Moments {
        let ends = after(now, self.options.operation_delay);
        Moments { now, ends, settled: after(ends, self.options.settle_delay) }
    }

    /// Until when changes of this name are being reconciled.
    pub(crate) fn is_settling(&self, name: &str, now: Timestamp) -> bool {
        self.settling.get(name).is_some_and(|settled| *settled > now)
    }

    pub(crate) fn settle(&mut self, name: &str, settled: Timestamp) {
        self.settling.insert(name.to_owned(), settled);
    }

    /// A new object that is in no store yet.
    pub(crate) fn object(
        &self,
        kind: &'static Kind,
        name: &str,
        settings: Map,
        moments: &Moments,
    ) -> Object {
        let generation = self.generations.get(name).copied().unwrap_or_default();
        Object {
            kind,
            uid: uid(kind.uid, name, generation),
            created: moments.now,
            updated: moments.now,
            spec: Map::new(),
            timeline: (kind.hooks.timeline)(&self.options, moments, &settings, true),
            settings,
            deleted: None,
            gone: None,
            implied: false,
            unreadable: false,
        }
    }

    /// An object that is there for as long as its parent, and that no change has given settings.
    pub(crate) fn standing(&self, store: &Store, name: &str, now: Timestamp) -> Option<Object> {
        let kind = self.kind_of(name).filter(|kind| kind.hooks.is_always_there)?;
        store.live(name::parent(name)?)?;
        Some(self.object(kind, name, Map::new(), &self.moments(now)))
    }

    /// An object to be changed behind everybody's back, made to last if it is there for as long as its
    /// parent.
    pub(crate) fn lasting(&mut self, name: &str, now: Timestamp) -> Option<&mut Object> {
        if self.store.get(name).is_none() {
            let standing = self.standing(&self.store, name, now)?;
            self.store.insert(name.to_owned(), standing);
        }
        self.store.get_mut(name)
    }

    /// Applies what a change does. Nothing fails here: every check comes before.
    pub(crate) fn apply(&mut self, effects: Vec<StoreEffect>) {
        for effect in effects {
            match effect {
                StoreEffect::Put(name, object) => {
                    if self.store.get(&name).is_none_or(|old| old.uid != object.uid) {
                        *self.generations.entry(name.clone()).or_default() += 1;
                    }
                    if let Some(uid) = &object.uid {
                        number(&mut self.numbers, uid);
                    }
                    self.store.insert(name, *object);
                }
                StoreEffect::Remove(name) => self.store.remove(&name),
            }
        }
    }

    /// Lets time pass.
    pub(crate) fn sweep(&mut self, now: Timestamp) {
        self.store.sweep(now, &self.options);
        self.settling.retain(|_, settled| *settled > now);
        self.tokens.retain(|_, expires| *expires > later_by_a_day(now));
        self.credentials.retain(|_, credential| credential.expires > later_by_a_day(now));
    }

    /// Gives each UID of the store a number.
    pub(crate) fn number_all(&mut self) {
        for (_, object) in self.store.inside("") {
            if let Some(uid) = &object.uid {
                number(&mut self.numbers, uid);
            }
        }
    }

    /// The number of a UID.
    pub(crate) fn number(&self, uid: &str) -> u32 {
        self.numbers.get(uid).copied().unwrap_or_default()
    }

    /// The object that contains this one.
    pub(crate) fn parent(&self, name: &str) -> Option<&Object> {
        name::parent(name).and_then(|parent| self.store.live(parent))
    }

    /// A random UUID.
    pub(crate) fn uuid(&mut self) -> String {
        uuid(&mut self.random)
    }
}

fn number(numbers: &mut BTreeMap<String, u32>, uid: &str) {
    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    numbers.entry(uid.to_owned()).or_insert(next);
}

/// Expired tokens are remembered for a day, so that their refusal can name the reason.
fn later_by_a_day(now: Timestamp) -> Timestamp {
    crate::clock::later(now, jiff::SignedDuration::from_hours(-24))
}

/// Random numbers that depend on a text alone (FNV-1a).
pub(crate) fn random_by(text: &str) -> Rng {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    Rng::with_seed(text.bytes().fold(0xcbf2_9ce4_8422_2325, mix))
}

fn uid(form: Uid, name: &str, generation: u32) -> Option<String> {
    let mut random = random_by(&format!("{name}#{generation}"));
    match form {
        Uid::None => None,
        Uid::Random => Some(uuid(&mut random)),
        Uid::Words(prefix) => Some(words(&mut random, prefix)),
    }
}

/// A UUID of these random numbers.
pub(crate) fn uuid(random: &mut Rng) -> String {
    uuid::Builder::from_random_bytes(random.u128(..).to_be_bytes()).into_uuid().to_string()
}

fn words(random: &mut Rng, prefix: &str) -> String {
    let first = ["amber", "bold", "calm", "dry", "early", "fair", "green", "quiet"];
    let second = ["brook", "cloud", "dune", "field", "lake", "moon", "reef", "tree"];
    format!(
        "{prefix}-{}-{}-{:08x}",
        first[random.usize(..first.len())],
        second[random.usize(..second.len())],
        random.u32(..)
    )
}
