//! A long random walk of an agent's state beside a model that looks the last word of each kind up.

use super::{Admin, AgentState, Operational, parse};

const STEPS: usize = 100_000;

/// The last of the words that were said, of those that this knows.
fn last<T>(said: &[&str], known: impl Fn(&str) -> Option<T>) -> Option<T> {
    said.iter().rev().find_map(|word| known(word))
}

#[test]
fn a_random_walk_agrees_with_the_last_word_of_each_kind() {
    let seed = 17;
    let mut random = fastrand::Rng::with_seed(seed);
    let words = ["up", "down", "ready", "drain", "20%", "weight:3", "maxconn:9", "maxconn:8", "nonsense"];
    let (mut agent, mut said) = (AgentState::default(), Vec::new());
    for step in 0..STEPS {
        let line: Vec<&str> = (0..random.usize(0..4)).map(|_| words[random.usize(0..words.len())]).collect();
        agent.apply(&parse(line.join(" ").as_bytes()));
        said.extend(line);
        // More than enough for each kind to come up.
        if said.len() > 1_000 {
            said.drain(..500);
        }
        let up = |word: &str| match word {
            "up" => Some(Operational::Up),
            "down" => Some(Operational::Down),
            _ => None,
        };
        let admin = |word: &str| match word {
            "ready" => Some(Admin::Ready),
            "drain" => Some(Admin::Drain),
            _ => None,
        };
        let weight = |word: &str| match word {
            "20%" => Some(2),
            "weight:3" => Some(3),
            _ => None,
        };
        let most = |word: &str| word.strip_prefix("maxconn:").and_then(|most| most.parse().ok());
        let expected = (
            last(&said, up),
            last(&said, admin).unwrap_or(Admin::Ready),
            last(&said, weight).unwrap_or(10),
            last::<u32>(&said, most),
        );
        let actual = (agent.operational(), agent.admin(), agent.weight(10), agent.max_connections());
        assert_eq!(actual, expected, "seed {seed}, step {step}");
    }
}
