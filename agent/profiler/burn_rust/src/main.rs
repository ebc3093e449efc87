//! burn_shares.cc in Rust: burns CPU time in a function, in a generic one and in an inlined one, and reports the time
//! in each.
//!
//!   burn_rust MODE CPU_MILLISECONDS
//! Prints "ready", waits for SIGUSR1, burns, prints the nanoseconds in each function and " .", and waits to be killed.
//! There is one mode.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

static SINK: AtomicU64 = AtomicU64::new(0);

/// CPU time of this thread, so that the shares do not depend on the machine's load.
#[inline(always)]
fn clock_nanos() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

/// Inlined, so that the caller is the leaf of the stack.
#[inline(always)]
fn burn_until(until: i64) {
    while clock_nanos() < until {
        for i in 0..20_000 {
            SINK.store(SINK.load(Ordering::Relaxed).wrapping_add(i), Ordering::Relaxed);
        }
    }
}

// Each function adds a different value in the end, because the compiler merges identical functions.
#[inline(never)]
fn burn_half(until: i64) {
    burn_until(until);
    SINK.fetch_add(1, Ordering::Relaxed);
}

#[inline(never)]
fn burn_third<T: Into<i64>>(until: T) {
    burn_until(until.into());
    SINK.fetch_add(2, Ordering::Relaxed);
}

#[inline(always)]
fn burn_inlined(until: i64) {
    burn_until(until);
}

#[inline(never)]
fn burn_host(until: i64) {
    burn_inlined(until);
    SINK.fetch_add(3, Ordering::Relaxed);
}

/// Pseudorandom numbers, the same in each run (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn wait_for_signal() {
    unsafe {
        let mut signals: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut signals);
        libc::sigaddset(&mut signals, libc::SIGUSR1);
        libc::sigprocmask(libc::SIG_BLOCK, &signals, std::ptr::null_mut());
        println!("ready");
        let mut signal = 0;
        libc::sigwait(&signals, &mut signal);
    }
}

fn main() {
    let cpu_ns = std::env::args().nth(2).and_then(|word| word.parse::<i64>().ok()).unwrap_or(1000) * 1_000_000;
    wait_for_signal();
    let mut numbers = Numbers(1);
    let mut burnt = [0i64; 3];
    let mut now = clock_nanos();
    let end = now + cpu_ns;
    while now < end {
        let chosen = numbers.unit();
        let until = now + (numbers.unit() * 4e6) as i64;
        let which = if chosen < 0.5 {
            burn_half(until);
            0
        } else if chosen < 0.8 {
            burn_third(until);
            1
        } else {
            burn_host(until);
            2
        };
        let after = clock_nanos();
        burnt[which] += after - now;
        now = after;
    }
    println!(
        "burn_rust::burn_half {} burn_rust::burn_third {} burn_rust::burn_inlined {} .",
        burnt[0], burnt[1], burnt[2]
    );
    std::io::stdout().flush().ok();
    loop {
        unsafe { libc::pause() };
    }
}
