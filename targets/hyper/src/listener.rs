//! Listening sockets.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// A socket that listens, together with others of this process (SO_REUSEPORT) where it shares the port. Call it inside
/// the runtime that is to accept.
pub fn open(address: SocketAddr, backlog: u32, share_port: bool) -> io::Result<TcpListener> {
    try_open(address, backlog, share_port).map_err(|error| {
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
    })
}

fn try_open(address: SocketAddr, backlog: u32, share_port: bool) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(share_port)?;
    socket.bind(address)?;
    socket.listen(backlog)
}

/// As many connections as the system lets us have.
pub fn raise_file_limit() {
    // SAFETY: both calls only read and write the structure given to them.
    unsafe {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}
