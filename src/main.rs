//! Parse, run, exit code. Everything else is the library's.

use std::process::ExitCode;

/// Records are made on the threads of the traffic and dropped on the recorder's: an allocator that
/// is good at that halves what recording costs the traffic.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    wiretape::cli::main()
}
