//! `handbell`: the whole system on a laptop, and what helps to set it up.

mod command;
mod report;

fn main() -> std::process::ExitCode {
    command::run()
}
