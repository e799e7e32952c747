public import Vocabulary

/// The epochs of saved classifiers: a number for each, which is part of the keys of its results and rises when the
/// classifier may change.
///
/// - E1: A change that goes to the vendor was noted durably before its first byte, as one that is under way, and its
///   epoch is in force from then on. When its call has ended, the epoch rises once more, at once: what was asked before
///   has another key than what is asked now. After a crash in between, the store raises it as it opens.
/// - E2: A number that was ever part of a key is not given to the same classifier again. One that is not durable yet
///   belongs to a classifier whose change is durably under way, and the store leaves a wide gap above it.
/// - E3: At most `countMax` classifiers have a number of their own. When there are more, the half that changed longest
///   ago is forgotten; from then on all without a number have the greatest that was forgotten, so that a forgotten
///   classifier's epoch never goes back. Results of the others get other keys then: they are asked for once more.
/// - E4: Where nodes share a store, a node gives only numbers whose remainder by `nodesMax` is its own number, so that
///   no two give the same one. What another node gave is heard of within two seconds, and counts from then on if it is
///   greater.
///
/// Guarded. The numbers are given here; the store keeps them.
public final class ClassifierEpochs: Sendable {
    public static let countMax = 8_192

    private struct Entry {
        var epoch: Int64
        /// The changes under way.
        var changes = 0
    }

    private struct State {
        var entries: [ClassifierKey: Entry]
        /// The epoch of all without an entry.
        var floor: Int64
        /// The greatest number that was given.
        var last: Int64
    }

    private let state: Guarded<State>
    private let countMax: Int
    private let node: Int64?
    /// How many nodes may share a store.
    private static let nodesMax: Int64 = 1_024

    /// - Parameters:
    ///   - record: what the store has.
    ///   - node: 0 to 1,023, where several share the store; nil for one that has the store alone.
    public convenience init(_ record: ClassifierRecord = ClassifierRecord(), node: Int? = nil) {
        self.init(record, node: node, countMax: Self.countMax)
    }

    init(_ record: ClassifierRecord, node: Int? = nil, countMax: Int) {
        precondition(countMax >= 2)
        precondition(node.map { (0..<Int(Self.nodesMax)).contains($0) } ?? true)
        self.countMax = countMax
        self.node = node.map(Int64.init)
        let last = record.epochs.values.reduce(record.floor, max)
        state = Guarded(State(entries: record.epochs.mapValues { Entry(epoch: $0) }, floor: record.floor, last: last))
    }

    /// The epoch in force.
    public func epoch(of classifier: ClassifierKey) -> Int64 {
        state.withLock { $0.entries[classifier]?.epoch ?? $0.floor }
    }

    /// A change is to be sent. `began` or `withdraw` must follow when it is known whether it is durable.
    public func begin(_ classifier: ClassifierKey) -> ClassifierChange {
        state.withLock { state in
            makeRoom(in: &state, for: classifier)
            state.last = next(after: state.last)
            let epoch = state.entries[classifier]?.epoch ?? state.floor
            state.entries[classifier, default: Entry(epoch: epoch)].changes += 1
            return ClassifierChange(classifier, epoch: state.last, isUnderWay: true, floor: state.floor)
        }
    }

    /// The change is durable: its epoch is in force, and it may be sent. `end` must follow.
    public func began(_ change: ClassifierChange) {
        state.withLock { state in
            let epoch = state.entries[change.classifier]!.epoch
            state.entries[change.classifier]!.epoch = max(epoch, change.epoch)
        }
    }

    /// The change did not become durable, and is not sent.
    public func withdraw(_ change: ClassifierChange) {
        state.withLock { $0.entries[change.classifier]!.changes -= 1 }
    }

    /// The call of a change has ended, whatever came of it. The new epoch is in force.
    public func end(_ classifier: ClassifierKey) -> ClassifierChange {
        state.withLock { state in
            state.last = next(after: state.last)
            state.entries[classifier]!.epoch = state.last
            state.entries[classifier]!.changes -= 1
            let isUnderWay = state.entries[classifier]!.changes > 0
            return ClassifierChange(classifier, epoch: state.last, isUnderWay: isUnderWay, floor: state.floor)
        }
    }

    /// Another node has given a classifier this epoch, durably.
    public func note(epoch: Int64, of classifier: ClassifierKey) {
        state.withLock { state in
            state.last = max(state.last, epoch)
            guard epoch > state.entries[classifier]?.epoch ?? state.floor else { return }
            makeRoom(in: &state, for: classifier)
            state.entries[classifier, default: Entry(epoch: epoch)].epoch = epoch
        }
    }

    private func next(after last: Int64) -> Int64 {
        guard let node else { return last.saturatingAdd(1) }
        let round = last - last % Self.nodesMax + node
        return round > last ? round : round.saturatingAdd(Self.nodesMax)
    }

    /// How many classifiers have a number of their own.
    var count: Int { state.withLock { $0.entries.count } }

    /// E3. Those with a change under way stay, whose number is bounded by the connections of clients.
    private func makeRoom(in state: inout State, for classifier: ClassifierKey) {
        guard state.entries[classifier] == nil, state.entries.count >= countMax else { return }
        let idle = state.entries.filter { $0.value.changes == 0 }.sorted { $0.value.epoch < $1.value.epoch }
        let forgotten = idle.prefix(countMax / 2)
        for (classifier, _) in forgotten { state.entries[classifier] = nil }
        state.floor = max(state.floor, forgotten.last?.value.epoch ?? state.floor)
    }
}

/// What the store has of the epochs of saved classifiers. A value.
public struct ClassifierRecord: Sendable, Equatable {
    public var epochs: [ClassifierKey: Int64]
    /// The epoch of all others.
    public var floor: Int64

    public init(epochs: [ClassifierKey: Int64] = [:], floor: Int64 = 0) {
        self.epochs = epochs
        self.floor = floor
    }
}

/// A new epoch of a saved classifier. A message.
public struct ClassifierChange: Sendable, Equatable {
    public let classifier: ClassifierKey
    public let epoch: Int64
    /// Whether the vendor may still change the classifier at a request that went through the gateway.
    public let isUnderWay: Bool
    /// The epoch of all classifiers without a number of their own.
    public let floor: Int64

    public init(_ classifier: ClassifierKey, epoch: Int64, isUnderWay: Bool, floor: Int64) {
        self.classifier = classifier
        self.epoch = epoch
        self.isUnderWay = isUnderWay
        self.floor = floor
    }
}

/// Keeps the epochs of saved classifiers.
///
/// Callable from any thread and never blocking; answered exactly once.
public protocol ClassifierStore: Sendable {
    /// Makes a new epoch durable, and removes the results of the classifier that the store has.
    ///
    /// - Parameter log: where the change is noted in the order of the store's transactions, so that a result asked for
    ///   before is not stored after; nil for a change that was noted before.
    func record(
        _ change: ClassifierChange,
        at now: Timestamp,
        in log: PurgeLog?,
        then: @escaping @Sendable (Result<Void, StoreFault>) -> Void
    )
}
