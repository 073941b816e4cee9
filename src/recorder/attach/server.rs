//! The owner's side of the local socket: who may come in, how many, and how it ends. What is said
//! to each is in [`super::connection`].

use std::{sync::Arc, time::Duration};

use interprocess::local_socket::tokio::prelude::*;
use tokio::{
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    address::{self, Bound},
    connection::Connection,
    owner::Owner,
};
use crate::tasks::Tasks;

/// Clients served at once, one less a place kept for the next. One more waits until another leaves;
/// it gives up by its own patience.
const MAX_CLIENTS: u32 = 64;

/// The pause after the system refused a connection: out of files, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A process that records through the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// A number of its own, ascending.
    pub number: u64,
    /// Its process id, where the platform tells.
    pub pid: Option<u32>,
    /// The label of its exchanges: which `run`.
    pub run: Option<String>,
}

/// A running server. It ends by [`Server::end`] or when it is dropped, not at the *stop* of the tasks
/// it was given: who is joined is waited for, and sees the last records.
#[derive(Debug)]
pub struct Server {
    tasks: Tasks,
    ending: CancellationToken,
    clients: Arc<Semaphore>,
    joined: watch::Sender<Vec<Joined>>,
}

/// Serves the other processes of a home until [`Server::end`], or the *abort* of `tasks`.
pub fn serve(bound: Bound, owner: Arc<dyn Owner>, tasks: &Tasks) -> Server {
    let server = Server {
        tasks: tasks.child(),
        ending: CancellationToken::new(),
        clients: Arc::new(Semaphore::new(MAX_CLIENTS as usize)),
        joined: watch::Sender::new(Vec::new()),
    };
    let door = Door {
        bound,
        owner,
        tasks: server.tasks.clone(),
        ending: server.ending.clone(),
        clients: Arc::clone(&server.clients),
        joined: server.joined.clone(),
    };
    let ending = server.ending.clone();
    server.tasks.spawn(async move {
        tokio::select! {
            () = ending.cancelled() => {}
            () = door.accept() => {}
        }
    });
    server
}

impl Server {
    /// Who records through the owner right now. It waits for them before it ends.
    pub fn joined(&self) -> watch::Receiver<Vec<Joined>> {
        self.joined.subscribe()
    }

    /// Lets nobody in any more, ends feeds and listeners, gives running reads at most `grace`. The
    /// recording ends before, so that feeds have brought its last records.
    pub async fn end(self, grace: Duration) {
        self.ending.cancel();
        let everyone_left = self.clients.acquire_many(MAX_CLIENTS);
        if timeout(grace, everyone_left).await.is_err() {
            self.tasks.abort();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ending.cancel();
    }
}

/// Where clients come in.
struct Door {
    bound: Bound,
    owner: Arc<dyn Owner>,
    tasks: Tasks,
    ending: CancellationToken,
    clients: Arc<Semaphore>,
    joined: watch::Sender<Vec<Joined>>,
}

impl Door {
    async fn accept(self) {
        loop {
            // The semaphore is never closed.
            let Ok(place) = Arc::clone(&self.clients).acquire_owned().await else { return };
            let Ok(stream) = self.bound.listener.accept().await else {
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let peer = stream.peer_creds().ok().filter(address::same_user);
            let Some(peer) = peer else { continue };
            let connection = Connection {
                owner: Arc::clone(&self.owner),
                ending: self.ending.clone(),
                joined: self.joined.clone(),
                place: Arc::new(place),
                pid: peer.pid().and_then(|pid| u32::try_from(pid).ok()),
            };
            self.tasks.spawn(connection.serve(stream));
        }
    }
}
