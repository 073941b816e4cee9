//! The authority's pair on the disk.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Barrier,
    thread,
};

use tempfile::TempDir;

use super::*;

fn new_home() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let certs = dir.path().join("home").join("certs");
    (dir, certs)
}

fn refusal(certs: &Path) -> String {
    Authority::open(certs).expect_err("a pair not in order").to_string()
}

#[test]
fn the_second_opening_finds_the_first_ones_authority() {
    let (_dir, certs) = new_home();
    let first = Authority::open(&certs).expect("a new authority");
    let second = Authority::open(&certs).expect("the same authority");
    assert_eq!(first.cert_der(), second.cert_der());
    assert_eq!(first.cert_pem(), fs::read_to_string(certs.join("ca.pem")).expect("ca.pem"));
    assert_eq!(first.cert_path(), certs.join("ca.pem"));
    assert!(first.common_name().starts_with("wiretape CA "), "{}", first.common_name());
    assert!(first.common_name().len() <= 64);
    assert_eq!(first.fingerprint_sha256().len(), 32 * 3 - 1);
    let years = (first.not_after() - crate::clock::now().to_datetime()).whole_days() / 365;
    assert!((4..=10).contains(&years), "{years}");
    let names: Vec<_> = fs::read_dir(&certs).expect("the folder").collect();
    assert_eq!(names.len(), 2, "no drafts are left: {names:?}");
}

#[test]
fn programs_that_start_at_once_end_with_one_authority() {
    for _ in 0..10 {
        let (_dir, certs) = new_home();
        let start = Barrier::new(8);
        let opened: Vec<_> = thread::scope(|scope| {
            let open = || {
                start.wait();
                Authority::open(&certs).expect("an authority").fingerprint_sha256()
            };
            let opening: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            opening.into_iter().map(|open| open.join().expect("no panic")).collect()
        });
        assert!(opened.iter().all(|one| *one == opened[0]), "{opened:?}");
    }
}

#[cfg(unix)]
#[test]
fn only_its_user_can_read_the_key_and_wider_modes_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("ours");
    };
    let (_dir, certs) = new_home();
    Authority::open(&certs).expect("a new authority");
    let key = certs.join("ca.key");
    assert_eq!((mode(&certs), mode(&key)), (0o700, 0o600));

    for wide in [0o640, 0o604, 0o660] {
        set(&key, wide);
        let text = refusal(&certs);
        assert!(text.contains(&format!("{wide:04o}")), "{text}");
        assert!(text.contains(&format!("hint: chmod 600 {key:?}")), "{text}");
    }
    set(&key, 0o600);
    for wide in [0o755, 0o710, 0o701] {
        set(&certs, wide);
        assert!(refusal(&certs).contains(&format!("hint: chmod 700 {certs:?}")));
    }
    set(&certs, 0o700);
    Authority::open(&certs).expect("in order again");
}

#[test]
fn a_certificate_that_is_missing_is_written_again() {
    let (_dir, certs) = new_home();
    let first = Authority::open(&certs).expect("a new authority");
    fs::remove_file(certs.join("ca.pem")).expect("there");
    Authority::open(&certs).expect("the same authority");
    assert_eq!(first.cert_pem(), fs::read_to_string(certs.join("ca.pem")).expect("ca.pem"));
}

#[test]
fn a_certificate_without_its_key_is_told_with_a_remedy() {
    let (_dir, certs) = new_home();
    Authority::open(&certs).expect("a new authority");
    fs::remove_file(certs.join("ca.key")).expect("there");
    let text = refusal(&certs);
    assert!(text.contains("has no key"), "{text}");
    assert!(text.contains("hint: ") && text.contains("wiretape ca rotate"), "{text}");
    assert!(!certs.join("ca.key").exists(), "nothing is made in its place");
    Authority::rotate(&certs).expect("the remedy helps");
}

#[test]
fn a_key_without_any_certificate_is_told_with_a_remedy() {
    let (_dir, certs) = new_home();
    Authority::open(&certs).expect("a new authority");
    fs::remove_file(certs.join("ca.pem")).expect("there");
    cut_to_key(&certs);
    let text = refusal(&certs);
    assert!(text.contains("has no certificate"), "{text}");
    assert!(text.contains("hint: "), "{text}");
}

#[test]
fn a_users_own_pair_of_two_files_is_taken() {
    let (_dir, certs) = new_home();
    let first = Authority::open(&certs).expect("a new authority");
    cut_to_key(&certs);
    let second = Authority::open(&certs).expect("a pair of two files");
    assert_eq!(first.cert_der(), second.cert_der());
}

/// Leaves the key alone in `ca.key`.
fn cut_to_key(certs: &Path) {
    let key = certs.join("ca.key");
    let text = fs::read_to_string(&key).expect("there");
    let (alone, _) = text.split_once("-----BEGIN CERT").expect("the certificate after the key");
    fs::write(&key, alone).expect("ours");
}

#[test]
fn exchanged_files_are_refused() {
    let (_dir, certs) = new_home();
    let (_other_dir, other) = new_home();
    Authority::open(&certs).expect("a new authority");
    Authority::open(&other).expect("another authority");
    let ours = fs::read(certs.join("ca.pem")).expect("there");

    fs::copy(other.join("ca.pem"), certs.join("ca.pem")).expect("ours");
    assert!(refusal(&certs).contains("is not the certificate of"));
    cut_to_key(&certs);
    assert!(refusal(&certs).contains("is not the certificate of"), "by the public key too");
    fs::write(certs.join("ca.pem"), ours).expect("ours");
    Authority::open(&certs).expect("in order again");
}

#[test]
fn files_that_are_no_pem_are_told_by_name() {
    for name in ["ca.pem", "ca.key"] {
        for text in
            ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        {
            let (_dir, certs) = new_home();
            Authority::open(&certs).expect("a new authority");
            fs::write(certs.join(name), text).expect("ours");
            let told = refusal(&certs);
            assert!(told.contains(name) && told.contains("hint: "), "{name} {text:?}: {told}");
        }
    }
}

#[test]
fn rotating_makes_another_authority_and_keeps_the_old_pair() {
    let (_dir, certs) = new_home();
    let first = Authority::open(&certs).expect("a new authority");
    let second = Authority::rotate(&certs).expect("another");
    assert_ne!(first.fingerprint_sha256(), second.fingerprint_sha256());
    assert_ne!(first.common_name(), second.common_name());
    let today = crate::clock::now().to_datetime().date().to_string();
    let aside = fs::read_dir(&certs).expect("the folder").map(|entry| entry.expect("one").path());
    let mut aside: Vec<_> = aside.filter(|path| path.to_string_lossy().contains(&today)).collect();
    aside.sort();
    let [key, cert] = &aside[..] else { panic!("{aside:?}") };
    assert!(key.to_string_lossy().ends_with(".key"));
    assert_eq!(fs::read_to_string(cert).expect("there"), first.cert_pem());
}

#[test]
fn the_bundle_ends_with_our_certificate() {
    let (_dir, certs) = new_home();
    let authority = Authority::open(&certs).expect("a new authority");
    let bundle = bundle_pem(&authority);
    assert!(bundle.ends_with(authority.cert_pem()));
    assert_eq!(bundle.matches("BEGIN CERTIFICATE").count(), system_roots().len() + 1);
}
