//! One exchange over HTTP: the request, the connection, and the response.

pub(crate) mod attempt_timer;
pub(crate) mod certificates;
pub(crate) mod connect_error;
pub(crate) mod decode;
pub(crate) mod proxy;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod tls;
pub(crate) mod transport;
