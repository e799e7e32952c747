internal import Registry
import Vocabulary

/// What a transaction has to tell other nodes, and its entries in the audit log: all that gets a number without a gap,
/// under the lock of the feed's head, which is the last lock of a transaction. Empty for a file.
struct FeedChanges {
    struct Entry {
        let audit: AuditEntry
        /// How many entries of the log are kept.
        let kept: Int64
    }

    /// In the order in which they came, each once.
    private(set) var announcements: [Announcement] = []
    private(set) var entries: [Entry] = []
    /// The least number of the feed that a change of the registry was decided from; nil without such a change.
    private(set) var registryStamp: Int64?

    var isEmpty: Bool { announcements.isEmpty && entries.isEmpty && registryStamp == nil }

    mutating func announce(_ announcement: Announcement) {
        if !announcements.contains(announcement) { announcements.append(announcement) }
    }

    mutating func append(_ entry: AuditEntry, keeping count: Int64) {
        entries.append(Entry(audit: entry, kept: count))
    }

    /// The transaction fails if another node has changed the registry after this number of the feed.
    mutating func require(registryStamp stamp: Int64) { registryStamp = min(registryStamp ?? stamp, stamp) }

    mutating func add(_ other: FeedChanges) {
        for announcement in other.announcements { announce(announcement) }
        entries += other.entries
        if let stamp = other.registryStamp { require(registryStamp: stamp) }
    }

    /// Writes all of it. The last thing before the COMMIT: another one that waits for the head then waits for that
    /// alone.
    func write(on connection: StoreConnection) throws {
        guard !isEmpty, let shared = connection.link.shared else { return }
        try shared.lockFeed(adding: announcements.count, unlessRegistryChangedAfter: registryStamp)
        for entry in entries { try AuditTable.insert(entry.audit, keeping: entry.kept, on: connection) }
        try shared.write(announcements)
    }
}
