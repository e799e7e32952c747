internal import Budgeting
internal import Caching
import EventLoops
internal import PostgreSQL
import Vocabulary

/// Locks and reads what the operations of a transaction decide by, for all of them together: docs/nodes.md §2, "Batch".
///
/// Two round trips. The first takes locks: claims by their keys, flights by their identifiers, scopes in their order.
/// The second one reads what the locks protect, and so sees what was committed while they were waited for.
struct SharedBatch {
    private let admissions: [SharedNeeds.Admission]
    private let endings: [(flight: ReservationID, documentID: String)]
    private let scopes: [BudgetScope]
    private let gate: BudgetGate?

    init(_ needs: [SharedNeeds]) {
        admissions = needs.compactMap(\.admission).filter { $0.claim != nil }
            .sorted { $0.claim!.key.digest.bytes.lexicographicallyPrecedes($1.claim!.key.digest.bytes) }
        endings = needs.compactMap(\.ending)
        scopes = Set(needs.flatMap(\.scopes)).map { (scope: $0, columns: $0.columns) }
            .sorted { ($0.columns.kind, $0.columns.id) < ($1.columns.kind, $1.columns.id) }.map(\.scope)
        gate = needs.lazy.compactMap(\.gate).first
    }

    func read(on connection: StoreConnection, _ link: PostgreSQLLink) throws -> SharedReading {
        if admissions.isEmpty, endings.isEmpty, scopes.isEmpty { return SharedReading() }
        let reading = Box(reading(of: try lock(on: link)))
        for key in questionsToFind(reading.value) {
            try ResultTable.lookUp(key, on: connection) { reading.value.storedAt[key] = $0 }
        }
        if let command = balances(number: link.node), let gate {
            try link.send(command) { gate.replaceElsewhere(of: Set(scopes), by: try Self.balances($0)) }
        }
        if let command = changes() {
            try link.send(command) { reading.value.changing = Set(try $0.texts(about: "a change of a document")) }
        }
        try connection.receive()
        return reading.value
    }

    /// What is read while the answers come. Confined to the writer's thread.
    private final class Box {
        var value: SharedReading

        init(_ value: SharedReading) { self.value = value }
    }

    // MARK: Locks

    private struct Locked {
        var claimed: PostgreSQLRows?
        var claims: PostgreSQLRows?
        var flights: PostgreSQLRows?
    }

    private func lock(on link: PostgreSQLLink) throws -> Locked {
        var commands: [PostgreSQLCommand] = []
        if !admissions.isEmpty {
            commands.append(claiming())
            commands.append(Self.command("SELECT key, flight FROM claims WHERE key IN", keys: questions))
        }
        let locksFlights = !admissions.isEmpty || !endings.isEmpty
        if locksFlights { commands.append(lockingFlights()) }
        if !scopes.isEmpty { commands.append(lockingScopes()) }
        let rows = try link.query(commands)
        var locked = Locked()
        if !admissions.isEmpty { (locked.claimed, locked.claims) = (rows[0], rows[1]) }
        if locksFlights { locked.flights = rows[admissions.isEmpty ? 0 : 2] }
        return locked
    }

    private var questions: [CacheKey] { admissions.compactMap { $0.claim?.key } }

    /// Of two requests of this node that ask one question at a time, the first has it.
    private func claiming() -> PostgreSQLCommand {
        var seen: Set<CacheKey> = []
        let firsts = admissions.filter { seen.insert($0.claim!.key).inserted }
        let rows = SQLList.rows(firsts.count, of: 2)
        var command = PostgreSQLCommand(
            "INSERT INTO claims (key, flight) VALUES \(rows) ON CONFLICT DO NOTHING RETURNING flight"
        )
        for admission in firsts {
            command.bind(admission.claim!.key.digest.bytes)
            command.bind(admission.id.rawValue)
        }
        return command
    }

    private func lockingFlights() -> PostgreSQLCommand {
        let own = endings.map(\.flight.rawValue)
        var texts: [String] = []
        if !own.isEmpty { texts.append("id IN (\(SQLList.values(own.count)))") }
        let questions = questions
        if !questions.isEmpty {
            let keys = SQLList.values(questions.count, after: own.count)
            texts.append("id IN (SELECT flight FROM claims WHERE key IN (\(keys)))")
        }
        let which = texts.joined(separator: " OR ")
        var command = PostgreSQLCommand(
            "SELECT id, is_storable, is_awaited FROM flights WHERE \(which) ORDER BY id FOR UPDATE"
        )
        for id in own { command.bind(id) }
        for key in questions { command.bind(key.digest.bytes) }
        return command
    }

    /// Makes rows that are not there; writes those that are, so that engines with snapshots see a conflict.
    private func lockingScopes() -> PostgreSQLCommand {
        var command = PostgreSQLCommand(
            """
            INSERT INTO scopes (scope, scope_id, version)
            SELECT kind, id, 1 FROM (VALUES \(SQLList.rows(scopes.count, of: 2))) AS asked (kind, id)
            ORDER BY kind, id
            ON CONFLICT (scope, scope_id) DO UPDATE SET version = scopes.version + 1
            """
        )
        bindScopes(&command)
        return command
    }

    private func bindScopes(_ command: inout PostgreSQLCommand) {
        for scope in scopes {
            let (kind, id) = scope.columns
            command.bind(kind)
            command.bind(SharedSQL.escaped(id))
        }
    }

    private func reading(of locked: Locked) -> SharedReading {
        var reading = SharedReading()
        var claimed: Set<ReservationID> = []
        if let rows = locked.claimed {
            for row in 0..<rows.count {
                if let id = rows.integer(row, 0) { claimed.insert(ReservationID(rawValue: id)) }
            }
        }
        var flights: [CacheKey: ReservationID] = [:]
        if let rows = locked.claims {
            for row in 0..<rows.count {
                guard let key = Self.key(rows, row, 0), let id = rows.integer(row, 1) else { continue }
                flights[key] = ReservationID(rawValue: id)
            }
        }
        for admission in admissions {
            // A claim that was there may be gone since: its flight is followed, and found to be gone.
            let own = claimed.contains(admission.id)
            let flight = own ? admission.id : flights[admission.claim!.key]
            reading.claims[admission.id] = flight ?? ReservationID(rawValue: 0)
        }
        if let rows = locked.flights {
            for row in 0..<rows.count {
                guard let id = rows.integer(row, 0) else { continue }
                reading.flights[ReservationID(rawValue: id)] = SharedReading.Flight(
                    isStorable: rows.integer(row, 1) == 1,
                    isAwaited: rows.integer(row, 2) == 1
                )
            }
        }
        return reading
    }

    // MARK: Reading

    /// How many days are told apart. What is older is in no window but that of all days.
    private static let daysApart: Int32 = 64

    private func balances(number: Int64) -> PostgreSQLCommand? {
        guard let gate, !scopes.isEmpty else { return nil }
        let rows = SQLList.rows(scopes.count, of: 2, after: 2)
        var command = PostgreSQLCommand(
            """
            SELECT scope, scope_id, CASE WHEN day < $1 THEN $1 - 1 ELSE day END AS kept, CAST(sum(spent) AS TEXT),
                CAST(sum(unconfirmed) AS TEXT), CAST(sum(reserved) AS TEXT)
            FROM balances WHERE node <> $2 AND (scope, scope_id) IN (\(rows))
            GROUP BY scope, scope_id, kept
            """
        )
        command.bind(Int64(gate.today(at: SystemClock.wall()).number - Self.daysApart))
        command.bind(number)
        bindScopes(&command)
        return command
    }

    /// The greatest amount that rows can come to: those of ten million nodes and days, each as great as one can be.
    private static let amountMax: Int128 = 10_000_000 * Int128(Int64.max)

    /// Rows of six columns: scope, identifier, day, and three amounts as texts.
    ///
    /// - Throws: `corrupt` for what no program has written: sums of greater amounts could overflow.
    static func balances(_ rows: PostgreSQLRows) throws -> [ScopeDayBalance] {
        try (0..<rows.count).map { row in
            let amounts = (3...5).map { column in
                rows.text(row, column).flatMap { Int128($0) }.flatMap { $0.magnitude <= Self.amountMax ? $0 : nil }
            }
            guard let kind = rows.text(row, 0), let id = rows.text(row, 1).flatMap(SharedSQL.unescaped),
                let scope = BudgetScope(kind: kind, id: id),
                let day = rows.integer(row, 2).flatMap(Int32.init(exactly:)),
                let spent = amounts[0], let unconfirmed = amounts[1], let reserved = amounts[2]
            else { throw StoreFault(code: .corrupt, detail: "a balance in the store is damaged") }
            return ScopeDayBalance(
                scope: scope,
                day: BudgetDay(number: day),
                spent: spent,
                unconfirmed: unconfirmed,
                reserved: reserved
            )
        }
    }

    /// The questions that a result answers which another node has stored meanwhile.
    private func questionsToFind(_ reading: SharedReading) -> [CacheKey] {
        admissions.filter { reading.claims[$0.id] == $0.id && $0.claim?.acceptsStoredAfter != nil }
            .compactMap { $0.claim?.key }
    }

    private func changes() -> PostgreSQLCommand? {
        let documents = Set(endings.map(\.documentID)).sorted()
        if documents.isEmpty { return nil }
        var command = PostgreSQLCommand(
            "SELECT document_id FROM document_changes WHERE document_id IN (\(SQLList.values(documents.count)))"
        )
        for document in documents { command.bind(SharedSQL.escaped(document)) }
        return command
    }

    private static func command(_ text: String, keys: [CacheKey]) -> PostgreSQLCommand {
        var command = PostgreSQLCommand("\(text) (\(SQLList.values(keys.count)))")
        for key in keys { command.bind(key.digest.bytes) }
        return command
    }

    private static func key(_ rows: PostgreSQLRows, _ row: Int, _ column: Int) -> CacheKey? {
        rows.bytes(row, column).flatMap { Digest(bytes: $0) }.map { CacheKey($0) }
    }
}
