import Budgeting
import Caching
import Reporting
import Vocabulary

/// Requests to the store, which runs off the loop and answers by message; and the worker's counts.
extension Worker {
    /// Asks the store for a result and a document's page count; the answer goes to the leader or exchange with this
    /// identifier.
    func lookUp(_ key: CacheKey?, pagesOf document: DocumentKey?, for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.store.find(key, pagesOf: document) { mailbox.post(.looked(id: id, $0)) }
    }

    /// Asks the store whether it works; the answer goes to the exchange with this identifier.
    func checkStore(for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.checkStore { mailbox.post(.checked(exchange: id, $0)) }
    }

    /// The maximum number of open questions for usage on one worker: the store's reader of lists serves the admin side
    /// too, and clients must not keep it busy.
    private static let usageReadsMax = 16

    /// Asks the store what a team has used this month; the answer goes to the exchange with this identifier. False when
    /// too many such questions are open.
    func readUsage(of team: TeamID, for id: UInt64) -> Bool {
        loop.preconditionInLoop()
        guard usageReads < Self.usageReadsMax else { return false }
        usageReads += 1
        let mailbox = mailboxes[index]
        rooms.readUsage(of: team, at: loop.wallClock) { mailbox.post(.usageRead(exchange: id, $0)) }
        return true
    }

    /// Keeps a result in memory, unless it was purged since it was asked for.
    func keep(_ result: CachedResult, asked: PurgeStamp) { rooms.cache.insert(StampedResult(result, asked: asked)) }

    /// Counts a hit.
    func countHit(_ result: CachedResult, by caller: Caller) {
        let tally = caller.tally
        if tally.isEmpty { usage.note(tally) }
        tally.addHit(model: result.model, saved: result.credits)
    }

    /// Notes that a key was used, for a request that may not be counted otherwise.
    func noteUse(by caller: Caller) {
        let tally = caller.tally
        if tally.isEmpty { usage.note(tally) }
        tally.touch()
    }

    /// Counts a request that is no hit, by its outcome.
    ///
    /// - Parameters:
    ///   - model: the model that the request names; nil if it was not forwarded.
    ///   - document: the document that it is about; nil if it was not forwarded.
    ///   - saved: what the vendor would have charged.
    func count(
        _ kind: UsageTally.Kind,
        by caller: Caller,
        model: String?,
        document: String? = nil,
        saved: MicroCredits = .zero
    ) {
        let tally = caller.tally
        if tally.isEmpty { usage.note(tally) }
        tally.add(kind, model: model, document: document, saved: saved)
    }
}
