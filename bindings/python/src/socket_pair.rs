//! Two connected sockets of this process: what is written to one can be read from the other.

use std::io;

#[cfg(unix)]
mod system {
    use std::os::fd::{AsRawFd as _, IntoRawFd as _};

    pub(crate) use std::os::fd::RawFd as Number;
    pub(crate) use std::os::unix::net::UnixStream as Socket;

    pub(super) fn connected() -> std::io::Result<(Socket, Socket)> {
        Socket::pair()
    }

    pub(crate) fn number(socket: &Socket) -> Number {
        socket.as_raw_fd()
    }

    pub(crate) fn into_number(socket: Socket) -> Number {
        socket.into_raw_fd()
    }
}

#[cfg(windows)]
mod system {
    use std::net::{Ipv4Addr, TcpListener};
    use std::os::windows::io::{AsRawSocket as _, IntoRawSocket as _};

    pub(crate) use std::net::TcpStream as Socket;
    pub(crate) use std::os::windows::io::RawSocket as Number;

    pub(super) fn connected() -> std::io::Result<(Socket, Socket)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let writer = Socket::connect(listener.local_addr()?)?;
        let own = writer.local_addr()?;
        // Another program may have connected first.
        let reader = loop {
            let (reader, peer) = listener.accept()?;
            if peer == own {
                break reader;
            }
        };
        // Otherwise a byte would wait until the one before it is acknowledged.
        writer.set_nodelay(true)?;
        Ok((reader, writer))
    }

    pub(crate) fn number(socket: &Socket) -> Number {
        socket.as_raw_socket()
    }

    pub(crate) fn into_number(socket: Socket) -> Number {
        socket.into_raw_socket()
    }
}

pub(crate) use system::{Number, Socket, into_number, number};

/// A reader and a writer that never block.
pub(crate) fn socket_pair() -> io::Result<(Socket, Socket)> {
    let (reader, writer) = system::connected()?;
    reader.set_nonblocking(true)?;
    writer.set_nonblocking(true)?;
    Ok((reader, writer))
}
