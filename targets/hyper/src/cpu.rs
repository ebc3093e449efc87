//! GET /cpu: the longest Collatz chain.

use hyper::StatusCode;
use serde::Serialize;

use crate::endpoints::Refusal;

#[derive(Serialize)]
pub struct Chain {
    n: u64,
    start: u64,
    steps: u64,
}

/// The longest chain that starts below n; among equally long ones, the one with the smallest start. `n` is the text of
/// the parameter.
pub fn longest_chain(n: Option<&str>) -> Result<Chain, Refusal> {
    let n = n
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse::<u64>().ok())
        .filter(|n| (2..=10_000_000).contains(n))
        .ok_or((StatusCode::BAD_REQUEST, "n must be a number from 2 to 10000000"))?;
    let mut longest = Chain { n, start: 1, steps: 0 };
    for start in 1..n {
        let steps = chain_length(start);
        if steps > longest.steps {
            longest = Chain { n, start, steps };
        }
    }
    Ok(longest)
}

fn chain_length(start: u64) -> u64 {
    let mut value = start;
    let mut steps = 0;
    while value != 1 {
        value = if value % 2 == 0 { value / 2 } else { 3 * value + 1 };
        steps += 1;
    }
    steps
}
