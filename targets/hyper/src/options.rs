//! The command line.

use std::net::SocketAddr;

pub const USAGE: &str = "\
usage: hyper [--listen=HOST:PORT] [--cpu=LIST] [--threads=N] [--backlog=N] [--tcp-nodelay=on|off]

  --listen       address to listen on; port 0 lets the system pick one (default 127.0.0.1:9000)
  --cpu          CPUs to run on, such as 0 or 0-1,3; with several threads, one per thread
  --threads      number of event loops, each with its own listening socket (default 1)
  --backlog      maximum number of connections waiting to be accepted (default 4096)
  --tcp-nodelay  send small responses at once (default on)
  --version, --help

example: hyper --listen=127.0.0.1:9000 --cpu=0";

const LARGEST_CPU: usize = libc::CPU_SETSIZE as usize - 1;

#[derive(Debug)]
pub struct Options {
    pub listen: SocketAddr,
    /// Empty: not pinned.
    pub cpus: Vec<usize>,
    pub threads: usize,
    pub backlog: u32,
    pub tcp_nodelay: bool,
}

#[derive(Debug)]
pub enum Command {
    Serve(Options),
    /// Print this text and exit.
    Print(String),
}

impl Options {
    /// Accepts `--flag=value` and `--flag value`. The error is a sentence.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
        let mut options = Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 9000)),
            cpus: Vec::new(),
            threads: 1,
            backlog: 4096,
            tcp_nodelay: true,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--help" => return Ok(Command::Print(USAGE.to_owned())),
                "--version" => {
                    return Ok(Command::Print(
                        option_env!("TARGET_VERSIONS").unwrap_or("hyper").to_owned(),
                    ))
                }
                _ => {}
            }
            let (flag, value) = match argument.split_once('=') {
                Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
                None => (argument, None),
            };
            let known = ["--listen", "--cpu", "--threads", "--backlog", "--tcp-nodelay"];
            if !known.contains(&flag.as_str()) {
                return Err(format!("unknown flag {flag}"));
            }
            let value = value
                .or_else(|| arguments.next())
                .ok_or_else(|| format!("{flag} needs a value"))?;
            options
                .set(&flag, &value)
                .ok_or_else(|| format!("\"{value}\" is not a valid value of {flag}"))?;
        }
        Ok(Command::Serve(options))
    }

    fn set(&mut self, flag: &str, value: &str) -> Option<()> {
        match flag {
            "--listen" => self.listen = value.parse().ok()?,
            "--cpu" => self.cpus = parse_cpus(value)?,
            "--threads" => self.threads = value.parse().ok().filter(|n| (1..=256).contains(n))?,
            "--backlog" => self.backlog = value.parse().ok().filter(|n| *n > 0)?,
            _ => {
                self.tcp_nodelay = match value {
                    "on" => true,
                    "off" => false,
                    _ => return None,
                }
            }
        }
        Some(())
    }

    /// The CPUs for the thread with that index: one of the given CPUs, or all if there is a single thread.
    pub fn cpus_of(&self, index: usize) -> Vec<usize> {
        if self.threads == 1 || self.cpus.is_empty() {
            return self.cpus.clone();
        }
        vec![self.cpus[index % self.cpus.len()]]
    }
}

/// Parses a list such as "0-1,3".
fn parse_cpus(list: &str) -> Option<Vec<usize>> {
    let mut cpus = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        if first > last || last > LARGEST_CPU {
            return None;
        }
        cpus.extend(first..=last);
    }
    Some(cpus)
}
