//! The `simgate` binary.

fn main() -> std::process::ExitCode {
    simgate::cmd::run()
}
