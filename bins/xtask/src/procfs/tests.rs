use super::*;

#[test]
fn the_parent_is_found_behind_a_program_name_with_brackets() {
    assert_eq!(parent_in("42 (odd) name)) S 7 42 42 0 -1"), Some(7));
    assert_eq!(parent_in("no bracket"), None);
}

#[test]
fn memory_is_read_in_bytes() {
    let text = "5500-5600 ---p 00000000 00:00 0 [rollup]\nRss:    12 kB\nPss:     3 kB\nPss_Dirty: 1 kB\n";
    assert_eq!(memory_in(text), Some(Memory { rss: 12 * 1024, pss: 3 * 1024 }));
    assert_eq!(memory_in("Rss: 12 kB\n"), None);
}

#[test]
fn this_process_has_a_run_time_and_belongs_to_its_own_tree() {
    let own = std::process::id();
    assert!(tree(own).unwrap().contains(&own));
    assert!(run_time(&[own]).unwrap() > Duration::ZERO);
    assert!(memory(&[own]).unwrap().rss > 0);
}

#[test]
fn the_time_of_children_that_ended_is_read_in_hundredths() {
    let fields: Vec<_> = (3..=30).map(|field| field.to_string()).collect();
    let stat = format!("42 (odd) name)) {}", fields.join(" "));
    assert_eq!(reaped_in(&stat), Some(Duration::from_millis((16 + 17) * 10)));
    assert_eq!(reaped_in("42 (name) S 1"), None);
}
