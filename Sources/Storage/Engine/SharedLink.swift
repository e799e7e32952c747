internal import Caching
import Vocabulary

/// What a writer's link to a database that several nodes share can do besides. Confined like the link; all of it in a
/// transaction. docs/nodes.md has the rules.
protocol SharedLink: AnyObject {
    /// Locks the head of the feed and takes the next numbers of it.
    ///
    /// - Parameter stamp: a number of the feed; nil to ask nothing.
    /// - Throws: `overtaken` when another node has changed the registry after it.
    func lockFeed(adding count: Int, unlessRegistryChangedAfter stamp: Int64?) throws

    /// Writes rows of the feed with the numbers that were taken.
    func write(_ announcements: [Announcement]) throws

    /// Rows of the feed behind a number, in their order.
    func feed(after number: Int64, atMost count: Int) throws -> [FeedRow]

    /// Removes rows of the feed that are older than an hour, if no live node has a lesser number.
    func trimFeed(atMost count: Int) throws

    /// Makes the flights that a purge concerns unstorable and takes their claims: what they bring is not stored, and no
    /// request from now on joins them. Before the results are looked for: the settlement of a flight holds the lock of
    /// its row, so that its result is either there by then or never comes.
    func endStorability(of target: PurgeTarget) throws

    /// Locks a purge that is not finished, and gives how many results it has removed; nil when it is finished.
    func lockPurge(_ id: Int64) throws -> Int64?

    /// Locks all purges that are not finished, in the order in which all do.
    func lockPurges() throws

    /// The purges that are not finished, were recorded this long ago, and are to be gone on with by this node, since no
    /// live one has a lesser number.
    func leftPurges(olderThan age: Duration) throws -> [Int64]

    /// Notes that documents are being changed by this node, by its change of this number.
    func mark(_ documents: [String], as change: Int64) throws

    /// Takes the notes of a change back.
    func unmark(_ documents: [String], as change: Int64) throws

    /// The documents that a node is changing.
    func documentsChanging(by node: Int64) throws -> [String]

    /// Takes all notes of a node back, of documents and classifiers.
    func unmarkAll(of node: Int64) throws

    /// Notes that this node is changing a classifier, or that it does no more.
    func mark(_ change: ClassifierChange) throws

    /// The classifiers that a node is changing.
    func classifiersChanging(by node: Int64) throws -> [ClassifierKey]

    /// The number of this node.
    var node: Int64 { get }
}

/// A row of the feed.
struct FeedRow: Equatable {
    let number: Int64
    /// Nil for a kind that this version does not know.
    let announcement: Announcement?
    /// Whose act it was.
    let node: Int64
}

/// What the store's operations say to other nodes; nothing for a file.
extension StoreConnection {
    /// Tells other nodes of something, when the transaction is committed.
    func announce(_ announcement: Announcement) {
        if isShared { gather { $0.feed.announce(announcement) } }
    }

    /// See `SharedLink.endStorability`.
    func endStorability(of target: PurgeTarget) throws { try link.shared?.endStorability(of: target) }

    /// Ends the changes of documents and classifiers that a dead node had under way: nobody knows what the vendor made
    /// of them, nor when.
    ///
    /// - Returns: purges that were recorded for it and are not finished.
    func endChanges(ofNode node: Int64, at now: Timestamp) throws -> [PurgeProgress] {
        guard let shared = link.shared else { return [] }
        let documents = try shared.documentsChanging(by: node)
        let classifiers = try shared.classifiersChanging(by: node)
        guard !documents.isEmpty || !classifiers.isEmpty else { return [] }
        let drop = try PurgeTable.drop(documents, at: now, on: self)
        let raised = try ClassifierTable.raise(classifiers, at: now, on: self)
        try shared.unmarkAll(of: node)
        return drop.open + raised
    }
}
