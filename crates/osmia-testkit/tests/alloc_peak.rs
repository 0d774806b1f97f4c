//! The counting allocator, installed.

use std::hint::black_box;

use osmia_testkit::alloc::{Counting, peak};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn the_most_that_was_live_at_once() {
    let ((), most) = peak(|| {
        drop(black_box(vec![0_u8; 1000]));
        let small = black_box(vec![0_u8; 300]);
        drop(black_box(vec![0_u8; 900]));
        drop(small);
    });
    assert_eq!(most, 1200);
}

#[test]
fn a_refused_request_counts() {
    let (outcome, most) = peak(|| {
        let mut bytes: Vec<u8> = Vec::new();
        bytes.try_reserve_exact(1 << 46)
    });
    assert!(outcome.is_err());
    assert!(most >= 1 << 46);
}
