//! The settings with which a client connects, for `skiplino doctor`.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::client::Client;
use crate::config::ProxySetting;

/// The settings with which a client connects. Libraries that do not call
/// [`Client::connection_settings`] contain nothing of this.
#[doc(hidden)]
#[derive(Clone)]
pub struct ConnectionSettings {
    pub base_url: Url,
    pub proxy: ProxySetting,
    pub tls: rustls::ClientConfig,
    /// The value of the header, which is marked as sensitive.
    pub authorization: HeaderValue,
    pub locale: Option<HeaderValue>,
    pub user_agent: String,
    pub connect_timeout: Duration,
    pub attempt_timeout: Duration,
}

// The proxy's URL can contain a password.
impl std::fmt::Debug for ConnectionSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectionSettings").finish_non_exhaustive()
    }
}

impl Client {
    /// The settings with which this client connects.
    #[doc(hidden)]
    pub fn connection_settings(&self) -> ConnectionSettings {
        let config = &self.shared.config;
        ConnectionSettings {
            base_url: config.base_url.clone(),
            proxy: config.proxy.clone(),
            tls: config.tls.clone(),
            authorization: config.authorization.clone(),
            locale: config.locale.clone(),
            user_agent: config.user_agent.clone(),
            connect_timeout: config.connect_timeout,
            attempt_timeout: config.attempt_timeout,
        }
    }
}
