//! Keeps one data directory and its server: made when it is first needed, started and stopped as its
//! endpoints wake and suspend, and copied while it runs.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use tokio::task::spawn_blocking;

use super::cluster::{Cluster, Server};
use super::sql;
use super::wanted::Contents;

/// A data directory, if there is one yet, and its server, if it runs.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    pub(crate) cluster: Option<Cluster>,
    server: Option<Server>,
    /// What the server was started with.
    connections: usize,
    /// What the API's objects were when they were last applied.
    pub(crate) applied: Contents,
    /// The settings that were asked for last, and those of them that the server's file has.
    settings: BTreeMap<String, String>,
    in_file: BTreeMap<String, String>,
    /// Why there is no data, although there should be.
    pub(crate) failure: Option<String>,
    /// Whether its branch or endpoint no longer exists.
    pub(crate) is_gone: bool,
}

/// What a server is to be like.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) connections: usize,
    pub(crate) settings: BTreeMap<String, String>,
    /// `None` for a replica, whose contents are those of its source.
    pub(crate) contents: Option<Contents>,
    /// Further settings of the command line.
    pub(crate) extra: Vec<String>,
}

impl Unit {
    pub(crate) fn runs(&mut self) -> bool {
        self.server.as_mut().is_some_and(Server::runs)
    }

    /// Lets the server run as wished. Returns what PostgreSQL refused of it.
    pub(crate) async fn run(&mut self, wish: &Wish) -> Result<Vec<String>, String> {
        if self.connections != wish.connections {
            self.stop().await;
        }
        self.start(wish).await?;
        let socket = self.directory()?;
        let mut failures = Vec::new();
        if let Some(contents) = &wish.contents
            && *contents != self.applied
        {
            failures = sql::reconcile(&socket, &self.applied, contents).await?;
            self.applied = contents.clone();
        }
        if self.settings != wish.settings {
            let done = sql::apply_settings(&socket, &self.in_file, &wish.settings).await?;
            failures.extend(done.0);
            self.settings.clone_from(&wish.settings);
            self.in_file.clone_from(&wish.settings);
            if done.1 {
                self.stop().await;
                self.start(wish).await?;
            }
            if self.in_file.is_empty() && !self.settings.is_empty() {
                failures.push("PostgreSQL does not start with these settings".to_owned());
            }
        }
        Ok(failures)
    }

    async fn start(&mut self, wish: &Wish) -> Result<(), String> {
        if self.runs() {
            return Ok(());
        }
        let cluster = self.cluster.clone().ok_or("there is no data directory")?;
        let mut started = cluster.start(wish.connections, &wish.extra).await;
        if started.is_err() && !self.in_file.is_empty() {
            // Settings that PostgreSQL accepts can still keep it from starting.
            self.in_file.clear();
            let _ = cluster.write("postgresql.auto.conf", "");
            started = cluster.start(wish.connections, &wish.extra).await;
        }
        self.server = Some(started?);
        self.connections = wish.connections;
        Ok(())
    }

    pub(crate) async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }

    /// Ends the server at once, and removes the data.
    pub(crate) async fn remove(&mut self) {
        self.server = None;
        self.applied = Contents::default();
        self.settings.clear();
        self.in_file.clear();
        if let Some(cluster) = self.cluster.take() {
            let _ = spawn_blocking(move || fs::remove_dir_all(cluster.directory)).await;
        }
    }

    /// Copies the data as it is now into an empty directory. Sessions go on meanwhile.
    pub(crate) async fn copy_to(&mut self, directory: PathBuf) -> Result<Cluster, String> {
        let source = self.cluster.clone().ok_or("there is no data directory")?;
        let copy = Cluster { directory, ..source.clone() };
        let (to, from) = (copy.clone(), source.clone());
        if !self.runs() {
            return blocking(move || {
                to.copy_from(&from)?;
                to.copy_wal_from(&from, "")
            })
            .await
            .map(|()| copy);
        }
        // The backup mode of PostgreSQL ends with the session.
        let client = sql::connect(&source.directory, "postgres").await?;
        sql::run(&client, "SELECT pg_backup_start('branch', true)").await?;
        blocking(move || to.copy_from(&from)).await?;
        let label = sql::end_backup(&client).await?;
        // The WAL from the start to the end of the backup makes the copy consistent.
        let (to, from) = (copy.clone(), source);
        let first = first_segment(&label).unwrap_or_default().to_owned();
        blocking(move || {
            to.copy_wal_from(&from, &first)?;
            to.write("backup_label", &label)
        })
        .await?;
        Ok(copy)
    }

    /// The directory of the socket.
    pub(crate) fn directory(&self) -> Result<PathBuf, String> {
        let cluster = self.cluster.as_ref().ok_or("there is no data directory")?;
        Ok(cluster.directory.clone())
    }

    /// The settings in the server's file.
    pub(crate) fn settings_in_file(&self) -> &BTreeMap<String, String> {
        &self.in_file
    }

    /// Takes over what was applied to the data that was copied.
    pub(crate) fn inherit(
        &mut self,
        cluster: Cluster,
        applied: Contents,
        settings: BTreeMap<String, String>,
    ) {
        self.cluster = Some(cluster);
        self.applied = applied;
        self.in_file.clone_from(&settings);
        self.settings = settings;
    }
}

/// Works on files in another thread.
async fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<(), String> {
    let done = spawn_blocking(work).await.map_err(io::Error::other).flatten();
    done.map_err(|error| format!("the data could not be copied: {error}"))
}

/// The name of the WAL segment that a backup begins in.
fn first_segment(label: &str) -> Option<&str> {
    label.lines().next()?.split_once("(file ")?.1.strip_suffix(')')
}
