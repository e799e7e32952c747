import Glibc

/// The bytes that came in on a connection and were not consumed yet.
///
/// Confined to the connection's loop. Fresh bytes are read into the loop's scratch memory, and only what is left of
/// them when the callback returns is copied into memory of this buffer's own. So a request that is answered in the
/// callback that read it costs no allocation, and an idle connection owns no buffer.
@safe
public final class InputBuffer {
    private var base: UnsafeMutableRawPointer?  // `own`, or the loop's scratch during a callback
    private var own: UnsafeMutableRawPointer?  // owned: malloc'ed, freed in deinit or when all is consumed
    private(set) var ownCapacity = 0
    private var lower = 0
    private var upper = 0

    init() {}

    deinit { unsafe free(own) }

    /// How many bytes wait to be consumed.
    public var count: Int { upper - lower }

    public var isEmpty: Bool { lower == upper }

    /// Lends the waiting bytes. They must not be kept, nor consumed, before `body` returns.
    @inline(__always)
    public func withBytes<Result>(_ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
        let start = unsafe base.map { unsafe UnsafeRawPointer($0) + lower }
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: upper - lower)
        return try unsafe body(Span(_unsafeBytes: bytes))
    }

    /// Drops the first `count` waiting bytes.
    public func consume(_ count: Int) {
        precondition(count >= 0 && count <= upper - lower, "more consumed than there is")
        lower += count
        // Emptied after its callback, as by a request that had to wait for its turn.
        if isEmpty, unsafe base == own { settle() }
    }

    /// Reads once with `read`, into the scratch memory while nothing is left over, else behind what is.
    ///
    /// - Parameter scratch: nil while it is lent to somebody else.
    func fill(
        scratch: UnsafeMutableRawBufferPointer?,
        _ read: (UnsafeMutableRawBufferPointer) -> TransferResult
    ) -> TransferResult {
        if isEmpty, let scratch = unsafe scratch {
            let result = unsafe read(scratch)
            if case .bytes(let count) = result {
                unsafe base = scratch.baseAddress
                lower = 0
                upper = count
            }
            return result
        }
        if isEmpty { settle() }
        reserve(16 * 1024)
        let room = unsafe UnsafeMutableRawBufferPointer(start: own! + upper, count: ownCapacity - upper)
        let result = unsafe read(room)
        if case .bytes(let count) = result { upper += count }
        if isEmpty { settle() }
        return result
    }

    /// After the callback: keeps what is left, gives memory back when nothing is.
    func settle() {
        if isEmpty {
            unsafe free(own)
            unsafe own = nil
            unsafe base = nil
            (ownCapacity, lower, upper) = (0, 0, 0)
        } else if unsafe base != own {
            let kept = count
            let capacity = (kept + 1023) & ~1023
            let memory = unsafe allocate(capacity)
            unsafe memory.copyMemory(from: base! + lower, byteCount: kept)
            unsafe free(own)
            unsafe (own, base) = (memory, memory)
            (ownCapacity, lower, upper) = (capacity, 0, kept)
        }
    }

    /// Makes room for `count` more bytes in memory of our own, moving what waits to its beginning.
    private func reserve(_ room: Int) {
        unsafe precondition(base == own, "fill() inside a callback")
        if ownCapacity - upper >= room { return }
        let kept = count
        if ownCapacity - kept >= max(room, ownCapacity / 2) {
            unsafe memmove(own!, own! + lower, kept)
        } else {
            let capacity = max(ownCapacity * 2, kept + room)
            let memory = unsafe allocate(capacity)
            if let own = unsafe own { unsafe memory.copyMemory(from: own + lower, byteCount: kept) }
            unsafe free(own)
            unsafe (own, base) = (memory, memory)
            ownCapacity = capacity
        }
        (lower, upper) = (0, kept)
    }

    private func allocate(_ capacity: Int) -> UnsafeMutableRawPointer {
        guard let memory = unsafe malloc(capacity) else { preconditionFailure("out of memory") }
        return unsafe memory
    }
}
