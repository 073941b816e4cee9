//! Upstreams that are not in order, made here, and what the user is told.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::{
    ServerConfig,
    pki_types::PrivatePkcs8KeyDer,
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

/// A company's authority, as a test upstream has one.
struct Company {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Company {
    fn new() -> Self {
        let mut params = params(&[], "Company Root");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("a root") }
    }

    fn root(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    fn sign(&self, params: &CertificateParams) -> (CertificateDer<'static>, KeyPair) {
        let key = KeyPair::generate().expect("a key");
        let cert = params.signed_by(&key, &self.issuer).expect("a certificate");
        (cert.der().clone(), key)
    }
}

fn params(names: &[&str], common_name: &str) -> CertificateParams {
    let names: Vec<_> = names.iter().copied().map(str::to_owned).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

fn server(cert: CertificateDer<'static>, key: &KeyPair) -> Arc<ServerConfig> {
    server_asking(None, cert, key, rustls::ALL_VERSIONS)
}

fn server_asking(
    clients: Option<Arc<dyn ClientCertVerifier>>,
    cert: CertificateDer<'static>,
    key: &KeyPair,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Arc<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .expect("versions");
    let builder = match clients {
        Some(clients) => builder.with_client_cert_verifier(clients),
        None => builder.with_no_client_auth(),
    };
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    Arc::new(builder.with_single_cert(vec![cert], key).expect("a pair"))
}

async fn told(client: &UpstreamTls, config: Arc<ServerConfig>) -> Blame {
    shake(client, "api.example", &[], config).await.0.expect_err("a refusal")
}

fn now() -> OffsetDateTime {
    crate::clock::now().to_datetime()
}

#[tokio::test]
async fn each_fault_of_a_certificate_is_named_with_its_remedy() {
    let company = Company::new();
    let good = params(&["api.example"], "api");
    let mut expired = good.clone();
    expired.not_after = now() - Duration::days(3);
    let expired_on = format!("expired on {}", expired.not_after.date());
    let mut early = good.clone();
    early.not_before = now() + Duration::days(3);
    let early_on = format!("begins on {}", early.not_before.date());
    let mut for_clients = good.clone();
    for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let mut authority = good.clone();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let many: Vec<String> = (0..40).map(|n| format!("h{n}.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();

    let client = upstream(&UpstreamSettings::default(), vec![company.root()]);
    for (params, parts) in [
        (&expired, vec![expired_on.as_str()]),
        (&early, vec!["not yet valid", &early_on]),
        (&params(&["www.example", "10.0.0.1"], "w"), vec!["it is for www.example, 10.0.0.1"]),
        (&params(&many, "many"), vec!["h4.example and 35 more"]),
        (&params(&[], "api.example"), vec!["subjectAltName"]),
        (&for_clients, vec!["not made for servers"]),
        (&authority, vec!["CA:TRUE"]),
    ] {
        let (cert, key) = company.sign(params);
        let blame = told(&client, server(cert, &key)).await;
        for part in parts.into_iter().chain(["api.example", "--insecure-host api.example"]) {
            assert!(blame.to_string().contains(part), "{part}: {blame}");
        }
        assert!(!blame.distrust);
    }
    let (cert, key) = company.sign(&good);
    shake(&client, "api.example", &[], server(cert, &key)).await.0.expect("nothing to blame");
}

#[tokio::test]
async fn an_issuer_that_nobody_knows_is_named() {
    let company = Company::new();
    let (cert, key) = company.sign(&params(&["api.example"], "api"));
    let stranger = upstream(&UpstreamSettings::default(), vec![Company::new().root()]);
    let blame = told(&stranger, server(cert.clone(), &key)).await;
    // Both companies' roots have one name, and another key: the signature does not fit.
    assert!(
        blame.reason.contains("bad signature") || blame.reason.contains("Company Root"),
        "{blame}"
    );

    let home = Home::new();
    let blame = told(&home.client(), server(cert.clone(), &key)).await;
    assert!(blame.reason.contains("issued by CN=Company Root"), "{blame}");
    assert!(blame.reason.contains("no intermediate"), "{blame}");
    assert!(blame.remedy.contains("--upstream-ca FILE"), "{blame}");

    let nobody = upstream(&UpstreamSettings::default(), vec![]);
    let blame = told(&nobody, server(cert, &key)).await;
    assert!(blame.reason.contains("no trusted roots"), "{blame}");
    assert!(blame.remedy.contains("ca-certificates"), "{blame}");
}

#[tokio::test]
async fn a_changed_certificate_has_a_bad_signature() {
    let company = Company::new();
    let (cert, key) = company.sign(&params(&["api.example"], "api"));
    let mut changed = cert.to_vec();
    let at = changed.windows(3).position(|w| w == b"api").expect("the common name");
    changed[at] = b'A';
    let client = upstream(&UpstreamSettings::default(), vec![company.root()]);
    let blame = told(&client, server(changed.into(), &key)).await;
    assert!(blame.reason.contains("bad signature"), "{blame}");
}

#[tokio::test]
async fn what_the_user_names_is_trusted_and_nothing_else() {
    let home = Home::new();
    let mut own = params(&["api.example"], "api");
    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        own.is_ca = is_ca;
        let key = KeyPair::generate().expect("a key");
        let cert = own.self_signed(&key).expect("a certificate");
        let config = || server(cert.der().clone(), &key);

        let blame = told(&home.client(), config()).await;
        assert!(blame.reason.ends_with("is self-signed"), "{blame}");
        assert!(blame.remedy.contains("--upstream-ca FILE"), "{blame}");

        let settings = UpstreamSettings {
            extra_roots: vec![home.file("own.pem", &cert.pem())],
            ..Default::default()
        };
        let client = upstream(&settings, vec![]);
        shake(&client, "api.example", &[], config()).await.0.expect("named by the user");
        let (near, _) = shake(&client, "other.example", &[], config()).await;
        assert!(near.expect_err("its name still counts").reason.contains("it is for api.example"));

        let settings =
            UpstreamSettings { insecure_hosts: vec!["API.example.".into()], ..Default::default() };
        let client = upstream(&settings, vec![]);
        shake(&client, "api.example", &[], config()).await.0.expect("not verified");
        shake(&client, "other.example", &[], config()).await.0.expect_err("verified");
    }

    own.is_ca = IsCa::NoCa;
    own.not_after = now() - Duration::days(1);
    let key = KeyPair::generate().expect("a key");
    let cert = own.self_signed(&key).expect("a certificate");
    let extra_roots = vec![home.file("old.pem", &cert.pem())];
    let client = upstream(&UpstreamSettings { extra_roots, ..Default::default() }, vec![]);
    let blame = told(&client, server(cert.der().clone(), &key)).await;
    assert!(blame.reason.contains("expired on"), "{blame}");
}

#[tokio::test]
async fn a_client_certificate_is_asked_for_and_shown() {
    let company = Company::new();
    let home = Home::new();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(company.root()).expect("a root");
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .expect("a verifier");
    let (cert, key) = company.sign(&params(&["api.example"], "api"));
    let (ours, our_key) = company.sign(&params(&["me"], "me"));
    let pem = roots::to_pem(&ours) + &our_key.serialize_pem();
    let settings =
        UpstreamSettings { client_cert: Some(home.file("me.pem", &pem)), ..Default::default() };
    let nameless = upstream(&UpstreamSettings::default(), vec![company.root()]);
    let named = upstream(&settings, vec![company.root()]);

    for versions in [&[&rustls::version::TLS12], &[&rustls::version::TLS13]] {
        let config = server_asking(Some(Arc::clone(&clients)), cert.clone(), &key, versions);
        let blame = first_byte(&nameless, Arc::clone(&config)).await.expect_err("refused");
        assert!(blame.reason.contains("client certificate"), "{blame}");
        assert!(blame.remedy.contains("--client-cert FILE"), "{blame}");
        first_byte(&named, config).await.expect("let in");
    }
}

/// Connects and reads one byte, for TLS 1.3 servers refuse only then.
async fn first_byte(client: &UpstreamTls, config: Arc<ServerConfig>) -> Result<(), Blame> {
    let (near, far) = tokio::io::duplex(16 * 1024);
    let serve = async {
        if let Ok(mut stream) = read_hello(far).await.expect("a hello").accept(config).await {
            stream.write_all(b"!").await.expect("a reader");
            stream.flush().await.expect("a reader");
            let _ = stream.read(&mut [0]).await;
        }
    };
    let ask = async {
        let mut connected = client.connect("api.example", &[], near).await?;
        match connected.stream.read_u8().await {
            Ok(_) => Ok(()),
            Err(error) => Err(client.blame_later("api.example", &error).expect("TLS said why")),
        }
    };
    tokio::join!(ask, serve).0
}

#[tokio::test]
async fn answers_that_are_no_handshake_are_told() {
    let client = Home::new().client();
    for (answer, parts) in [
        // A fatal alert, protocol_version: what a TLS 1.0 server says.
        (&b"\x15\x03\x01\x00\x02\x02\x46"[..], ["no shared version", "--tunnel api.example"]),
        (b"\x15\x03\x03\x00\x02\x02\x28", ["no shared cipher", "--client-cert FILE"]),
        (b"\x15\x03\x03\x00\x02\x02\x70", ["does not know that name", "the host of the URL"]),
        (b"\x15\x03\x03\x00\x02\x02\x50", ["alert: internal error", "--tunnel api.example"]),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ["does not answer with TLS", "http://"]),
        (b"SSH-2.0-OpenSSH_9.6\r\n", ["does not answer with TLS", "http://"]),
        (b"", ["closed the connection", "speaks TLS"]),
    ] {
        let (near, mut far) = tokio::io::duplex(4096);
        let serve = async {
            let _ = far.read(&mut [0; 2048]).await;
            far.write_all(answer).await.expect("room for it");
            drop(far);
        };
        let (near, ()) = tokio::join!(client.connect("api.example", &[], near), serve);
        let text = near.expect_err("no handshake").to_string();
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[tokio::test]
async fn a_server_of_tls_1_1_shares_no_version() {
    // A ServerHello of TLS 1.1: random, no session, AES128-SHA, no compression.
    let body = [&[3, 2][..], &[7; 32], &[0, 0, 0x2f, 0]].concat();
    let len = u8::try_from(body.len()).expect("short");
    let hello = [&[0x16, 3, 2, 0, len + 4, 2, 0, 0, len][..], &body].concat();
    let client = Home::new().client();
    let (near, mut far) = tokio::io::duplex(4096);
    let serve = async {
        let _ = far.read(&mut [0; 2048]).await;
        far.write_all(&hello).await.expect("room for it");
        let _ = far.read(&mut [0; 64]).await;
    };
    let (near, ()) = tokio::join!(client.connect("api.example", &[], near), serve);
    let blame = near.expect_err("too old");
    assert!(blame.reason.contains("no shared version"), "{blame}");
}

#[tokio::test]
async fn a_name_that_is_none_is_blamed_before_any_byte() {
    let (near, _far) = tokio::io::duplex(64);
    let blame = Home::new().client().connect("a b", &[], near).await.expect_err("no host");
    assert!(blame.reason.contains("`a b` is not a host name"), "{blame}");
}

#[test]
fn settings_that_do_not_do_are_told_by_file_and_flag() {
    let home = Home::new();
    let empty = home.file("empty.pem", "");
    let cert_only = home.file("cert.pem", home.authority.cert_pem());
    let other_key = KeyPair::generate().expect("a key").serialize_pem();
    let mixed = home.file("mixed.pem", &format!("{}{other_key}", home.authority.cert_pem()));
    let missing = home.dir.path().join("missing.pem");
    let extra =
        |path: &PathBuf| UpstreamSettings { extra_roots: vec![path.clone()], ..Default::default() };
    let identity =
        |path: &PathBuf| UpstreamSettings { client_cert: Some(path.clone()), ..Default::default() };
    let insecure =
        |host: &str| UpstreamSettings { insecure_hosts: vec![host.into()], ..Default::default() };
    for (settings, parts) in [
        (extra(&missing), ["missing.pem", "--upstream-ca"]),
        (extra(&empty), ["empty.pem", "--upstream-ca"]),
        (identity(&missing), ["missing.pem", "--client-cert"]),
        (identity(&empty), ["cannot read a certificate from", "--client-cert"]),
        (identity(&cert_only), ["cannot read a key from", "--client-cert"]),
        (identity(&mixed), ["pair of certificate and key", "--client-cert"]),
        (insecure("https://a.example"), ["`https://a.example`", "--insecure-host"]),
        (insecure("*.example"), ["`*.example` is a pattern", "--insecure-host"]),
    ] {
        let told = UpstreamTls::with_roots(&settings, vec![]).err().expect("a refusal").to_string();
        for part in parts.into_iter().chain(["\nhint: "]) {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}
