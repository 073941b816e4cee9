//! Leaves: for every host a certificate of our own, and the server configurations that show it.
//!
//! One key a host, so that a leaf that leaks is worth one host. Minting costs 0.1 ms and happens
//! once a host; a leaf is made anew when two thirds of its life are over.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rcgen::KeyPair;
use rustls::{
    ServerConfig,
    crypto::ring::Ticketer,
    pki_types::PrivatePkcs8KeyDer,
    server::{NoServerSessionStorage, ProducesTickets},
    sign::{CertifiedKey, SingleCertAndKey},
};

use super::{
    authority::Authority,
    host::{BadHost, Host},
    mint, provider,
};
use crate::{capture::Timestamp, clock};

/// How many hosts keep their leaf. When full, the host that was not asked for longest gives way:
/// its next client gets a new leaf.
const MAX_HOSTS: usize = 1_000;

/// How many configurations a host keeps, one for each protocol agreed on. When full, further ones
/// are made for each connection.
const MAX_CONFIGS: usize = 4;

/// The leaves of one authority. Shared in an `Arc` by all connections.
pub struct Leaves {
    authority: Arc<Authority>,
    /// Stateless tickets, so that resuming costs no memory. rustls resumes only under the same SNI.
    tickets: Option<Arc<dyn ProducesTickets>>,
    /// Held for a lookup only, never while minting.
    hosts: Mutex<Hosts>,
}

#[derive(Default)]
struct Hosts {
    slots: HashMap<Host, Slot>,
    /// Counts the lookups: the age of a slot's last one.
    lookups: u64,
}

struct Slot {
    last_used: u64,
    /// Held while minting: who asks for the same host meanwhile waits and gets the same leaf.
    leaf: Arc<Mutex<Option<Leaf>>>,
}

struct Leaf {
    certified: Arc<CertifiedKey>,
    renew_at: Timestamp,
    configs: Vec<(Option<Vec<u8>>, Arc<ServerConfig>)>,
}

impl Leaves {
    /// Nothing is minted before somebody asks.
    pub fn new(authority: Arc<Authority>) -> Self {
        // Without tickets every connection does a whole handshake, nothing worse.
        let tickets = Ticketer::new().ok();
        Self { authority, tickets, hosts: Mutex::default() }
    }

    /// How to answer a client that asked for `host` (a name or an address, no port), with exactly
    /// the agreed protocol, or none.
    ///
    /// # Errors
    ///
    /// [`LeafError`], for what is no host or if the system gives no random numbers.
    pub fn server_config(
        &self,
        host: &str,
        alpn: Option<&[u8]>,
    ) -> Result<Arc<ServerConfig>, LeafError> {
        self.server_config_at(&Host::parse(host)?, alpn, clock::now())
    }

    fn server_config_at(
        &self,
        host: &Host,
        alpn: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Arc<ServerConfig>, LeafError> {
        let slot = lock(&self.hosts).slot(host);
        let mut slot = lock(&slot);
        let leaf = match slot.take() {
            Some(leaf) if now < leaf.renew_at => leaf,
            _ => Leaf::mint(&self.authority, host, now)?,
        };
        let leaf = slot.insert(leaf);
        if let Some((_, config)) = leaf.configs.iter().find(|(kept, _)| kept.as_deref() == alpn) {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(self.config(&leaf.certified, alpn)?);
        if leaf.configs.len() < MAX_CONFIGS {
            leaf.configs.push((alpn.map(<[u8]>::to_vec), Arc::clone(&config)));
        }
        Ok(config)
    }

    fn config(
        &self,
        certified: &Arc<CertifiedKey>,
        alpn: Option<&[u8]>,
    ) -> Result<ServerConfig, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(certified))));
        config.alpn_protocols = alpn.map(<[u8]>::to_vec).into_iter().collect();
        config.session_storage = Arc::new(NoServerSessionStorage {});
        match &self.tickets {
            Some(tickets) => config.ticketer = Arc::clone(tickets),
            None => config.send_tls13_tickets = 0,
        }
        Ok(config)
    }
}

impl Hosts {
    /// The host's slot, its last use being now.
    fn slot(&mut self, host: &Host) -> Arc<Mutex<Option<Leaf>>> {
        self.lookups += 1;
        if !self.slots.contains_key(host) && self.slots.len() >= MAX_HOSTS {
            let oldest = self.slots.iter().min_by_key(|(_, slot)| slot.last_used);
            if let Some(oldest) = oldest.map(|(host, _)| host.clone()) {
                self.slots.remove(&oldest);
            }
        }
        let slot = self
            .slots
            .entry(host.clone())
            .or_insert_with(|| Slot { last_used: 0, leaf: Arc::default() });
        slot.last_used = self.lookups;
        Arc::clone(&slot.leaf)
    }
}

impl Leaf {
    fn mint(authority: &Authority, host: &Host, now: Timestamp) -> Result<Self, LeafError> {
        let key = KeyPair::generate()?;
        let cert = mint::leaf(host, now.to_datetime(), authority.not_after())?
            .signed_by(&key, authority.issuer())?;
        let certified = CertifiedKey::from_der(
            vec![cert.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            &provider(),
        )?;
        let use_for = u64::try_from(mint::LEAF_USE.as_nanos()).unwrap_or_default();
        let renew_at = Timestamp(now.0.saturating_add(use_for));
        Ok(Self { certified: Arc::new(certified), renew_at, configs: Vec::new() })
    }
}

/// A thread that panicked left a whole value behind: nothing here is changed in two steps.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why there is no leaf.
#[derive(Debug, thiserror::Error)]
pub enum LeafError {
    /// The text names no host.
    #[error(transparent)]
    Host(#[from] BadHost),
    /// Cryptography failed.
    #[error("cannot make a certificate: {0}")]
    Mint(#[from] rcgen::Error),
    /// rustls did not take what was made.
    #[error("cannot use a certificate just made: {0}")]
    Tls(#[from] rustls::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 3600 * 1_000_000_000;

    fn leaves() -> (tempfile::TempDir, Leaves) {
        let dir = tempfile::tempdir().expect("a folder");
        let authority = Authority::open(&dir.path().join("certs")).expect("a new authority");
        (dir, Leaves::new(Arc::new(authority)))
    }

    fn cert_of(leaves: &Leaves, host: &Host, now: Timestamp) -> Vec<u8> {
        leaves.server_config_at(host, None, now).expect("a leaf");
        let slot = lock(&leaves.hosts).slot(host);
        let slot = lock(&slot);
        slot.as_ref().expect("just made").certified.cert[0].to_vec()
    }

    #[test]
    fn a_leaf_is_kept_for_two_thirds_of_its_life() {
        let (_dir, leaves) = leaves();
        let host = Host::parse("example.com").expect("a host");
        let now = clock::now();
        let first = cert_of(&leaves, &host, now);
        assert_eq!(first, cert_of(&leaves, &host, Timestamp(now.0 + 20 * DAY - 1)));
        assert_ne!(first, cert_of(&leaves, &host, Timestamp(now.0 + 20 * DAY)));
    }

    #[test]
    fn a_config_holds_the_agreed_protocol_and_is_kept() {
        let (_dir, leaves) = leaves();
        let h2 = leaves.server_config("example.com", Some(b"h2")).expect("a config");
        assert_eq!(h2.alpn_protocols, [b"h2".to_vec()]);
        let none = leaves.server_config("example.com", None).expect("a config");
        assert!(none.alpn_protocols.is_empty());
        let again = leaves.server_config("EXAMPLE.com.", Some(b"h2")).expect("a config");
        assert!(Arc::ptr_eq(&h2, &again));
        for alpn in 0..20 {
            leaves.server_config("example.com", Some(&[alpn])).expect("a config");
        }
        let slot = lock(&leaves.hosts).slot(&Host::parse("example.com").expect("a host"));
        assert_eq!(lock(&slot).as_ref().expect("made").configs.len(), MAX_CONFIGS);
    }

    #[test]
    fn the_host_not_asked_for_longest_gives_way() {
        let mut hosts = Hosts::default();
        let name = |n: usize| Host::Dns(format!("h{n}.example"));
        for n in 0..MAX_HOSTS {
            hosts.slot(&name(n));
        }
        hosts.slot(&name(0));
        hosts.slot(&name(MAX_HOSTS));
        assert_eq!(hosts.slots.len(), MAX_HOSTS);
        assert!(hosts.slots.contains_key(&name(0)));
        assert!(!hosts.slots.contains_key(&name(1)));
    }

    #[test]
    fn who_asks_at_once_gets_one_leaf() {
        let (_dir, leaves) = leaves();
        let configs = std::thread::scope(|scope| {
            let ask = || leaves.server_config("one.example", Some(b"h2")).expect("a config");
            let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|ask| ask.join().expect("no panic")).collect::<Vec<_>>()
        });
        assert!(configs.iter().all(|config| Arc::ptr_eq(config, &configs[0])));
    }
}
