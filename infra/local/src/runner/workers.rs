//! Runs the functions in this process, and prints their log lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use handbell_boot::Function;
use jiff::SignedDuration;
use tokio::sync::Semaphore;

use crate::cloud::invoke::Handler;
use crate::cloud::processes::Log;
use crate::cloud::template::Template;
use crate::gate::Gate;

use super::deployment::Deployed;

/// Returns a handler that runs the functions in this process. At most as many calls of a function run at once as the
/// template reserves.
pub(super) fn in_process(deployed: Deployed, gate: Gate, template: &Template) -> Handler {
    let reserved = template.functions.iter().filter_map(|function| {
        Some((function.name.clone(), Arc::new(Semaphore::new(function.reserved?.max(1)))))
    });
    let reserved: BTreeMap<String, Arc<Semaphore>> = reserved.collect();
    Arc::new(move |name, payload| {
        let (handlers, gate) = (deployed.handlers(), gate.clone());
        let permits = reserved.get(&name).cloned();
        Box::pin(async move {
            let _permit = match &permits {
                Some(permits) => permits.acquire().await.ok(),
                None => None,
            };
            let handlers = handlers.ok_or("the runner is still starting")?;
            let function = Function::of_name(&name).ok_or_else(|| format!("there is no function {name}"))?;
            let payload = payload.to_string();
            let left = SignedDuration::from_secs(60);
            let call = handbell_boot::Invocation { deployed: &name, payload: &payload, left };
            gate.mortal(handlers.handle(function, call)).await
        })
    })
}

pub(super) fn log(show: bool) -> Log {
    Arc::new(move |function, line| {
        if show {
            eprintln!("{function:>14} │ {line}");
        }
    })
}
