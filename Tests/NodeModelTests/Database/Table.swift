/// The primary key of a row: up to three numbers, ordered by the first, then the second, then the third.
struct RowKey: Hashable, Comparable, CustomStringConvertible {
    private let bits: UInt64

    /// - Parameters:
    ///   - first: below 2^31.
    ///   - second: below 2^16.
    ///   - third: below 2^16.
    init(_ first: Int, _ second: Int = 0, _ third: Int = 0) {
        bits = UInt64(first) << 32 | UInt64(second) << 16 | UInt64(third)
    }

    var first: Int { Int(bits >> 32) }
    var second: Int { Int(bits >> 16 & 0xFFFF) }
    var third: Int { Int(bits & 0xFFFF) }
    var description: String { second == 0 && third == 0 ? "\(first)" : "\(first),\(second),\(third)" }

    static func < (left: RowKey, right: RowKey) -> Bool { left.bits < right.bits }
}

/// One table with all committed versions of its rows, the locks on them, and what is written and not committed.
///
/// A row has at most one transaction that holds its lock, and only that one has written it.
struct Table<Value> {
    struct Version {
        /// The commit that made it.
        let commit: Int
        /// Nil for a deletion.
        let value: Value?
    }

    private struct Cell {
        var versions: [Version] = []
        /// The session whose transaction has locked the row.
        var holder: Int?
        var isWritten = false
        /// What the holder has written, nil for a deletion.
        var pending: Value?
    }

    enum Locking: Equatable {
        case taken
        /// The session has it already.
        case held
        case waits(for: Int)
        /// The row has changed since the snapshot (40001).
        case conflict
    }

    /// Ascending.
    private(set) var keys: [RowKey] = []
    private var cells: [Cell] = []

    private func index(of key: RowKey) -> (index: Int, isThere: Bool) {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return (low, low < keys.count && keys[low] == key)
    }

    private mutating func cell(of key: RowKey) -> Int {
        let (index, isThere) = index(of: key)
        if !isThere {
            keys.insert(key, at: index)
            cells.insert(Cell(), at: index)
        }
        return index
    }

    /// The newest committed row.
    func committed(_ key: RowKey) -> Value? {
        let (index, isThere) = index(of: key)
        return isThere ? cells[index].versions.last?.value : nil
    }

    /// What a statement with this snapshot reads; nil when there is no row.
    func read(_ key: RowKey, at snapshot: Int, by session: Int) -> Value? {
        let (index, isThere) = index(of: key)
        return isThere ? read(index, at: snapshot, by: session) : nil
    }

    private func read(_ index: Int, at snapshot: Int, by session: Int) -> Value? {
        if cells[index].isWritten, cells[index].holder == session { return cells[index].pending }
        return cells[index].versions.last { $0.commit <= snapshot }?.value
    }

    /// The rows that a statement with this snapshot reads, in the order of keys.
    func scan(at snapshot: Int, by session: Int, where isWanted: (RowKey, Value) -> Bool = { _, _ in true })
        -> [(key: RowKey, value: Value)]
    {
        var rows: [(key: RowKey, value: Value)] = []
        for index in keys.indices {
            guard let value = read(index, at: snapshot, by: session), isWanted(keys[index], value) else { continue }
            rows.append((keys[index], value))
        }
        return rows
    }

    /// The newest committed rows, in the order of keys.
    func committedRows() -> [(key: RowKey, value: Value)] {
        var rows: [(key: RowKey, value: Value)] = []
        for index in keys.indices {
            if let value = cells[index].versions.last?.value { rows.append((keys[index], value)) }
        }
        return rows
    }

    var isEmpty: Bool { cells.allSatisfy { $0.versions.last?.value == nil } }

    /// The row as its holder finds it after a wait: its own, or the newest that was committed.
    func newest(_ key: RowKey, by session: Int) -> Value? { read(key, at: .max, by: session) }

    /// Locks a row, or a key without one.
    ///
    /// - Parameter snapshot: of the transaction at REPEATABLE READ, else nil.
    mutating func lock(_ key: RowKey, by session: Int, snapshot: Int?) -> Locking {
        let index = cell(of: key)
        if let holder = cells[index].holder { return holder == session ? .held : .waits(for: holder) }
        if let snapshot, let last = cells[index].versions.last, last.commit > snapshot { return .conflict }
        cells[index].holder = session
        return .taken
    }

    /// The transaction that has written this row and not ended: an insertion of its key waits for it.
    func writer(of key: RowKey, otherThan session: Int) -> Int? {
        let (index, isThere) = index(of: key)
        guard isThere, cells[index].isWritten, cells[index].holder != session else { return nil }
        return cells[index].holder
    }

    /// Writes a row that the session has locked.
    mutating func write(_ key: RowKey, _ value: Value?, by session: Int) {
        let index = cell(of: key)
        precondition(cells[index].holder == session, "a row is written that is not locked")
        cells[index].isWritten = true
        cells[index].pending = value
    }

    /// Releases the lock, and keeps what was written as the version of this commit; nil for a rollback.
    mutating func release(_ key: RowKey, by session: Int, commit: Int?) {
        let index = cell(of: key)
        guard cells[index].holder == session else { return }
        if let commit, cells[index].isWritten {
            cells[index].versions.append(Version(commit: commit, value: cells[index].pending))
        }
        cells[index].holder = nil
        cells[index].isWritten = false
        cells[index].pending = nil
    }

    /// The row before a commit.
    func before(_ key: RowKey, commit: Int) -> Value? { read(key, at: commit - 1, by: -1) }

    /// Loses all commits after this one. There are no locks.
    mutating func lose(after commit: Int) {
        for index in cells.indices { cells[index].versions.removeAll { $0.commit > commit } }
    }

    /// Puts a row in before the run begins.
    mutating func begin(with key: RowKey, _ value: Value) {
        let index = cell(of: key)
        cells[index].versions = [Version(commit: 0, value: value)]
    }
}
