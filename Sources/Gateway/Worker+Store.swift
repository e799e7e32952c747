import Budgeting
import Caching
import Storage
import Vocabulary

/// The store, asked off the loop: its answers come back as messages.
extension Worker {
    /// Asks the store for a result and for a document's pages; the answer goes to the leader or the connection of that
    /// identifier.
    func lookUp(_ key: CacheKey?, pagesOf document: DocumentKey?, for id: UInt64) {
        let mailbox = mailboxes[index]
        rooms.store.find(key, pagesOf: document) { mailbox.post(.looked(id: id, $0)) }
    }

    /// Makes a reservation durable; the answer goes to the leader of that identifier.
    func reserve(_ reservation: Reservation, for id: UInt64) {
        let mailbox = mailboxes[index]
        rooms.store.reserve(reservation) { mailbox.post(.reserved(leader: id, $0)) }
    }

    /// Makes it durable that a reservation is booked to another upstream key; the answer goes to the leader of that
    /// identifier.
    func move(_ reservation: Reservation, for id: UInt64) {
        let mailbox = mailboxes[index]
        rooms.store.move(reservation) { mailbox.post(.moved(leader: id, $0)) }
    }

    /// Makes the ending of a reservation durable, and the result with it; the answer goes to the leader of that
    /// identifier.
    func end(_ ending: ReservationEnding, storing result: CachedResult?, for id: UInt64) {
        let mailbox = mailboxes[index]
        rooms.store.end(ending, storing: result) { mailbox.post(.ended(leader: id, $0)) }
    }

    /// Asks the store whether it works; the answer goes to the connection of that identifier.
    func checkStore(for id: UInt64) {
        let mailbox = mailboxes[index]
        rooms.store.check { mailbox.post(.checked(connection: id, $0)) }
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
