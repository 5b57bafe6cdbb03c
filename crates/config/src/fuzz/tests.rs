use super::*;
use std::{fs, path::Path};

/// Bytes that mean something to YAML.
const SIGNS: &[u8] = b"{}[]:,-*&!|>'\"%@`#~ \n\t$0";

/// A small generator, so that each run tries the same inputs (xorshift64*, Vigna 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let word = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        usize::try_from(word >> 33).unwrap() % bound
    }
}

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let input = |text: String| text.split("==== ").next().unwrap().as_bytes().to_vec();
    // The alias bomb takes longer than all others together.
    let quick = files.iter().filter(|file| !file.ends_with("errors_alias_bomb.txt"));
    quick.map(|file| input(fs::read_to_string(file).unwrap())).collect()
}

#[test]
fn damaged_documents_are_answered_without_a_panic() {
    let corpus = corpus();
    let mut random = Random(0x1234_5678_9abc_def1);
    for _ in 0..1500 {
        let mut data = corpus[random.below(corpus.len())].clone();
        for _ in 0..=random.below(4) {
            let at = random.below(data.len() + 1);
            match random.below(4) {
                0 => data.insert(at, SIGNS[random.below(SIGNS.len())]),
                1 if at < data.len() => drop(data.remove(at)),
                2 => data.truncate(at),
                _ => {
                    let other = &corpus[random.below(corpus.len())];
                    let from = random.below(other.len() + 1);
                    data.splice(at..at, other[from..].iter().copied().take(40));
                }
            }
        }
        fuzz_document(&data);
    }
}

#[test]
fn odd_texts_are_answered_without_a_panic() {
    let deep_lists = "[".repeat(10_000);
    let deep_maps: String = (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let long_key = format!("{}: 1", "k".repeat(100_000));
    let texts = [
        "",
        "\u{feff}",
        "\u{feff}proxy: {}",
        "~",
        "- ",
        "? ",
        "&a",
        "\0",
        "%YAML 1.1\n---\n",
        "a: *a",
        "<<: {}",
    ];
    for text in texts.into_iter().chain([deep_lists.as_str(), &deep_maps, &long_key]) {
        fuzz_document(text.as_bytes());
    }
}
