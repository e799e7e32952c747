import Caching
import EventLoops
import Vocabulary

/// What a request does to the results of the documents that it names, since it may process them again or delete them.
///
/// Confined to its passage's worker. Rules, which rest on those of `PurgeLog`:
///
/// - D1: Nothing that was asked about a document before the request was forwarded is found from then on, over a crash
///   as well. Its results and learned pages are removed durably before the first byte goes to the vendor; memory and
///   open flights follow the store.
/// - D2: Nothing that was asked about it before the request was answered is found once the client has the answer, over
///   a crash as well. From `begin` to `end` no answer about it is stored, so there is only memory to clear: when the
///   head of the reply has come, and when the call has ended in whatever way. That waits for nothing, and cannot fail.
/// - D3: An answer asked for in between still reaches all who wait for it, and answers further requests from memory
///   until the change ends.
/// - D4: Where nodes share the store, it has a marker from before the removal of D1 until the end: no node stores an
///   answer about the documents meanwhile, and what one has in memory goes with the removal at the end, which the other
///   nodes hear of within two seconds. That is asked of the store and not waited for.
final class DocumentChange {
    private enum State {
        case new
        /// The store is asked to remove what it has.
        case begun
        /// It is removed, and the request goes out.
        case forwarded
        case ended
    }

    private let documents: [String]
    private let rooms: SharedRooms
    private let marker = ChangeMarker()
    private var state = State.new

    /// - Parameter documents: UUIDs in lower case, no two alike, at least one.
    init(of documents: [String], rooms: SharedRooms) {
        self.documents = documents
        self.rooms = rooms
    }

    /// Whether `begin` is still to come.
    var isNew: Bool { state == .new }

    /// Removes what is stored about the documents; once.
    ///
    /// - Parameter then: called once, on any thread, when the removal is durable: how many results were removed. After
    ///   a failure nothing may be forwarded.
    func begin(then: @escaping @Sendable (Result<Int64, StoreFault>) -> Void) {
        precondition(state == .new, "a change that begins twice")
        state = .begun
        // First, so that what the store's thread finds to be stored from now on is not (P6 of `PurgeLog`).
        rooms.cache.purges.begin(documents)
        rooms.store.drop(documents, at: SystemClock.wall()) { [rooms, documents, marker] result in
            if case .success(let dropped) = result {
                // The store may have been read before the removal (`PurgeLog` P2), and flights may have begun with what
                // was read (P3 of it).
                rooms.forget(documents: documents)
                if let change = dropped.change, marker.begin(change) { rooms.store.endChange(change, of: documents) }
            }
            then(result.map(\.count))
        }
    }

    /// The request goes out; `begin` has succeeded.
    func forwarded() {
        precondition(state == .begun, "a change that is forwarded before it has begun")
        state = .forwarded
    }

    /// The head of the reply has come.
    func answered() {
        if state == .forwarded { rooms.forget(documents: documents) }
    }

    /// The call has ended, or there will be none: then what is in memory stays. May be called again.
    func end() {
        switch state {
        case .new, .ended: return
        case .begun: rooms.cache.purges.end(documents)
        case .forwarded:
            rooms.forget(documents: documents)
            rooms.cache.purges.end(documents)
        }
        state = .ended
        if let change = marker.end() { rooms.store.endChange(change, of: documents) }
    }
}

/// The number of a change in the store, which may come after the change has ended. Guarded.
private final class ChangeMarker: Sendable {
    private enum State {
        case none
        case begun(Int64)
        case ended
    }

    private let state = Guarded(State.none)

    /// The store has the change; true if it has ended already and the store is to be told.
    func begin(_ change: Int64) -> Bool {
        state.withLock { state in
            if case .ended = state { return true }
            state = .begun(change)
            return false
        }
    }

    /// The change has ended; its number, if the store has it by now.
    func end() -> Int64? {
        state.withLock { state in
            defer { state = .ended }
            if case .begun(let change) = state { return change }
            return nil
        }
    }
}
