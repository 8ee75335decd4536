//! The certificate authorities that the variables of OpenSSL name.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::error::Error;

const FILE: &str = "SSL_CERT_FILE";
const FOLDERS: &str = "SSL_CERT_DIR";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates of `SSL_CERT_FILE` and of all files of the folders of `SSL_CERT_DIR`, as PEM.
pub(crate) fn from_environment() -> Result<Vec<u8>, Error> {
    let mut pem = Vec::new();
    if let Some(file) = variable(FILE) {
        read(FILE, &[PathBuf::from(file)], &mut pem)?;
    }
    if let Some(folders) = variable(FOLDERS) {
        let folders = std::env::split_paths(&folders);
        let entries = folders
            .filter_map(|folder| fs::read_dir(folder).ok())
            .flatten();
        let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut files: Vec<_> = files.filter(|file| file.is_file()).collect();
        files.sort();
        read(FOLDERS, &files, &mut pem)?;
    }
    Ok(pem)
}

/// An empty variable counts as not set.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Appends the certificates of the files. The bundle of an operating system may hold unusable
/// certificates, which are left out. At least one certificate must be usable.
fn read(variable: &str, files: &[PathBuf], pem: &mut Vec<u8>) -> Result<(), Error> {
    let (before, mut failed) = (pem.len(), None);
    for file in files {
        let text = match fs::read(file) {
            Ok(text) => text,
            Err(error) => {
                failed.get_or_insert(format!("{}: {error}", file.display()));
                continue;
            }
        };
        let text = String::from_utf8_lossy(&text);
        for certificate in text.split_inclusive(END).filter(|text| is_usable(text)) {
            pem.extend_from_slice(certificate.as_bytes());
            pem.push(b'\n');
        }
    }
    if pem.len() > before {
        return Ok(());
    }
    let reason = failed.unwrap_or_else(|| {
        "leads to no certificate: name a file or folder of PEM files, or unset the variable"
            .to_owned()
    });
    Err(Error::invalid(variable, reason))
}

fn is_usable(pem: &str) -> bool {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes());
    certificate.is_ok_and(|certificate| RootCertStore::empty().add(certificate).is_ok())
}
