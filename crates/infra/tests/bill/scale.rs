//! A bill of thousands of resources stays quick.

use super::*;
use std::time::{Duration, Instant};

#[test]
fn three_thousand_resources_are_priced_in_a_moment() {
    let ids: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
    let mut all = Inventory::default();
    for id in &ids {
        let mut resources = fargate(true);
        resources.truncate(3);
        for resource in inventory(resources).resources {
            all.resources.push(Resource { id: format!("{id}/{}", resource.id), ..resource });
        }
    }
    let started = Instant::now();
    let bill = bill(&all, "");
    assert_eq!(bill.lines.len(), 1_000 * 3 + 1);
    // A hundred times what it takes, for machines that do other things at the same time.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}
