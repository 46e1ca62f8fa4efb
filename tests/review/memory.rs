//! What a large plan takes: it is streamed, whatever its size.

#[cfg(target_os = "linux")] // elsewhere there is no /proc, which knows what a process took at most
#[test]
fn a_plan_of_200_megabytes_is_reviewed_in_less_than_100_megabytes_of_memory() {
    let cost = crate::large::review();
    assert!(200_000_000 <= cost.read, "this plan is not large: {} bytes", cost.read);
    let most = cost.memory.expect("/proc tells the memory");
    assert!(most < 100_000_000, "it took {most} bytes");
}
