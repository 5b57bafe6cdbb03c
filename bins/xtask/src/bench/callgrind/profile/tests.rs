use super::*;

const OUTPUT: &str = "\
events: Ir
fl=(1) main.c
fn=(1) serve
16 400
cfn=(2) malloc
calls=5 50
16 400
cfn=(3) parse
calls=9 60
16 400

fn=(2)
20 10
cfn=(4) malloc'2
calls=7 1
20 10

fn=(5) mi_new
1 1
cfn=(6) mi_malloc
calls=11 1
1 1

fn=(3)
1 1
cfn=(6)
calls=2 1
1 1
totals: 12345
";

#[test]
fn calls_of_the_allocator_are_counted_where_they_enter_it() {
    let mut profile = Profile::default();
    profile.add(OUTPUT);
    assert_eq!(profile, Profile { instructions: 12_345, allocations: 7 });
}

#[test]
fn several_processes_add_up() {
    let mut profile = Profile::default();
    profile.add("totals: 40\n");
    profile.add("totals: 2\n");
    assert_eq!(profile.instructions, 42);
}
