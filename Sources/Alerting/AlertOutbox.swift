public import Vocabulary

/// The alerts that have yet to reach their receiver, and when each is tried next. Pure: no clock, no network.
///
/// One goes out at a time, the one that is due longest first. After a failure the same alert is tried again after a
/// pause that doubles from 5 s to 15 min, and any other after 5 s, so that a receiver that refuses one alert still gets
/// the others and one that is down is asked seldom. After a day an alert is given up.
public struct AlertOutbox: Sendable {
    public struct Item: Sendable, Equatable {
        public let id: Int64
        /// The JSON object without its identifier.
        public let facts: [UInt8]
        public let raisedAt: Timestamp
        /// How often it was tried in vain.
        public var attempts: Int

        public init(id: Int64, facts: [UInt8], raisedAt: Timestamp, attempts: Int = 0) {
            self.id = id
            self.facts = facts
            self.raisedAt = raisedAt
            self.attempts = attempts
        }

        /// What is posted: the facts with the identifier in front, by which a receiver knows one that comes twice.
        public var body: [UInt8] { Array("{\"id\": \"\(id)\", ".utf8) + facts.dropFirst() }
    }

    /// What a look at the outbox finds.
    public enum Step: Equatable, Sendable {
        case send(Item)
        case giveUp(Item)
        case wait(until: MonotonicInstant)
        case idle
    }

    public static let lifetime = Duration.seconds(86_400)
    private static let firstPause = Duration.seconds(5)
    private static let longestPause = Duration.seconds(900)

    private struct Waiting {
        var item: Item
        var due: MonotonicInstant
    }

    private var waiting: [Waiting] = []
    /// No alert goes out before; nil when the last one arrived.
    private var pauseEnd: MonotonicInstant?
    private var underWay: Item?

    public init() {}

    public var count: Int { waiting.count + (underWay == nil ? 0 : 1) }

    /// Does nothing with an alert that is here already.
    public mutating func add(_ item: Item, at now: MonotonicInstant) {
        guard underWay?.id != item.id, !waiting.contains(where: { $0.item.id == item.id }) else { return }
        waiting.append(Waiting(item: item, due: now))
    }

    /// Leaves what waits to another node. An alert under way is still answered for.
    public mutating func clear() {
        waiting = []
        pauseEnd = nil
    }

    /// What to do now. A `send` must be followed by `arrived` or `failed`, a `giveUp` needs no answer.
    public mutating func next(at now: MonotonicInstant, wall: Timestamp) -> Step {
        guard underWay == nil, !waiting.isEmpty else { return .idle }
        if let old = waiting.firstIndex(where: { $0.item.attempts > 0 && wall - $0.item.raisedAt >= Self.lifetime }) {
            return .giveUp(waiting.remove(at: old).item)
        }
        if let pauseEnd, now < pauseEnd { return .wait(until: pauseEnd) }
        var first = 0
        for index in waiting.indices where waiting[index].due < waiting[first].due { first = index }
        guard waiting[first].due <= now else { return .wait(until: waiting[first].due) }
        let item = waiting.remove(at: first).item
        underWay = item
        return .send(item)
    }

    public mutating func arrived() {
        underWay = nil
        pauseEnd = nil
    }

    /// - Returns: the alert, which waits again.
    public mutating func failed(at now: MonotonicInstant) -> Item {
        guard var item = underWay.take() else { preconditionFailure("failed() without an alert under way") }
        item.attempts += 1
        pauseEnd = now + Self.firstPause
        waiting.append(Waiting(item: item, due: now + Self.pause(after: item.attempts)))
        return item
    }

    /// 5 s, 10 s, 20 s and so on.
    static func pause(after attempts: Int) -> Duration {
        let doublings = min(max(attempts, 1) - 1, 8)
        return min(firstPause * (1 << doublings), longestPause)
    }
}
