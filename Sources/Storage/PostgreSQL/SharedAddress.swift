internal import PostgreSQL
import Vocabulary

/// Where connections are made to from now on, with the password that is valid now. Guarded.
final class SharedAddress: Sendable {
    private let address: Guarded<PostgreSQLAddress>

    init(_ address: PostgreSQLAddress) { self.address = Guarded(address) }

    var current: PostgreSQLAddress { address.withLock { $0 } }

    /// Connections that there are stay.
    func replace(_ new: PostgreSQLAddress) { address.withLock { $0 = new } }
}
