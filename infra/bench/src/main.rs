//! The benchmark: builds the functions as they are deployed, runs the real binaries on this machine, and prints tables of
//! their costs in Markdown.

mod alert;
mod count;
mod customer;
mod events;
mod feeder;
mod measure;
mod occupancy;
mod oncall;
mod people;
mod process;
mod release;
mod report;
mod rush;
mod writes;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use handbell_boot::Error;

const HELP: &str = "\
Measures the functions as they are deployed, beside one that does nothing.

  cargo run --release -p handbell-bench              all of it; some minutes to build, one to measure
  cargo run --release -p handbell-bench -- --quick   fewer runs: for a look, not for a record

Options:
  --quick        3 starts and 50 calls of each function instead of 15 and 500; 3 hours of polls instead of a day;
                 3 customers one after another instead of 15
  --functions    only the functions, one by one, and the requests of an alert
  --occupancy    only the polls of a site with 500 zones
  --customers    only customers' texts and agents' answers, and 100 conversations at once
  --on-call      only alerts that call people, in one process
  --processes    with --on-call: by the real binaries too
  --small        with --on-call: few of everything, to see that it works; what is built for debugging will do
  --polls N      so many of them; a week is 10080
  --no-build     measure what lies in target/release already
  --binaries DIR measure what lies there, and build nothing: target/debug shows that everything is called rightly
  --config FILE  another configuration than the demo's
  --out FILE     write the tables to a file as well

The tables come on standard output, the progress on standard error.";

/// Number of concurrent conversations.
const CONVERSATIONS: usize = 100;

/// Options of the command line.
struct Options {
    quick: bool,
    build: bool,
    binaries: Option<PathBuf>,
    functions: bool,
    occupancy: bool,
    customers: bool,
    on_call: bool,
    processes: bool,
    small: bool,
    polls: Option<usize>,
    config: PathBuf,
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let options = match read(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("handbell-bench: {why}\n\n{HELP}");
            return ExitCode::FAILURE;
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = runtime.map_err(Error::from).and_then(|runtime| runtime.block_on(run(&options)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("handbell-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read(arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let demo = workspace().join("examples/green-power/handbell.yaml");
    let mut options = Options {
        quick: false,
        build: true,
        binaries: None,
        functions: false,
        occupancy: false,
        customers: false,
        on_call: false,
        processes: false,
        small: false,
        polls: None,
        config: demo,
        out: None,
    };
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        if argument == "--polls" {
            let polls = arguments.next().and_then(|polls| polls.parse().ok()).filter(|polls| *polls > 0);
            options.polls = Some(polls.ok_or("--polls needs a number")?);
            continue;
        }
        let mut file = || arguments.next().map(PathBuf::from).ok_or(format!("{argument} needs a file"));
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--functions" => options.functions = true,
            "--occupancy" => options.occupancy = true,
            "--customers" => options.customers = true,
            "--on-call" => options.on_call = true,
            "--processes" => options.processes = true,
            "--small" => options.small = true,
            "--no-build" => options.build = false,
            "--binaries" => options.binaries = Some(file()?),
            "--config" => options.config = file()?,
            "--out" => options.out = Some(file()?),
            "--help" | "-h" => return Ok(None),
            other => return Err(format!("there is no option {other:?}")),
        }
    }
    if (options.processes || options.small) && !options.on_call {
        return Err("--processes and --small belong to --on-call".to_owned());
    }
    Ok(Some(options))
}

async fn run(options: &Options) -> Result<(), Error> {
    let config =
        options.config.canonicalize().map_err(|error| format!("{}: {error}", options.config.display()))?;
    let release = match &options.binaries {
        Some(folder) => folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?,
        None => release::directory()?,
    };
    // If the options name parts, only these run.
    let all = !options.functions && !options.occupancy && !options.customers && !options.on_call;
    let binaries = all || options.functions || options.occupancy || options.customers || options.processes;
    if options.build && options.binaries.is_none() && binaries {
        release::build(&release)?;
    }
    let runs = if options.quick {
        measure::Runs { starts: 3, calls: 50 }
    } else {
        measure::Runs { starts: 15, calls: 500 }
    };
    let load = release::load();
    let played = occupancy::Played {
        starts: runs.starts,
        polls: options.polls.unwrap_or(if options.quick { 180 } else { 1440 }),
    };
    let mut parts = Vec::new();
    if all || options.functions {
        let functions = measure::functions(&release, &config, runs).await?;
        let alerts = alert::measure(&release, &config).await?;
        parts.push(report::functions(&functions, runs));
        parts.push(report::alerts(&alerts));
    }
    if all || options.customers {
        match people::Line::of(&config)? {
            Some(line) => {
                let customers = customer::measure(&release, &config, &line, runs.starts).await?;
                let rush = rush::measure(&release, &config, &line, CONVERSATIONS).await?;
                parts.push(report::customers(&customers, &rush));
            }
            None if all => progress("no line has agents, a welcome and no hours; customers are left out"),
            None => {
                return Err(
                    "no line of the configuration has `agents`, `texts.welcome` and no `hours`".into()
                );
            }
        }
    }
    if all || options.occupancy {
        let site_polls = occupancy::measure(&release, played).await?;
        parts.push(report::site_polls(&site_polls, played));
    }
    if all || options.on_call {
        let played = if options.small { oncall::Played::SMALL } else { oncall::Played::WHOLE };
        parts.push(oncall::measure(binaries.then_some(release.as_path()), played).await?);
    }
    let text = report::machine(load) + &parts.join("\n");
    println!("{text}");
    if let Some(out) = &options.out {
        std::fs::write(out, text).map_err(|error| format!("{}: {error}", out.display()))?;
    }
    Ok(())
}

/// Returns the checkout from which this program was built.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(Into::into).unwrap_or_default()
}

/// Prints the progress on standard error, since some measurements take minutes.
fn progress(text: &str) {
    eprintln!("handbell-bench: {text}");
}
