internal import Budgeting
internal import Reporting
import Vocabulary

/// What a store runs on: one kind of database, with the threads that speak to it.
///
/// Callable from any thread; each operation is answered exactly once.
protocol StoreEngine: Sendable {
    var writer: StoreWriter { get }

    /// The number of this process among those that share the database.
    var node: Int { get }

    /// Whether other nodes may use the database at the same time.
    var isShared: Bool { get }

    /// How many reservations of an earlier process were made unconfirmed when it was opened.
    var recoveredCount: Int { get }

    /// Takes the password that new connections are made with.
    func replace(_ target: StoreTarget)

    /// What the store may have; nil where other nodes write to it.
    var presence: StorePresence? { get }

    /// Runs a read that a request waits for.
    func lookUp(_ operation: ReadOperation)

    /// Runs a read that no request waits for: a long one holds no look-up up.
    func list(_ operation: ReadOperation)

    /// Waits for the landing of a flight of another node. Of a shared one.
    func follow(_ flight: ReservationID, then: @escaping @Sendable (Result<LandingAnswer, StoreFault>) -> Void)

    /// Sets whom other nodes' bookings, lessons and counts are told; nothing where there are none.
    func tellBudgets(to gate: BudgetGate)

    /// What is known of balances as the program starts; nil where the roll-ups say it.
    func balances(on connection: StoreConnection) throws -> StoredBalances?

    /// Calls this with what other nodes do from now on, on the writer's thread; it must not block. Never, for a file.
    func hear(_ sink: @escaping @Sendable (StoreEvent) -> Void)

    /// The changes of documents whose end the store is to be told; nil for a file, where memory alone knows of them.
    var changeEnds: ChangeEnds? { get }

    /// Copies the whole store, where its file is the gateway's own.
    func copyAll(then: @escaping @Sendable (Result<any StoreCopy, BackupFault>) -> Void)

    /// Refuses from now on; what was asked before is still done. Does not block.
    func stop()

    /// Does what was asked before, answers it, and gives the database up. Blocks; once.
    func close()
}

/// What the nodes of a shared store have booked.
struct StoredBalances {
    /// By this node, under its number.
    var own: [ScopeDayBalance] = []
    var elsewhere: [ScopeDayBalance] = []
}
