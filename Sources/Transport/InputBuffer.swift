import Glibc

/// The bytes that came in on a connection and were not consumed yet.
///
/// Confined to the connection's loop. Fresh bytes are read into the loop's scratch memory, and only what is left of
/// them when the callback returns is copied into memory of this buffer's own. So a request that is answered in the
/// callback that read it costs no allocation, and an idle connection owns no buffer. Memory of its own is taken from
/// the connection's account, in steps of a KiB for little and of a doubling for much.
@safe
public final class InputBuffer {
    private var base: UnsafeMutableRawPointer?  // `own`, or the loop's scratch during a callback
    private var own: UnsafeMutableRawPointer?  // owned: malloc'ed, freed in deinit or when all is consumed
    private(set) var ownCapacity = 0
    private var lower = 0
    private var upper = 0
    /// What `ownCapacity` is taken from; nil for a buffer without a bound.
    var account: (any StreamAccount)?

    init() {}

    deinit { freeOwn() }

    /// How many bytes wait to be consumed.
    public var count: Int { upper - lower }

    public var isEmpty: Bool { lower == upper }

    /// The first byte that waits; nil when none does.
    public var first: UInt8? { isEmpty ? nil : unsafe base?.load(fromByteOffset: lower, as: UInt8.self) }

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

    /// Reads once with `read`: into the scratch memory while nothing is left over, else behind what is.
    ///
    /// - Parameter scratch: nil while it is lent to another callback.
    /// - Returns: nil when there is no room for what came or could come; what was read then is lost, and the rest
    ///   may only be looked at.
    func fill(
        scratch: UnsafeMutableRawBufferPointer?,
        _ read: (UnsafeMutableRawBufferPointer) -> TransferResult
    ) -> TransferResult? {
        guard let scratch = unsafe scratch else { return unsafe fillOwn(read) }
        let result = unsafe read(scratch)
        guard case .bytes(let count) = result else { return result }
        if isEmpty {
            unsafe base = scratch.baseAddress
            lower = 0
            upper = count
            return result
        }
        // Read there and copied, so that a client that sends a byte at a time has room for what it sent, not for more.
        guard reserve(count) else { return nil }
        unsafe (own! + upper).copyMemory(from: scratch.baseAddress!, byteCount: count)
        upper += count
        return result
    }

    private func fillOwn(_ read: (UnsafeMutableRawBufferPointer) -> TransferResult) -> TransferResult? {
        if isEmpty { settle() }
        guard reserve(InputBuffer.ownReadByteCount) else { return nil }
        let room = unsafe UnsafeMutableRawBufferPointer(start: own! + upper, count: ownCapacity - upper)
        let result = unsafe read(room)
        if case .bytes(let count) = result { upper += count }
        if isEmpty { settle() }
        return result
    }

    /// How much is read at once without the scratch memory.
    private static let ownReadByteCount = 4 * 1024

    /// After the callback: keeps what is left, gives memory back when nothing is.
    ///
    /// - Returns: false when there is no room to keep it; then it may be looked at until the callback ends, and
    ///   `removeAll` must follow.
    @discardableResult
    func settle() -> Bool {
        if isEmpty {
            removeAll()
            return true
        }
        let kept = count
        let capacity = (kept + 1023) & ~1023
        // Memory of its own that is nearly empty is exchanged for less.
        guard unsafe base != own || ownCapacity > 8 * capacity else { return true }
        return move(to: capacity)
    }

    /// Drops what waits and gives the memory back.
    func removeAll() {
        freeOwn()
        unsafe base = nil
        (lower, upper) = (0, 0)
    }

    /// Makes room for `room` more bytes in memory of our own, moving what waits to its beginning.
    private func reserve(_ room: Int) -> Bool {
        unsafe precondition(base == own, "fill() inside a callback")
        if ownCapacity - upper >= room { return true }
        let kept = count
        if ownCapacity - kept >= max(room, ownCapacity / 2) {
            unsafe memmove(own!, own! + lower, kept)
            (lower, upper) = (0, kept)
            return true
        }
        return move(to: (max(ownCapacity * 2, kept + room) + 1023) & ~1023)
    }

    /// Moves what waits into memory of this many bytes; false, and nothing done, when there is no room for them.
    private func move(to capacity: Int) -> Bool {
        guard charge(capacity) else { return false }
        guard let memory = unsafe malloc(capacity) else { preconditionFailure("out of memory") }
        let kept = count
        if let base = unsafe base { unsafe memory.copyMemory(from: base + lower, byteCount: kept) }
        unsafe free(own)
        unsafe (own, base) = (memory, memory)
        (lower, upper) = (0, kept)
        return true
    }

    private func freeOwn() {
        unsafe free(own)
        unsafe own = nil
        _ = charge(0)
    }

    /// Takes from the account what the buffer's own memory grows by, or gives it back; false when there is no room.
    private func charge(_ capacity: Int) -> Bool {
        if capacity > ownCapacity {
            guard account?.take(capacity - ownCapacity) != false else { return false }
        } else if capacity < ownCapacity {
            account?.giveBack(ownCapacity - capacity)
        }
        ownCapacity = capacity
        return true
    }
}
