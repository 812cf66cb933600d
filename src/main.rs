//! The program; all of it is in the library, for the tests.

/// Journeys and messages are many small pieces, which often are freed on
/// another thread than they were made on: the system's allocator spends twice
/// as long on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    throughline::main()
}
