import Caching
import Vocabulary

/// The second level of the cache, asked off the loop: its answers come back as messages.
extension Worker {
    /// Asks the store for a result; the answer goes to the leader or the connection of that identifier.
    func lookUp(_ key: CacheKey, for id: UInt64) {
        let mailbox = mailboxes[index]
        rooms.store.find(key) { mailbox.post(.looked(id: id, $0)) }
    }

    /// Makes a result durable; the answer goes to the leader of that identifier.
    func save(_ result: CachedResult, for id: UInt64) {
        let mailbox = mailboxes[index]
        rooms.store.save(result) { mailbox.post(.saved(leader: id, $0)) }
    }

    /// Asks the store whether it works; the answer goes to the connection of that identifier.
    func checkStore(for id: UInt64) {
        let mailbox = mailboxes[index]
        rooms.store.check { mailbox.post(.checked(connection: id, $0)) }
    }

    /// Keeps a result in memory.
    func keep(_ result: CachedResult) { rooms.cache.insert(result) }
}
