import Synchronization

/// One bound on the memory that clients' requests take in all, over all workers: bodies that come in and questions
/// that wait for their answers. Each alone is bounded by `max_body_bytes`, but twenty thousand of them are not.
///
/// Any thread: one atomic counter.
final class ByteBudget: Sendable {
    private let taken = Atomic<Int>(0)
    private let bytesMax: Int

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// How much is taken at this moment.
    var bytesTaken: Int { taken.load(ordering: .relaxed) }

    fileprivate func take(_ bytes: Int) -> Bool {
        if taken.wrappingAdd(bytes, ordering: .relaxed).newValue <= bytesMax { return true }
        giveBack(bytes)
        return false
    }

    fileprivate func giveBack(_ bytes: Int) { taken.wrappingSubtract(bytes, ordering: .relaxed) }
}

/// What one request has taken of the budget; `deinit` gives it back. Confined to whoever holds the request.
final class ByteShare {
    private let budget: ByteBudget
    private var bytes = 0

    init(of budget: ByteBudget) { self.budget = budget }

    deinit { budget.giveBack(bytes) }

    /// Takes so many bytes more; false, and nothing taken, when the budget does not have them.
    func grow(by count: Int) -> Bool {
        guard budget.take(count) else { return false }
        bytes += count
        return true
    }
}
