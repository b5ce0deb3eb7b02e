//! `chat healthcheck`: is the server over there ready? For containers, which ask by a command.

use std::error::Error;

use anyhow::anyhow;

use super::Failure;
use crate::flags::Healthcheck;
use crate::web::issuer;

/// Asks `/readyz`, and says the answer in a sentence.
pub async fn run(asked: &Healthcheck) -> Result<(), Failure> {
    let url = &asked.url;
    let answer = issuer::get(&format!("{url}/readyz"))
        .await
        .map_err(|error| {
            let mut why = error.to_string();
            let mut cause = error.source();
            while let Some(deeper) = cause {
                why.push_str(&format!(": {deeper}"));
                cause = deeper.source();
            }
            anyhow!("{url} does not answer ({why}): say with --url where the server is reached")
        })?;
    if answer.status().is_success() {
        println!("{url} is ready");
        return Ok(());
    }
    let said: Option<serde_json::Value> = serde_json::from_slice(answer.body()).ok();
    let said = said.as_ref().and_then(|said| said["message"].as_str());
    let (status, said) = (answer.status().as_u16(), said.unwrap_or("it says no more"));
    Err(anyhow!("{url} is not ready: {status}, {said}").into())
}
