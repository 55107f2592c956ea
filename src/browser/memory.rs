//! What `std` would bring: the allocator, and the end of a panic.

use dlmalloc::GlobalDlmalloc;

#[global_allocator]
static ALLOCATOR: GlobalDlmalloc = GlobalDlmalloc;

/// Nothing may panic; what does all the same traps. `npm/edgegate/instance.js` makes an error of it, and a new
/// instance. The text, which nobody would see, is not even linked.
#[panic_handler]
fn trap(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
