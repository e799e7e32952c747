import Foundation
import GRDB
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// A place of its own for the store of one test: a file in a folder, or a database. It goes at the end, with all that
/// is there.
final class TemporaryStore: Sendable {
    private enum Place {
        case folder(TemporaryFolder)
        case database(String)
    }

    /// A server that cannot be started fails the test, not the process.
    private let place: Result<Place, any Error>

    init(_ kind: StoreKind = .tested) {
        place = Result {
            switch kind {
            case .file: .folder(try TemporaryFolder())
            case .postgreSQL: .database(try TestDatabases.make())
            }
        }
    }

    private init(_ place: Place) { self.place = .success(place) }

    deinit {
        if case .success(.database(let name)) = place { TestDatabases.drop(name) }
    }

    // MARK: Stores

    var target: StoreTarget {
        get throws {
            switch try place.get() {
            case .folder: try StoreTarget(url: "sqlite:" + file)
            case .database(let name): try TestDatabases.target(name)
            }
        }
    }

    /// The place stays as long as the store does, which would miss it.
    ///
    /// - Parameter onFatal: called also for a seat that is lost; nil where neither is expected.
    func open(
        migrates: Bool = true,
        onFatal: (@Sendable (StoreFault) -> Void)? = nil,
        onNews: @escaping @Sendable (NodeNews) -> Void = { _ in }
    ) throws -> Store {
        let place = try place.get()
        if case .database(let name) = place { try TestDatabases.buryNodes(of: name) }
        let end: @Sendable (StoreFault) -> Void = { [self] fault in
            if let onFatal { return onFatal(fault) }
            Issue.record("fatal: \(fault) in \(self.place)")
        }
        let node = TestDatabases.node
        let store = try Store.open(target, as: node, migrates: migrates, onNews: onNews, onLost: end, onFatal: end)
        if case .database(let name) = place { try TestDatabases.forgetDeadNodes(of: name) }
        return store
    }

    /// What a process leaves that is killed at this moment, at a place of its own: a copy of the files as they are, or
    /// of what is committed in the database.
    func killed() throws -> TemporaryStore {
        switch try place.get() {
        case .folder:
            let copy = TemporaryStore(.file)
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: file + suffix, toPath: copy.file + suffix)
            }
            return copy
        case .database(let name): return TemporaryStore(.database(try TestDatabases.copy(name)))
        }
    }

    /// The database; the test is of PostgreSQL alone.
    var database: String {
        get throws {
            guard case .database(let name) = try place.get() else { throw TestFailure("\(place) is no database") }
            return name
        }
    }

    // MARK: SQL of a test's own. A file may be open in no store meanwhile.

    func rows(_ sql: String) throws -> [String] { try TestDatabases.rows(sql, in: database) }

    func execute(_ statements: String...) throws {
        switch try place.get() {
        case .folder: try edit { for statement in statements { try $0.execute(sql: statement) } }
        case .database(let name): try TestDatabases.execute(statements, in: name)
        }
    }

    /// Lets changes of a table be done again that were refused; `Store.refuseInsertions`.
    func allowChanges(of table: String) throws {
        switch try place.get() {
        case .folder: try execute(Refusal.end(.file, table))
        case .database: try execute(Refusal.end(.postgreSQL, table))
        }
    }

    // MARK: Files alone

    private var folder: TemporaryFolder {
        guard case .success(.folder(let folder)) = place else {
            preconditionFailure("\(place) has no files: the test needs the trait filesOnly")
        }
        return folder
    }

    var path: String { folder.path }

    var file: String { folder.file("tollgate.db") }

    /// Works on the file with a connection of the test's own, while no store has it open.
    @discardableResult
    func edit<Value>(_ work: (Database) throws -> Value) throws -> Value {
        let database = try DatabaseQueue(path: file)
        defer { try? database.close() }
        return try database.writeWithoutTransaction(work)
    }
}
