internal import Budgeting
internal import Caching
internal import Reporting
import Vocabulary

/// The endings of a group of operations, done together: what one of them must know is asked for all of them, and then
/// everything is written, with the same outcome as if they had been done one after the other.
///
/// Confined to the writer's thread. The steps are called in the order in which they stand here. They wait twice for
/// a database server, however many endings there are: for the rows that end and all that is known beforehand, and for the
/// results of questions that were paid for before, if there are any.
///
/// Locks are taken in this order: rows of the ledger, by identifier; the pages of documents, results, payments and repeats,
/// schemas, rates; then sums (`SumChanges`).
final class EndingGroup {
    /// A payment for a question.
    private struct Paid {
        let ending: ReservationEnding
        let question: PaidQuestion
        let payment: Payment
        /// The latest earlier payments for its document, latest first.
        let earlier: [Payment]
        /// Whether the group itself stores a result of the same question before this one.
        let isResultBefore: Bool

        var hasSameQuestion: Bool { earlier.contains { $0.key == payment.key } }
    }

    private let endings: [GatheredEnding]
    private let reading: SharedReading?
    private var hasEnded: [Bool]
    private var earlier: [DocumentKey: [Payment]] = [:]
    private var schemas = SchemaPlaces()
    private var purges: [PurgeTable.Open] = []
    private var paid: [Paid] = []
    /// The last result of each key, with the reservation that paid for it.
    private var results: [CacheKey: (result: CachedResult, id: ReservationID)] = [:]
    private var lessons = LessonChanges()
    /// Of the results of `paid`, those that the store has; no purge hides them.
    private var stored: Set<CacheKey> = []
    /// What the results are saved in place of, where a purge may concern it.
    private var replaced: [CacheKey: PurgeTable.ResultRow] = [:]

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
    func end(on connection: StoreConnection) throws {
        let order = endings.indices.sorted { left, right in
            (endings[left].ending.reservation.id, left) < (endings[right].ending.reservation.id, right)
        }
        for index in order {
            try LedgerTable.end(endings[index].ending, on: connection) { [self] in hasEnded[index] = $0 }
        }
    }

    /// Asks for earlier payments, schemas and purges, also on behalf of those that may have ended before.
    func lookUp(on connection: StoreConnection) throws {
        for ending in endings.map(\.ending) where ending.outcome.isPayment {
            guard let question = ending.question else { continue }
            let document = ending.reservation.ask.document
            if earlier[document] == nil {
                earlier[document] = []
                try PaymentTable.lookUp(document, on: connection) { [self] in earlier[document]!.append($0) }
            }
            try schemas.lookUp(question.parts, on: connection)
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
        return !repeated.isEmpty
    }

    /// What the endings come to, one after the other.
    private func arrange() {
        for ending in ended {
            let id = ending.ending.reservation.id
            let isOvertaken = isOvertaken(ending)
            lessons.add(isOvertaken ? ending.ending.withoutPages : ending.ending)
            pay(ending)
            if !isOvertaken, let result = ending.answer?.result { results[result.key] = (result, id) }
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

    private func pay(_ ending: GatheredEnding) {
        let (answer, ending) = (ending.answer, ending.ending)
        guard ending.outcome.isPayment, let question = ending.question else { return }
        let document = ending.reservation.ask.document
        // A result that a purge overtook was kept, and is purged.
        let payment = PaymentTable.payment(ending, question, isKept: answer?.result != nil)
        let others = earlier[document] ?? []
        let isResultBefore = results[payment.key] != nil
        paid.append(
            Paid(
                ending: ending,
                question: question,
                payment: payment,
                earlier: others,
                isResultBefore: isResultBefore
            )
        )
        let place = others.firstIndex { $0.id < payment.id } ?? others.count
        let latest = others[..<place] + [payment] + others[place...]
        earlier[document] = Array(latest.prefix(Int(PaymentTable.comparedMax)))
        schemas.keep(question.parts)
    }

    /// Asks for the results of questions that were paid for before, and for the rows that results are saved in place of.
    func lookUpResults(on connection: StoreConnection) throws {
        let asked = Set(paid.lazy.filter { $0.hasSameQuestion && !$0.isResultBefore }.map(\.payment.key))
        for key in asked {
            try ResultTable.lookUp(key, on: connection) { [self] _ in stored.insert(key) }
        }
        if !purges.isEmpty {
            for key in results.keys {
                try ResultTable.lookUpRow(of: key, on: connection) { [self] in replaced[key] = $0 }
            }
        }
        try connection.receive()
    }

    // MARK: Writing

    func write(on connection: StoreConnection) throws {
        try lessons.writePages(on: connection)
        for (key, entry) in results.sorted(by: { $0.key < $1.key }) {
            if let row = replaced[key] { try ResultTable.takeOut(row, countedBy: purges, on: connection) }
            try ResultTable.save(entry.result, paidBy: entry.id, above: purges, on: connection)
        }
        for paid in paid {
            if let (first, reason) = repeated(paid) {
                try RepeatTable.add(paid.ending, repeating: first, reason, on: connection)
            }
            try PaymentTable.add(paid.payment, paid.ending.reservation.ask, on: connection)
        }
        try schemas.write(on: connection)
        try lessons.writeRates(on: connection)
    }

    /// Why a payment could not be avoided when the account had paid for the document before.
    private func repeated(_ paid: Paid) -> (first: Payment, reason: RepeatReason)? {
        let later = LaterPayment(
            payment: paid.payment,
            createdAt: paid.ending.reservation.createdAt,
            noCache: paid.question.noCache,
            noStore: paid.question.noStore,
            maxAgeSeconds: paid.question.maxAgeSeconds,
            lifetimeMicroseconds: paid.question.lifetimeMicroseconds,
            isResultThere: paid.hasSameQuestion && (paid.isResultBefore || stored.contains(paid.payment.key))
        )
        return later.repeated(among: paid.earlier)
    }
}

extension ReservationAsk {
    fileprivate var document: DocumentKey { DocumentKey(account: account, documentID: documentID) }
}

extension CacheKey {
    /// The order of the bytes.
    fileprivate static func < (left: CacheKey, right: CacheKey) -> Bool {
        let (left, right) = (left.digest, right.digest)
        return (left.word0, left.word1, left.word2, left.word3) < (right.word0, right.word1, right.word2, right.word3)
    }
}
