/// The calls of one worker that have not ended, by their numbers. Confined to its loop.
///
/// A number has its slot in its low bits, so that a call is found without a hash, and is not used again.
struct AttemptTable {
    private static let slotBits: UInt64 = 24

    private var slots: [UpstreamAttempt?] = []
    private var freeSlots: [Int] = []
    private var serial: UInt64 = 0

    /// A number for a call that is about to be added.
    mutating func takeNumber() -> UInt64 {
        let slot = freeSlots.popLast() ?? slots.count
        precondition(slot < 1 << Self.slotBits, "more calls than there are numbers for")
        if slot == slots.count { slots.append(nil) }
        serial += 1
        return serial << Self.slotBits | UInt64(slot)
    }

    /// - Parameter attempt: its number was taken here.
    mutating func add(_ attempt: UpstreamAttempt) { slots[Self.slot(of: attempt.number)] = attempt }

    /// The call with this number; nil if it has ended.
    subscript(number: UInt64) -> UpstreamAttempt? {
        let slot = Self.slot(of: number)
        guard slot < slots.count, let attempt = slots[slot], attempt.number == number else { return nil }
        return attempt
    }

    /// Does nothing for a call that was removed.
    mutating func remove(_ attempt: UpstreamAttempt) {
        let slot = Self.slot(of: attempt.number)
        guard slots[slot] === attempt else { return }
        slots[slot] = nil
        freeSlots.append(slot)
    }

    var all: [UpstreamAttempt] { slots.compactMap(\.self) }

    private static func slot(of number: UInt64) -> Int { Int(number & (1 << slotBits - 1)) }
}
