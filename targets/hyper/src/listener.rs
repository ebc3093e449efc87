//! Listening sockets.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Opens a listening socket. `share_port` lets several sockets of this process share the port (SO_REUSEPORT). Call it
/// inside the runtime that will accept.
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

/// Raises the limit of descriptors to allow as many connections as possible.
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
