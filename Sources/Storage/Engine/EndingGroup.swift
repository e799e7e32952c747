internal import Budgeting
internal import Caching
import Vocabulary

/// The endings of a group of operations, done together: what one of them must know is asked for all of them, and then
/// everything is written, with the same outcome as if they had been done one after the other.
///
/// Confined to the writer's thread. The steps are called in the order in which they stand here. They wait twice for
/// a database server, however many endings there are: for the rows that end and all that is known beforehand, and for
/// the results that are there.
///
/// Locks are taken in this order: rows of the ledger, by identifier; the pages of documents, results, payments and
/// repeats, schemas, rates (`BookingGroup`); then sums (`SumChanges`).
final class EndingGroup {
    private let endings: [GatheredEnding]
    private let reading: SharedReading?
    private var hasEnded: [Bool]
    private var purges: [PurgeTable.Open] = []
    private var pages = PageChanges()
    /// The last result of each key, with the reservation that paid for it.
    private var results = KeyedList<CacheKey, (result: CachedResult, id: ReservationID)>()
    /// What the results are saved in place of, where a purge may concern it.
    private var replaced: [CacheKey: PurgeTable.ResultRow] = [:]
    /// Of those that ended their reservations.
    private(set) var bookings: [Booking] = []
    /// Of the results that were asked for, those that the store has; no purge hides them.
    private(set) var stored: Set<CacheKey> = []

    /// - Parameter reading: what is known of their flights; nil where no other node shares them.
    init(_ endings: [GatheredEnding], _ reading: SharedReading?) {
        self.endings = endings
        self.reading = reading
        hasEnded = Array(repeating: false, count: endings.count)
    }

    /// Those that ended their reservations.
    var ended: [GatheredEnding] { zip(endings, hasEnded).filter(\.1).map(\.0) }

    // MARK: What they must know

    /// Ends the rows of the ledger, in the order of their identifiers. Of two endings of one row the first one counts.
    /// Asks for purges, too.
    func end(on connection: StoreConnection) throws {
        var order = Array(endings.indices)
        if order.count > 1 {
            order.sort { (endings[$0].ending.reservation.id, $0) < (endings[$1].ending.reservation.id, $1) }
        }
        for index in order {
            try LedgerTable.end(endings[index].ending, on: connection) { [self] in hasEnded[index] = $0 }
        }
        if endings.contains(where: { $0.answer?.result != nil }) {
            try PurgeTable.lookUpOpen(on: connection) { [self] in purges.append($0) }
        }
    }

    /// Finds out which ones had ended before; what has been asked for is there.
    ///
    /// - Returns: whether there are any.
    /// - Throws: `corrupt` when a reservation is not in the ledger.
    func findRepeated(on connection: StoreConnection) throws -> Bool {
        if hasEnded.allSatisfy({ $0 }) {
            arrange()
            return false
        }
        let repeated = endings.indices.filter { !hasEnded[$0] }
        var known: Set<ReservationID> = []
        for id in repeated.map({ endings[$0].ending.reservation.id }) {
            try LedgerTable.lookUp(id, on: connection) { known.insert(id) }
        }
        try connection.receive()
        for index in repeated {
            let id = endings[index].ending.reservation.id
            guard known.contains(id) else {
                // It was answered as durable before it could end: a store that does not have it has lost something.
                throw StoreFault(code: .corrupt, detail: "the reservation \(id.rawValue) is not in the ledger")
            }
            endings[index].outcome.set(.repeated)
        }
        arrange()
        return true
    }

    /// What the endings come to, one after the other.
    private func arrange() {
        for index in endings.indices where hasEnded[index] {
            let gathered = endings[index]
            let (ending, answer) = (gathered.ending, gathered.answer)
            let isOvertaken = isOvertaken(gathered)
            if !isOvertaken { pages.add(ending) }
            let isResultBefore = results[ending.reservation.ask.cacheKey] != nil
            bookings.append(
                Booking(ending, isKept: answer?.result != nil, isResultThere: isResultBefore ? true : nil)
            )
            if !isOvertaken, let result = answer?.result {
                results.set((result, ending.reservation.id), for: result.key)
            }
        }
    }

    /// Whether neither its result nor the pages that it taught may be stored.
    private func isOvertaken(_ ending: GatheredEnding) -> Bool {
        guard let answer = ending.answer else { return false }
        // A purge or a change that came first is noted by now.
        if answer.isOvertaken { return true }
        guard answer.landing != nil, let reading else { return false }
        return reading.isOvertaken(ending.ending.reservation.id, about: answer.documentID)
    }

    /// Asks for results, and for the rows that results are saved in place of.
    func lookUpResults(_ asked: KeyedList<CacheKey, Void>, on connection: StoreConnection) throws {
        for (key, _) in asked.entries where connection.presence?.lacks(key, pagesOf: nil) != true {
            try ResultTable.lookUp(key, on: connection) { [self] _ in stored.insert(key) }
        }
        if !purges.isEmpty {
            for (key, _) in results.entries {
                try ResultTable.lookUpRow(of: key, on: connection) { [self] in replaced[key] = $0 }
            }
        }
        try connection.receive()
    }

    // MARK: Writing

    func write(on connection: StoreConnection) throws {
        try pages.write(on: connection)
        for (key, entry) in results.entries {
            if let row = replaced[key] { try ResultTable.takeOut(row, countedBy: purges, on: connection) }
            try ResultTable.save(entry.result, paidBy: entry.id, above: purges, on: connection)
        }
    }
}
