import Vocabulary

/// Which results and pages of documents a store may have, so that it is not asked for those that it cannot have. Only
/// where one process writes to the store.
///
/// Guarded; callable from any thread. What is written is noted before its COMMIT, and nothing is ever taken out: what
/// was removed since only costs a look-up in vain. What was there before is read in the background, some rows at a
/// time; until that has come to its end, and if it fails, the store may have anything. When more was noted than the
/// filter is made for, another one is filled in the same way and takes its place.
///
/// A filter takes 2 to 4 bytes for each row of `results` and `documents` when it was filled, 64 KiB at least. A store
/// that has more rows than half of `capacityMax` is always asked.
final class StorePresence: Sendable {
    static let capacityMin = 1 << 16
    static let capacityMax = 1 << 24
    /// How many rows are read at a time.
    static let sliceRows = 4_096
    /// How many hashes are added while the lock is held.
    private static let batchSize = 256

    typealias Submit = @Sendable (ReadOperation) -> Void

    private struct State {
        /// Nil while it is not known what is there.
        var filter: PresenceFilter?
        /// The one that is being filled, and gets what is written meanwhile.
        var next: PresenceFilter?
        /// Whether another one is filled, or it was given up.
        var isFilling = true
        /// What was noted in the transaction under way, which no read sees yet.
        var underWay: [UInt64] = []
        var submit: Submit?
    }

    private let state = Guarded(State())
    private let capacityMin, capacityMax: Int

    init(capacityMin: Int = capacityMin, capacityMax: Int = capacityMax) {
        self.capacityMin = capacityMin
        self.capacityMax = capacityMax
    }

    // MARK: Asking

    /// Whether the store has neither a result of this key nor pages of this document; nil for what is not asked for.
    /// False where that is not known.
    func lacks(_ key: CacheKey?, pagesOf document: DocumentKey?) -> Bool {
        let hashes = (key.map(Self.hash), document.map(Self.hash))
        return state.withLock { state in
            guard let filter = state.filter else { return false }
            if let hash = hashes.0, filter.mayHave(hash) { return false }
            if let hash = hashes.1, filter.mayHave(hash) { return false }
            return true
        }
    }

    // MARK: Noting

    /// A transaction begins: what was noted before is committed, or rolled back.
    func noteBegin() { state.withLock { $0.underWay.removeAll(keepingCapacity: true) } }

    /// A result of this key is about to be written.
    func note(_ key: CacheKey) { note(Self.hash(key)) }

    /// Pages of this document are about to be written.
    func note(_ document: DocumentKey) { note(Self.hash(document)) }

    private func note(_ hash: UInt64) {
        let capacity = state.withLock { state -> Int? in
            state.filter?.add(hash)
            state.next?.add(hash)
            state.underWay.append(hash)
            guard let filter = state.filter, filter.isFull, !state.isFilling else { return nil }
            state.isFilling = true
            return filter.capacity
        }
        if let capacity { fill(capacity: capacity) }
    }

    /// A digest serves as it is.
    private static func hash(_ key: CacheKey) -> UInt64 { key.digest.word0 }

    private static func hash(_ document: DocumentKey) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(document)
        return UInt64(truncatingIfNeeded: hasher.finalize())
    }

    // MARK: Filling

    private enum Position {
        case results(from: Digest)
        case documents(after: DocumentKey?)
    }

    private struct Slice: Sendable {
        var hashes: [UInt64]
        /// Nil at the end.
        var next: Position?
    }

    /// Reads what is there. Once, before anything is written.
    ///
    /// - Parameter submit: runs a read some time, or refuses it.
    func fill(_ submit: @escaping Submit) {
        state.withLock { $0.submit = submit }
        fill(capacity: capacityMin)
    }

    private func fill(capacity: Int) {
        // From here on it gets what is written. What was committed before is found by the reads behind this.
        let next = PresenceFilter(capacity: capacity)
        state.withLock { state in
            state.next = next
            for hash in state.underWay { state.next?.add(hash) }
        }
        read(.results(from: Digest(0, 0, 0, 0)))
    }

    private func read(_ position: Position) {
        guard let submit = state.withLock({ $0.submit }) else { return }
        submit(ReadOperation({ try Self.slice(position, on: $0) }, then: { self.take($0) }))
    }

    private static func slice(_ position: Position, on connection: StoreConnection) throws -> Slice {
        switch position {
        case .results(let first):
            let keys = try ResultTable.keys(from: first, atMost: sliceRows, on: connection)
            let next = keys.count < sliceRows ? Position.documents(after: nil) : .results(from: keys.last!.digest)
            return Slice(hashes: keys.map(hash), next: next)
        case .documents(let last):
            let documents = try LessonTable.documents(after: last, atMost: sliceRows, on: connection).map(\.document)
            let next = documents.count < sliceRows ? nil : Position.documents(after: documents.last)
            return Slice(hashes: documents.map(hash), next: next)
        }
    }

    private func take(_ result: Result<Slice, StoreFault>) {
        guard case .success(let slice) = result else { return state.withLock { $0.next = nil } }
        for start in stride(from: 0, to: slice.hashes.count, by: Self.batchSize) {
            state.withLock { state in
                for hash in slice.hashes[start...].prefix(Self.batchSize) { state.next?.add(hash) }
            }
        }
        let (count, capacity) = state.withLock { ($0.next?.count ?? 0, $0.next?.capacity ?? 0) }
        if count > capacity / 2 {
            // There must be room for what is written later.
            capacity < capacityMax ? fill(capacity: 2 * capacity) : giveUp()
        } else if let next = slice.next {
            read(next)
        } else {
            state.withLock { state in
                state.filter = state.next.take()
                state.isFilling = false
            }
        }
    }

    /// There is more than is kept in memory: the store may have anything, until the next start.
    private func giveUp() {
        state.withLock { state in
            state.filter = nil
            state.next = nil
        }
    }
}
