//! The endpoint contract over hyper and Tokio's current-thread runtime: the Rust server that Assay compares with
//! others. One thread serves by default; with several, each has its own runtime, listening socket and CPU.

mod cpu;
mod endpoints;
mod items;
mod listener;
mod options;
mod pinning;
mod zlib;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use hyper::server::conn::AddrIncoming;
use hyper::service::{make_service_fn, service_fn};
use hyper::Server;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{signal, SignalKind};
use tokio::sync::watch;

use options::{Command, Options};

/// How long a stop waits for requests in progress.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(Command::Serve(options)) => options,
        Ok(Command::Print(text)) => {
            println!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(mistake) => {
            eprintln!("hyper: {mistake}\nRun `hyper --help` for usage.");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hyper: {error}");
            ExitCode::FAILURE
        }
    }
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Serves until SIGTERM or SIGINT.
fn run(options: &Options) -> io::Result<()> {
    listener::raise_file_limit();
    let (stop, stopped) = watch::channel(());
    let mut address = options.listen;
    let share_port = options.threads > 1;
    if share_port {
        // Resolves port 0 once. Also detects another server on the port: sockets that share it would not, and that
        // server would get some of the connections.
        let runtime = runtime()?;
        let _context = runtime.enter();
        address = listener::open(address, 1, false)?.local_addr()?;
    }
    // Listen on all sockets before serving, so that every thread gets connections as soon as the server is ready.
    let mut listeners = Vec::new();
    for _ in 0..options.threads {
        let runtime = runtime()?;
        let listener = {
            let _context = runtime.enter();
            listener::open(address, options.backlog, share_port)?
        };
        address = listener.local_addr()?;
        listeners.push((runtime, listener));
    }
    let mut threads = Vec::new();
    for (index, (runtime, listener)) in listeners.into_iter().enumerate() {
        // The new thread inherits the affinity.
        pinning::pin_this_thread(&options.cpus_of(index))?;
        let stopped = stopped.clone();
        let nodelay = options.tcp_nodelay;
        threads.push(thread::spawn(move || runtime.block_on(serve(listener, nodelay, stopped))));
    }
    drop(stopped);
    wait_for_signal(address)?;
    // Each server sees the channel close.
    drop(stop);
    for thread in threads {
        if let Ok(result) = thread.join() {
            result?;
        }
    }
    Ok(())
}

/// Prints that the server listens, then waits for SIGTERM or SIGINT.
fn wait_for_signal(address: SocketAddr) -> io::Result<()> {
    runtime()?.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        println!("listening on {address}");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    })
}

/// Serves the endpoints on one listener, in the calling thread, until the sender of `stopped` is dropped.
async fn serve(
    listener: TcpListener,
    nodelay: bool,
    mut stopped: watch::Receiver<()>,
) -> io::Result<()> {
    let mut incoming = AddrIncoming::from_listener(listener).map_err(other)?;
    incoming.set_nodelay(nodelay);
    let mut stop_requested = stopped.clone();
    let server = Server::builder(incoming)
        .http1_only(true)
        .serve(make_service_fn(|_| async { Ok::<_, Infallible>(service_fn(endpoints::respond)) }))
        .with_graceful_shutdown(async move {
            let _ = stopped.changed().await;
        });
    let overdue = async move {
        let _ = stop_requested.changed().await;
        tokio::time::sleep(STOP_TIMEOUT).await;
    };
    tokio::select! {
        result = server => result.map_err(other),
        () = overdue => Ok(()),
    }
}

fn other(error: hyper::Error) -> io::Error {
    io::Error::new(io::ErrorKind::Other, error)
}
