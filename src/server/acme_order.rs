//! How is one certificate got? The account is there or made, the domains are proven to be ours by TLS-ALPN-01 (RFC 8737) on
//! the port on which everybody else is served, and the directory signs a key that was made for it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount, NewOrder,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, DnType, KeyPair};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::acme_directory::{Directory, in_full, sentence};
use super::tls::Certificate;
use super::validity::Validity;
use crate::core::Core;
use crate::core::certificate::{self, Plan};
use crate::core::model::{Issued, Time};

/// How long the directory may take to validate the domains, and then to issue.
const PATIENCE: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(250))
    .backoff(1.5)
    .timeout(Duration::from_secs(90));
/// How many characters are kept of why there is no certificate.
const SAID: usize = 1_000;
/// What a directory says of an account that it does not know.
const NO_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

/// Why there is no certificate.
#[derive(Debug)]
pub struct Failed {
    /// In the directory's words, if it has said any.
    pub why: String,
    /// The directory was reached and asked for something, so it is not asked again soon.
    pub has_asked: bool,
}

/// One try to get a certificate.
pub struct Ordering<'a> {
    pub core: &'a Core,
    pub plan: &'a Plan,
    pub directory: &'a Directory,
    /// Shows the proofs.
    pub certificate: &'a Certificate,
    has_asked: bool,
}

impl<'a> Ordering<'a> {
    pub fn new(
        core: &'a Core,
        plan: &'a Plan,
        directory: &'a Directory,
        certificate: &'a Certificate,
    ) -> Self {
        Self {
            core,
            plan,
            directory,
            certificate,
            has_asked: false,
        }
    }

    /// Gets a certificate for all domains, and keeps it.
    pub async fn get(mut self) -> Result<InUse, Failed> {
        let mut got = self.order().await;
        if got.as_ref().is_err_and(is_of_no_account) {
            got = match self.forget_account().await {
                Ok(()) => self.order().await,
                Err(error) => Err(error),
            };
        }
        got.map_err(|error| Failed {
            why: said(&error),
            has_asked: self.has_asked,
        })
    }

    async fn order(&mut self) -> anyhow::Result<InUse> {
        let account = self.account().await?;
        self.begins().await?;
        let names = self.plan.names();
        let identifiers: Vec<_> = names.iter().cloned().map(Identifier::Dns).collect();
        let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
        let mut proofs = Vec::new();
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            match authorization.status {
                AuthorizationStatus::Valid => continue,
                AuthorizationStatus::Pending => {}
                status => bail!("the directory's authorization is {status:?} already"),
            }
            let challenge = authorization.challenge(ChallengeType::TlsAlpn01);
            let mut challenge =
                challenge.context("the directory does not validate by TLS-ALPN-01")?;
            let Identifier::Dns(domain) = challenge.identifier().identifier.clone() else {
                bail!("the directory asks for something that is no domain");
            };
            let digest = challenge.key_authorization().digest().as_ref().to_vec();
            let proof = proof(&domain, &digest)?;
            proofs.push(self.certificate.prove(&domain, proof));
            challenge.set_ready().await?;
        }
        if !proofs.is_empty() {
            let status = order.poll_ready(&PATIENCE).await;
            let is_ready = matches!(status, Ok(OrderStatus::Ready));
            if !is_ready {
                let problem = what_was_wrong(&mut order).await;
                return Err(match (problem, status) {
                    (Some(problem), _) => anyhow::anyhow!(problem),
                    (None, Err(error)) => error.into(),
                    (None, Ok(status)) => anyhow::anyhow!("the directory's order is {status:?}"),
                });
            }
        }
        drop(proofs);
        let key = order.finalize().await?;
        let chain = order.poll_certificate(&PATIENCE).await?;
        let in_use = InUse::read(names.clone(), &chain, &key)?;
        let issued = Issued {
            names,
            chain,
            key,
            ends: in_use.valid.ends,
        };
        let directory = self.plan.directory.clone();
        let keeping = self
            .core
            .write(move |tx| certificate::keep(tx, &directory, &issued));
        // It is used all the same: only after a restart there is none.
        if let Err(error) = keeping.await {
            tracing::error!(%error, "a new certificate could not be kept");
        }
        Ok(in_use)
    }

    /// The account at the directory; the first time it is made, which agrees to the terms of whoever runs the directory.
    async fn account(&mut self) -> anyhow::Result<Account> {
        let url = self.plan.directory.clone();
        let http = Account::builder_with_http(Box::new(self.directory.clone()));
        let asked = url.clone();
        let kept = self
            .core
            .read(move |view| certificate::account(view, &asked))
            .await?;
        if let Some(kept) = kept {
            return Ok(http.from_credentials(serde_json::from_str(&kept)?).await?);
        }
        let reached = self.directory.answers(&url).await;
        reached.map_err(|why| anyhow::anyhow!("{url} does not answer: {why}"))?;
        self.begins().await?;
        let contact = self
            .plan
            .email
            .as_ref()
            .map(|email| format!("mailto:{email}"));
        let contact: Vec<_> = contact.iter().map(String::as_str).collect();
        let new = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let (account, credentials) = http.create(&new, url.clone(), None).await?;
        let credentials = serde_json::to_string(&credentials)?;
        self.core
            .write(move |tx| certificate::keep_account(tx, &url, Some(&credentials)))
            .await?;
        Ok(account)
    }

    async fn forget_account(&self) -> anyhow::Result<()> {
        let url = self.plan.directory.clone();
        let forgetting = self
            .core
            .write(move |tx| certificate::keep_account(tx, &url, None));
        Ok(forgetting.await?)
    }

    /// From here on the directory counts what it is asked for.
    async fn begins(&mut self) -> anyhow::Result<()> {
        if !self.has_asked {
            let url = self.plan.directory.clone();
            self.core
                .write(move |tx| certificate::begin(tx, &url))
                .await?;
            self.has_asked = true;
        }
        Ok(())
    }
}

/// What the directory found when it tried to validate the domains.
async fn what_was_wrong(order: &mut instant_acme::Order) -> Option<String> {
    let mut found = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        if authorization.refresh().await.is_err() {
            continue;
        }
        let domain = authorization.identifier().to_string();
        let wrong = authorization
            .challenges
            .iter()
            .filter_map(|challenge| challenge.error.as_ref());
        found.extend(wrong.map(|problem| format!("{domain}: {}", sentence(problem))));
    }
    (!found.is_empty()).then(|| found.join("; "))
}

/// In one line, as long as a mail bears: a directory may say anything.
fn said(error: &anyhow::Error) -> String {
    let words = match error.downcast_ref::<Error>() {
        Some(Error::Api(problem)) => sentence(problem),
        Some(error) => in_full(error),
        None => format!("{error:#}"),
    };
    let words = words.chars().take(SAID);
    words
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

fn is_of_no_account(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<Error>(), Some(Error::Api(problem))
        if problem.r#type.as_deref() == Some(NO_ACCOUNT))
}

/// A certificate that can be shown, and what it says of itself.
pub struct InUse {
    /// The domains that it is for, sorted.
    pub names: Vec<String>,
    pub valid: Validity,
    pub certified: Arc<CertifiedKey>,
}

impl InUse {
    /// Of a chain and a key in PEM.
    ///
    /// # Errors
    /// If they are none, or do not belong together.
    pub fn read(names: Vec<String>, chain: &str, key: &str) -> anyhow::Result<Self> {
        let chain = CertificateDer::pem_slice_iter(chain.as_bytes());
        let chain = chain.collect::<Result<Vec<_>, _>>()?;
        let own = chain.first().context("there is no certificate in it")?;
        let valid = Validity::of(own).context("it does not say until when it is valid")?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())?;
        Ok(Self {
            names,
            valid,
            certified: Arc::new(CertifiedKey::from_der(chain, key, &provider())?),
        })
    }

    pub fn span(&self) -> (Time, Time) {
        (self.valid.begins, self.valid.ends)
    }
}

/// What proves to a directory that the domain is ours.
fn proof(domain: &str, digest: &[u8]) -> anyhow::Result<Arc<CertifiedKey>> {
    let mut params = CertificateParams::new([domain.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    signed_by_itself(params)
}

/// What is shown as long as there is no certificate: clients do not believe it, and whoever looks at it is told why.
pub fn stand_in(domains: &[String]) -> anyhow::Result<Arc<CertifiedKey>> {
    let mut params = CertificateParams::new(domains)?;
    params.distinguished_name = DistinguishedName::new();
    let why = "chat has no certificate yet";
    params.distinguished_name.push(DnType::CommonName, why);
    signed_by_itself(params)
}

fn signed_by_itself(params: CertificateParams) -> anyhow::Result<Arc<CertifiedKey>> {
    let key = KeyPair::generate()?;
    let own = params.self_signed(&key)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    let key = provider().key_provider.load_private_key(key)?;
    // Not compared with its key: that would read the extension by which it proves something, and not know it.
    Ok(Arc::new(CertifiedKey::new(vec![own.der().clone()], key)))
}

fn provider() -> Arc<CryptoProvider> {
    ServerConfig::builder().crypto_provider().clone()
}
