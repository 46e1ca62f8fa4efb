//! Lets the servers and listeners be those that the emulated workspace asks for: copies the data of
//! new branches, starts servers when endpoints wake, and stops them when they suspend.
//!
//! *Guarantees*: once [`Fleet::follow`] returns, a branch that was there when it began has the data of
//! its source as of its creation, and each running server has the roles and databases of the API.
//!
//! Start reading at [`Fleet::follow`] and [`Fleet::wake`].

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex as Locked, MutexGuard, PoisonError};

use tokio::sync::{Mutex, watch};
use tokio::task::spawn_blocking;

use super::account::Account;
use super::cluster::{ADMIN, Cluster};
use super::frames::Fatal;
use super::installation::Installations;
use super::place::Place;
use super::sessions::Sessions;
use super::sql;
use super::unit::{Unit, Wish};
use super::wanted::{self, Branch, Endpoint};
use crate::model::hosts::Purpose;
use crate::resources::endpoint;
use crate::shared::Shared;

/// Connections for the emulator itself, beside those of the endpoints.
const RESERVED: usize = 10;

/// All servers of one emulator.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) shared: Arc<Shared>,
    pub(crate) sessions: Sessions,
    installations: Installations,
    account: Option<Account>,
    /// Before the place: servers end before their files are removed.
    units: Locked<BTreeMap<String, Arc<Mutex<Unit>>>>,
    /// A directory of each version, as `initdb` leaves it.
    templates: Mutex<BTreeMap<u32, Cluster>>,
    /// What each host leads to.
    leads: Locked<BTreeMap<String, Lead>>,
    /// The branches and snapshots that are known, by UID.
    known: Mutex<BTreeSet<String>>,
    directories: AtomicU32,
    place: Place,
}

/// What a host leads to.
#[derive(Clone, Debug)]
pub(crate) struct Lead {
    /// The name of the endpoint, and its UID.
    pub(crate) endpoint: String,
    pub(crate) uid: String,
    pub(crate) purpose: Purpose,
    /// The largest number of sessions.
    pub(crate) connections: usize,
}

/// A server that is awake.
#[derive(Debug)]
pub(crate) struct Awake {
    /// The directory of its socket.
    pub(crate) directory: PathBuf,
    /// Changes when its sessions are to end.
    pub(crate) ends: watch::Receiver<()>,
}

impl Fleet {
    pub(crate) fn new(
        shared: Arc<Shared>,
        installations: Installations,
        account: Option<Account>,
        place: Place,
    ) -> Fleet {
        Fleet {
            shared,
            sessions: Sessions::default(),
            installations,
            account,
            units: Locked::default(),
            templates: Mutex::default(),
            leads: Locked::default(),
            known: Mutex::default(),
            directories: AtomicU32::new(0),
            place,
        }
    }

    /// Brings servers and data to what the workspace asks for now.
    pub(crate) async fn follow(&self) {
        let mut known = self.known.lock().await;
        let (branches, snapshots) = self.workspace();
        for (uid, source) in &snapshots {
            if known.insert(uid.clone())
                && let Some(source) = source
            {
                self.settle(uid, source, None).await;
            }
        }
        for (uid, branch) in &branches {
            if known.insert(uid.clone())
                && let Some(source) = &branch.origin
            {
                self.settle(uid, source, Some(&branch.name)).await;
            }
        }
        let endpoints = branches.values().flat_map(|branch| &branch.endpoints);
        let endpoints: BTreeSet<&str> = endpoints.map(|endpoint| endpoint.uid.as_str()).collect();
        // Sessions end before their servers, so that clients learn the reason.
        self.sessions.retain(|uid| endpoints.contains(uid));
        for (uid, unit) in self.all_units() {
            let has_data = branches.contains_key(&uid) || snapshots.contains_key(&uid);
            if !has_data && !endpoints.contains(uid.as_str()) {
                self.units().remove(&uid);
                let mut unit = unit.lock().await;
                unit.is_gone = true;
                unit.remove().await;
            }
        }
        known.retain(|uid| branches.contains_key(uid) || snapshots.contains_key(uid));
        for (uid, unit) in self.all_units() {
            if let Some(branch) = branches.get(&uid) {
                let mut unit = unit.lock().await;
                self.adjust(&uid, &branch.name, &mut unit).await;
            }
        }
        let endpoints = branches.values().flat_map(|branch| &branch.endpoints);
        let leads = endpoints.flat_map(|endpoint| {
            endpoint.hosts.iter().map(|(host, purpose)| (host.clone(), lead(endpoint, *purpose)))
        });
        *self.leads.lock().unwrap_or_else(PoisonError::into_inner) = leads.collect();
    }

    /// The hosts of all endpoints, those of each endpoint together.
    pub(crate) fn hosts(&self) -> BTreeMap<String, Vec<String>> {
        let mut hosts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (host, lead) in &*self.leads.lock().unwrap_or_else(PoisonError::into_inner) {
            hosts.entry(lead.uid.clone()).or_default().push(host.clone());
        }
        hosts
    }

    /// Gives a new branch or snapshot a copy of its source's data, if its source has any.
    async fn settle(&self, uid: &str, source: &str, branch: Option<&str>) {
        let Some(source) = self.existing(source) else { return };
        if let Err(failure) = self.copy(&source, uid, branch).await {
            complain(branch.unwrap_or(uid), &failure);
            self.unit(uid).lock().await.failure = Some(failure);
        }
    }

    async fn copy(
        &self,
        source: &Mutex<Unit>,
        uid: &str,
        branch: Option<&str>,
    ) -> Result<(), String> {
        let mut source = source.lock().await;
        if let Some(failure) = &source.failure {
            return Err(failure.clone());
        }
        if source.cluster.is_none() {
            return Ok(());
        }
        let copy = source.copy_to(self.directory()?).await?;
        let mut applied = source.applied.clone();
        if let Some(branch) = branch {
            let contents = wanted::contents(&self.shared.lock().world, branch);
            applied = sql::inherited(&applied, &contents);
        }
        let settings = source.settings_in_file().clone();
        self.unit(uid).lock().await.inherit(copy, applied, settings);
        Ok(())
    }

    /// Ends the sessions of endpoints that are suspended, stops servers that no endpoint needs, and
    /// applies changes to those that run.
    async fn adjust(&self, uid: &str, name: &str, unit: &mut Unit) {
        // As it is now that nothing wakes in between.
        let Some((branch, wish)) = self.branch(name, uid) else {
            // It is in a deleted project, which can be restored.
            return unit.stop().await;
        };
        for endpoint in branch.endpoints.iter().filter(|endpoint| !endpoint.is_awake) {
            self.sessions.end(&endpoint.uid);
            let replica = self.existing(&endpoint.uid);
            if let Some(replica) = replica {
                replica.lock().await.remove().await;
            }
        }
        if !branch.endpoints.iter().any(|endpoint| endpoint.is_awake) {
            unit.stop().await;
        } else if unit.runs() {
            match unit.run(&wish).await {
                Ok(refused) => complain_all(&branch.name, &refused),
                Err(error) => {
                    complain(&branch.name, &error);
                    // The next connection tries again.
                    return unit.stop().await;
                }
            }
            for endpoint in &branch.endpoints {
                let Some(replica) = self.existing(&endpoint.uid) else { continue };
                let mut replica = replica.lock().await;
                if replica.runs()
                    && let Err(error) =
                        self.replicate(unit, &mut replica, wish.clone(), endpoint).await
                {
                    complain(&endpoint.name, &error);
                    replica.remove().await;
                }
            }
        }
    }

    /// Wakes an endpoint for a session. From then on, [`Awake::ends`] says when it is to end.
    ///
    /// # Errors
    ///
    /// When the endpoint is another one by now, or its server does not start.
    pub(crate) async fn wake(&self, lead: &Lead) -> Result<Awake, Fatal> {
        let name = lead.endpoint.as_str();
        let gone = || Fatal::new("08004", "the endpoint no longer exists");
        let uid = self.touch(name).ok_or_else(gone)?;
        let is_known = self.known.lock().await.contains(&uid);
        if !is_known {
            self.follow().await;
        }
        let unit = self.unit(&uid);
        let mut unit = unit.lock().await;
        let parent = crate::name::parent(name).unwrap_or_default();
        let found = self.branch(parent, &uid).filter(|_| !unit.is_gone);
        let (branch, wish) = found.ok_or_else(gone)?;
        let endpoint = branch.endpoints.iter().find(|endpoint| endpoint.uid == lead.uid);
        let endpoint = endpoint.filter(|endpoint| endpoint.is_awake).ok_or_else(gone)?;
        let ends = self.sessions.gate(&endpoint.uid).ends();
        let refuse = |text: String| {
            complain(&branch.name, &text);
            Fatal::new("58000", text)
        };
        self.provide(&mut unit, &branch).await.map_err(refuse)?;
        let refused = unit.run(&wish).await.map_err(refuse)?;
        complain_all(&branch.name, &refused);
        if endpoint.writes && !lead.purpose.reads {
            return Ok(Awake { directory: unit.directory().map_err(refuse)?, ends });
        }
        let replica = self.unit(&endpoint.uid);
        let mut replica = replica.lock().await;
        self.replicate(&mut unit, &mut replica, wish, endpoint).await.map_err(refuse)?;
        Ok(Awake { directory: replica.directory().map_err(refuse)?, ends })
    }

    /// Notes that a client of an endpoint works, and by how much the number of its sessions changes
    /// that wait for an answer. Returns whether the endpoint is awake.
    pub(crate) fn work(&self, endpoint: &str, change: isize) -> bool {
        let mut service = self.shared.lock();
        let now = service.clock.now();
        let busy = service.world.busy.entry(endpoint.to_owned()).or_default();
        *busy = busy.saturating_add_signed(change);
        if *busy == 0 {
            service.world.busy.remove(endpoint);
        }
        let is_awake = endpoint::is_awake(&service.world, endpoint, now);
        if is_awake {
            endpoint::touch(&mut service.world, endpoint, now);
        }
        is_awake
    }

    /// The file with the certificate that clients may trust.
    pub(crate) fn certificate(&self) -> &Path {
        self.place.certificate()
    }

    /// What a host leads to.
    pub(crate) fn lead(&self, host: &str) -> Option<Lead> {
        self.leads.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }

    /// Notes that an endpoint is used. Returns the UID of its branch.
    fn touch(&self, name: &str) -> Option<String> {
        let mut service = self.shared.lock();
        let now = service.clock.now();
        service.world.sweep(now);
        let branch = crate::name::parent(name)?;
        endpoint::touch(&mut service.world, name, now);
        service.world.store.live(branch)?.uid.clone()
    }

    /// Makes the data directory of a branch that has none yet.
    async fn provide(&self, unit: &mut Unit, branch: &Branch) -> Result<(), String> {
        if let Some(failure) = &unit.failure {
            return Err(failure.clone());
        }
        if unit.cluster.is_some() {
            return Ok(());
        }
        let template = self.template(branch.version).await?;
        let cluster = Cluster { directory: self.directory()?, ..template.clone() };
        let to = cluster.clone();
        let copied = spawn_blocking(move || {
            to.copy_from(&template)?;
            to.copy_wal_from(&template, "")
        });
        let copied = copied.await.map_err(std::io::Error::other).flatten();
        copied.map_err(|error| format!("the data directory could not be made: {error}"))?;
        unit.cluster = Some(cluster);
        Ok(())
    }

    async fn template(&self, version: u32) -> Result<Cluster, String> {
        let mut templates = self.templates.lock().await;
        let installation = self.installations.choose(version)?.clone();
        if let Some(template) = templates.get(&installation.major) {
            return Ok(template.clone());
        }
        let account = self.account.clone();
        let cluster = Cluster { directory: self.directory()?, installation, account };
        let made = cluster.clone();
        let done = spawn_blocking(move || made.initialize()).await;
        done.map_err(|error| error.to_string())??;
        templates.insert(cluster.installation.major, cluster.clone());
        Ok(cluster)
    }

    /// Lets a replica of a branch's server run for an endpoint that only reads.
    async fn replicate(
        &self,
        source: &mut Unit,
        replica: &mut Unit,
        mut wish: Wish,
        endpoint: &Endpoint,
    ) -> Result<(), String> {
        wish.contents = None;
        // Some must not be less than those of the source.
        wish.settings.extend(endpoint.settings.clone());
        if !replica.runs() {
            // One that stood still may lack WAL that its source no longer has.
            replica.remove().await;
            let copy = source.copy_to(self.directory()?).await?;
            copy.write("standby.signal", "").map_err(|error| error.to_string())?;
            replica.inherit(copy, source.applied.clone(), source.settings_in_file().clone());
        }
        let socket = source.directory()?;
        let source = format!("host={} port=5432 user={ADMIN}", socket.display());
        wish.extra = vec![format!("primary_conninfo={source}")];
        let refused = replica.run(&wish).await?;
        complain_all(&endpoint.name, &refused);
        Ok(())
    }

    /// The branches and the snapshots, by UID.
    fn workspace(&self) -> (BTreeMap<String, Branch>, BTreeMap<String, Option<String>>) {
        let mut service = self.shared.lock();
        let now = service.clock.now();
        service.world.sweep(now);
        // An update starts the timeout again, even while a query runs.
        for endpoint in service.world.busy.keys().cloned().collect::<Vec<_>>() {
            endpoint::touch(&mut service.world, &endpoint, now);
        }
        (wanted::branches(&service.world, now), wanted::snapshots(&service.world))
    }

    /// A branch, and what its server is to be like.
    fn branch(&self, name: &str, uid: &str) -> Option<(Branch, Wish)> {
        let mut service = self.shared.lock();
        let now = service.clock.now();
        service.world.sweep(now);
        let branch = wanted::branch(&service.world, name, uid, now)?;
        let writer = branch.endpoints.iter().find(|endpoint| endpoint.writes);
        let connections: usize = branch.endpoints.iter().map(|it| it.connections).sum();
        let wish = Wish {
            connections: connections + RESERVED,
            settings: writer.map(|writer| writer.settings.clone()).unwrap_or_default(),
            contents: Some(wanted::contents(&service.world, name)),
            extra: Vec::new(),
        };
        Some((branch, wish))
    }

    fn directory(&self) -> Result<PathBuf, String> {
        let number = self.directories.fetch_add(1, Ordering::Relaxed);
        let made = self.place.directory(&number.to_string(), self.account.as_ref());
        made.map_err(|error| format!("could not make a directory for PostgreSQL: {error}"))
    }

    fn unit(&self, uid: &str) -> Arc<Mutex<Unit>> {
        Arc::clone(self.units().entry(uid.to_owned()).or_default())
    }

    fn existing(&self, uid: &str) -> Option<Arc<Mutex<Unit>>> {
        self.units().get(uid).cloned()
    }

    fn units(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Mutex<Unit>>>> {
        self.units.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all_units(&self) -> Vec<(String, Arc<Mutex<Unit>>)> {
        self.units().iter().map(|(uid, unit)| (uid.clone(), Arc::clone(unit))).collect()
    }
}

fn lead(endpoint: &Endpoint, purpose: Purpose) -> Lead {
    Lead {
        endpoint: endpoint.name.clone(),
        uid: endpoint.uid.clone(),
        purpose,
        connections: endpoint.connections,
    }
}

/// A complaint that cannot be written has no one to read it.
pub(crate) fn complain(about: &str, text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "lakebase-emulator: {about}: {text}");
}

fn complain_all(about: &str, texts: &[String]) {
    for text in texts {
        complain(about, text);
    }
}
