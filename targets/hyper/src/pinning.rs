//! Pins threads to CPUs.

use std::io;

/// Restricts the calling thread to these CPUs; an empty list changes nothing.
pub fn pin_this_thread(cpus: &[usize]) -> io::Result<()> {
    if cpus.is_empty() {
        return Ok(());
    }
    // SAFETY: a cpu_set_t is plain bits, and all bits zero is the empty set. CPU_SET() stays inside it because the
    // options refuse larger numbers.
    let result = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        for &cpu in cpus {
            libc::CPU_SET(cpu, &mut set);
        }
        libc::sched_setaffinity(0, std::mem::size_of::<libc::cpu_set_t>(), &set)
    };
    if result == 0 {
        Ok(())
    } else {
        let error = io::Error::last_os_error();
        Err(io::Error::new(error.kind(), format!("cannot pin a thread to CPU {cpus:?}: {error}")))
    }
}
