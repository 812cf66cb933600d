//! The program; all of it is in the library, for the tests.

fn main() -> std::process::ExitCode {
    throughline::main()
}
