internal import Caching
import Vocabulary

/// The statements on `classifier_epochs` and `classifier_floor`: the epochs of saved classifiers (`ClassifierEpochs`
/// has the rules).
enum ClassifierTable {
    /// The numbers that are left out after a crash: more than a process gives while one of its changes is under way.
    private static let gap: Int64 = 1 << 32

    static func record(on connection: StoreConnection) throws -> ClassifierRecord {
        var record = ClassifierRecord(floor: try floor(on: connection))
        let statement = try connection.statement("SELECT account, classifier, epoch FROM classifier_epochs")
        for (classifier, epoch) in try statement.rows(about: "the epoch of a classifier", read) {
            record.epochs[classifier] = epoch
        }
        return record
    }

    /// Notes a new epoch. Changes may come in another order than their numbers: the greatest counts.
    static func save(_ change: ClassifierChange, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO classifier_epochs (account, classifier, epoch, is_changing) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (account, classifier) DO UPDATE SET epoch = excluded.epoch, is_changing = excluded.is_changing
            WHERE classifier_epochs.epoch < excluded.epoch
            """
        )
        statement.bind(change.classifier.account.rawValue, at: 1)
        statement.bind(change.classifier.classifierID, at: 2)
        statement.bind(change.epoch, at: 3)
        statement.bind(change.isUnderWay ? 1 : 0, at: 4)
        try statement.run()
        try raiseFloor(to: change.floor, on: connection)
    }

    /// Forgets the classifiers whose epochs are the floor's or less.
    private static func raiseFloor(to floor: Int64, on connection: StoreConnection) throws {
        guard floor > (try self.floor(on: connection)) else { return }
        let raising = try connection.statement("UPDATE classifier_floor SET epoch = ?1")
        raising.bind(floor, at: 1)
        try raising.run()
        let removal = try connection.statement("DELETE FROM classifier_epochs WHERE epoch <= ?1 AND is_changing = 0")
        removal.bind(floor, at: 1)
        try removal.run()
    }

    private static func floor(on connection: StoreConnection) throws -> Int64 {
        let statement = try connection.statement("SELECT epoch FROM classifier_floor")
        guard let floor = try statement.rows(about: "the epochs of classifiers", { try $0.integer(at: 0) }).first else {
            throw StoreFault(code: .corrupt, detail: "the epochs of classifiers are damaged in the store")
        }
        return floor
    }

    /// Raises the epochs of classifiers whose changes were under way when an earlier process ended: it is not known
    /// what the vendor made of them, nor when. Writes nothing if there are none.
    static func recover(at now: Timestamp, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            "SELECT account, classifier, epoch FROM classifier_epochs WHERE is_changing = 1"
        )
        let changing = try statement.rows(about: "the epoch of a classifier", read).map(\.0)
        _ = try raise(changing, at: now, on: connection)
    }

    /// Raises the epochs of classifiers far above those that a process may have given, and drops their results.
    ///
    /// - Returns: purges that were recorded for it and are not finished.
    static func raise(
        _ classifiers: [ClassifierKey],
        at now: Timestamp,
        on connection: StoreConnection
    ) throws -> [PurgeProgress] {
        guard !classifiers.isEmpty else { return [] }
        var open: [PurgeProgress] = []
        let record = try record(on: connection)
        var (epoch, overflow) = record.epochs.values.reduce(record.floor, max).addingReportingOverflow(gap)
        for classifier in classifiers {
            (epoch, overflow) = overflow ? (epoch, true) : epoch.addingReportingOverflow(1)
            guard !overflow else {
                throw StoreFault(code: .corrupt, detail: "the epoch of a classifier is damaged in the store")
            }
            let change = ClassifierChange(classifier, epoch: epoch, isUnderWay: false, floor: record.floor)
            try save(change, on: connection)
            let recording = try PurgeTable.record(
                .classifier(classifier),
                at: now,
                inMemory: 0,
                audit: nil,
                on: connection
            )
            if case .open(let progress) = recording { open.append(progress) }
        }
        return open
    }

    /// The epoch in force: the classifier's own, or the floor.
    static func epoch(of classifier: ClassifierKey, on connection: StoreConnection) throws -> Int64 {
        let statement = try connection.statement(
            "SELECT epoch FROM classifier_epochs WHERE account = ?1 AND classifier = ?2"
        )
        statement.bind(classifier.account.rawValue, at: 1)
        statement.bind(classifier.classifierID, at: 2)
        let own = try statement.rows(about: "the epoch of a classifier") { try $0.integer(at: 0) }.first
        return try max(own ?? .min, floor(on: connection))
    }

    private static func read(_ row: StoreRow) throws -> (ClassifierKey, Int64) {
        let account = AccountID(rawValue: try row.text(at: 0))
        return (ClassifierKey(account: account, folded: try row.text(at: 1)), try row.integer(at: 2))
    }
}
