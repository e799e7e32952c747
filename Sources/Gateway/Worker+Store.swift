import Budgeting
import Caching
import Vocabulary

/// The store, asked off the loop: its answers come back as messages.
extension Worker {
    /// Asks the store for a result and for a document's pages; the answer goes to the leader or the exchange of that
    /// identifier.
    func lookUp(_ key: CacheKey?, pagesOf document: DocumentKey?, for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.store.find(key, pagesOf: document) { mailbox.post(.looked(id: id, $0)) }
    }

    /// Asks the store whether it works; the answer goes to the exchange of that identifier.
    func checkStore(for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.store.check { mailbox.post(.checked(exchange: id, $0)) }
    }

    /// Keeps a result in memory.
    func keep(_ result: CachedResult) { rooms.cache.insert(result) }

    /// Counts a hit.
    func countHit(_ result: CachedResult, by caller: Caller) {
        let tally = caller.tally
        if tally.isEmpty { usage.note(tally) }
        tally.addHit(model: result.model, saved: result.credits)
    }

    /// Notes that a key was shown by a request that is counted nowhere else.
    func noteUse(by caller: Caller) {
        let tally = caller.tally
        if tally.isEmpty { usage.note(tally) }
        tally.touch()
    }

    /// Counts what became of a request that is no hit.
    ///
    /// - Parameters:
    ///   - model: as the request names it; nil when it was not forwarded.
    ///   - saved: what the vendor would have charged and did not.
    func count(_ kind: UsageTally.Kind, by caller: Caller, model: String?, saved: MicroCredits = .zero) {
        let tally = caller.tally
        if tally.isEmpty { usage.note(tally) }
        tally.add(kind, model: model, saved: saved)
    }
}
