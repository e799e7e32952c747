internal import Budgeting
import Vocabulary

/// The statements on `usage_models`: which models of a team are counted by name on a day.
///
/// Clients make these names up, so they are bounded where all of them meet: here, over all workers, keys and restarts.
/// Nodes that take the last places at the same time may name a few more.
enum UsageModelTable {
    struct Key: Comparable, Hashable {
        let day: BudgetDay
        let team: KeyText
        /// At most 128 bytes of it.
        let model: KeyText

        static func < (left: Key, right: Key) -> Bool {
            (left.day, left.team, left.model) < (right.day, right.team, right.model)
        }
    }

    /// Asks how many models of the team have a name on the day, and whether this one does.
    static func lookUp(
        _ key: Key,
        on connection: StoreConnection,
        then: @escaping (_ count: Int64, _ isNamed: Bool) -> Void
    ) throws {
        let statement = try connection.statement(
            """
            SELECT count(*), count(CASE WHEN model = ?3 THEN model END) FROM usage_models WHERE day = ?1 AND team = ?2
            """
        )
        bind(key, to: statement)
        try statement.sendForEachRow(about: "the models of a day") { row in
            then(try row.integer(at: 0), try row.integer(at: 1) > 0)
        }
    }

    static func add(_ key: Key, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            "INSERT INTO usage_models (day, team, model) VALUES (?1, ?2, ?3) ON CONFLICT (day, team, model) DO NOTHING"
        )
        bind(key, to: statement)
        try statement.run()
    }

    private static func bind(_ key: Key, to statement: any PreparedStatement) {
        statement.bind(Int64(key.day.number), at: 1)
        statement.bind(key.team.text, at: 2)
        statement.bind(key.model.text, at: 3)
    }
}

/// Which models are counted by name: those that have one on their day, and as many further ones as there is room for.
/// Confined to the thread of the connection.
final class ModelPlaces {
    private struct Day: Comparable {
        let day: BudgetDay
        let team: KeyText

        static func < (left: Day, right: Day) -> Bool { (left.day, left.team) < (right.day, right.team) }
    }

    private var named = KeyedList<UsageModelTable.Key, Void>()
    /// Names of the day, as they were found and with those added here.
    private var counts = KeyedList<Day, Int64>()
    private var added: [UsageModelTable.Key] = []

    /// Sends the look-ups for all models that are to be taken, but those that are known to be named.
    init(for models: [UsageModelTable.Key], _ connection: StoreConnection) throws {
        for key in models where key.model.text != UsageRow.otherModels {
            if connection.known.isNamed(key) {
                named.set((), for: key)
                continue
            }
            try UsageModelTable.lookUp(key, on: connection) { [self] count, isNamed in
                counts.set(count, for: Day(day: key.day, team: key.team))
                if isNamed {
                    named.set((), for: key)
                    connection.known.noteNamed(key)
                }
            }
        }
    }

    /// Whether the model is counted by its name. It takes a place when it had none and the day has one left.
    func take(_ key: UsageModelTable.Key) -> Bool {
        if named[key] != nil { return true }
        let day = Day(day: key.day, team: key.team)
        let count = counts[day] ?? .max
        guard key.model.text != UsageRow.otherModels, count < Int64(UsageRow.modelsMax) else { return false }
        counts.set(count + 1, for: day)
        named.set((), for: key)
        added.append(key)
        return true
    }

    /// Names the models that took a place, in the order of their keys.
    func save(on connection: StoreConnection) throws {
        for key in added.sorted() { try UsageModelTable.add(key, on: connection) }
    }
}
