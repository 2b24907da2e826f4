//! `handbell`: the operator's command, and the whole system on a laptop.

fn main() -> std::process::ExitCode {
    handbell::command::run()
}
