internal import Budgeting
import EventLoops
internal import PostgreSQL
import Vocabulary

/// Looks for the landings of other nodes' flights that requests of this node wait for.
///
/// Guarded. The writer's thread keeps the time, a reader's thread looks; both are the store's. A look is a read of two
/// statements, and there is one at a time, however many flights are waited for.
final class FlightWatch: NodeDuty, Sendable {
    private static let interval = Duration.milliseconds(100)
    /// For how long the store may not answer before those who wait are told.
    private static let patience = Duration.seconds(10)
    /// How many flights one look is about. Of more, the next look takes the next ones.
    static let flightsMax = 1_000

    typealias Answer = @Sendable (Result<LandingAnswer, StoreFault>) -> Void

    private struct Waiting {
        var answers: [Answer]
        /// When a look last said that it is under way.
        var seenAt: MonotonicInstant
    }

    private struct State {
        var flights: [ReservationID: Waiting] = [:]
        var isLooking = false
        var lookedAt: MonotonicInstant?
        /// The last one that a look was about, when there were more.
        var last: ReservationID?
        /// Runs a read; nil until the engine is there, and after its end.
        var read: (@Sendable (ReadOperation) -> Void)?
        var wake: (@Sendable () -> Void)?
        var isClosed = false
    }

    private let state = Guarded(State())

    /// Sets what runs a read, and what lets the writer's thread look at its duties.
    func begin(read: @escaping @Sendable (ReadOperation) -> Void, wake: @escaping @Sendable () -> Void) {
        state.withLock { ($0.read, $0.wake) = (read, wake) }
    }

    /// Answers all who wait, and refuses from now on.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            (state.read, state.wake) = (nil, nil)
            defer { state.flights = [:] }
            return state.flights.values.flatMap(\.answers)
        }
        for answer in waiting { answer(.failure(Self.closed)) }
    }

    private static let closed = StoreFault(code: .unavailable, detail: "the store is closed")

    func follow(_ flight: ReservationID, then: @escaping Answer) {
        let now = SystemClock.sinceBoot()
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            if state.isClosed { return nil }
            state.flights[flight, default: Waiting(answers: [], seenAt: now)].answers.append(then)
            return state.wake
        }
        if let wake { wake() } else { then(.failure(Self.closed)) }
    }

    var dueAt: MonotonicInstant {
        state.withLock { state in
            if state.flights.isEmpty || state.isLooking { return .distantFuture }
            return state.lookedAt.map { $0 + Self.interval } ?? .longAgo
        }
    }

    func perform(on connection: StoreConnection) {
        let (ids, read) = state.withLock { state in
            state.lookedAt = SystemClock.sinceBoot()
            state.isLooking = state.read != nil
            let ids = Self.next(of: state.flights.keys, after: state.last)
            state.last = ids.count < state.flights.count ? ids.last : nil
            return (ids, state.read)
        }
        read?(ReadOperation({ try Self.look(for: ids, on: $0) }, then: { [self] in take($0, of: ids) }))
    }

    /// Those that a look is about: all, or of more than `flightsMax` the next ones in their order, from the first again
    /// behind the last.
    static func next(of flights: some Collection<ReservationID>, after last: ReservationID?) -> [ReservationID] {
        if flights.count <= flightsMax { return Array(flights) }
        let sorted = flights.sorted()
        let first = last.flatMap { last in sorted.firstIndex { $0 > last } } ?? 0
        return Array((sorted[first...] + sorted[..<first]).prefix(flightsMax))
    }

    private struct Finding {
        var underWay: Set<ReservationID> = []
        var landed: [ReservationID: Landing] = [:]
    }

    /// Flights first: one that ends in between is under way still, and found the next time.
    private static func look(for ids: [ReservationID], on connection: StoreConnection) throws -> Finding {
        guard let link = connection.link as? PostgreSQLLink else { preconditionFailure("flights in a file") }
        let places = SQLList.values(ids.count)
        func command(_ text: String) -> PostgreSQLCommand {
            var command = PostgreSQLCommand("\(text) (\(places))")
            for id in ids { command.bind(id.rawValue) }
            return command
        }
        let flights = try link.query(command("SELECT id FROM flights WHERE id IN"))
        let landings = try link.query(command("SELECT flight, outcome, body FROM landings WHERE flight IN"))
        var finding = Finding()
        for row in 0..<flights.count {
            if let id = flights.integer(row, 0) { finding.underWay.insert(ReservationID(rawValue: id)) }
        }
        for row in 0..<landings.count {
            guard let id = landings.integer(row, 0), let body = landings.bytes(row, 2),
                let outcome = landings.text(row, 1).flatMap(SharedSQL.unescaped)
            else { continue }
            finding.landed[ReservationID(rawValue: id)] = Landing(outcome: outcome, body: body)
        }
        return finding
    }

    private func take(_ result: Result<Finding, StoreFault>, of ids: [ReservationID]) {
        let now = SystemClock.sinceBoot()
        var told: [(answers: [Answer], answer: Result<LandingAnswer, StoreFault>)] = []
        let wake = state.withLock { state in
            state.isLooking = false
            for id in ids {
                guard let waiting = state.flights[id] else { continue }
                switch result {
                case .success(let finding):
                    if let landing = finding.landed[id] {
                        told.append((waiting.answers, .success(.landed(landing))))
                    } else if finding.underWay.contains(id) {
                        state.flights[id]?.seenAt = now
                        continue
                    } else {
                        told.append((waiting.answers, .success(.lost)))
                    }
                case .failure(let fault):
                    guard now - waiting.seenAt > Self.patience else { continue }
                    told.append((waiting.answers, .failure(fault)))
                }
                state.flights[id] = nil
            }
            return state.wake
        }
        for (answers, answer) in told { for then in answers { then(answer) } }
        wake?()
    }
}
