/// What the descriptors of a gateway are for, by count: its own, those for the vendor and for files, and what is left
/// to clients. Pure.
public struct DescriptorPlan: Sendable, Equatable {
    /// Of a worker: its epoll instance, libevent's pair for signals, four mailboxes and the listener.
    private static let ofEachWorker = 8
    private static let standardStreams = 3
    /// Of the program: standard streams, the main loop, the store with its readers, the admin side.
    private static let ofTheProgram = 35
    /// Beside connections to the vendor: the admin side's, files that are read again, look-ups of names.
    private static let besideTheVendor = 64

    /// How many the process may have.
    public let limit: Int
    /// How many an idle gateway has open.
    public let own: Int
    /// How many are kept from clients.
    public let reserve: Int
    /// How many of the reserve do not depend on the limit, if there are plenty.
    private let reserveBase: Int

    /// - Parameters:
    ///   - workers: how many there are.
    ///   - vendorConnections: how many requests to the vendor may be under way.
    public init(limit: Int, workers: Int, vendorConnections: Int) {
        self.limit = limit
        own = Self.ofTheProgram + Self.ofEachWorker * workers
        reserve = Self.reserve(of: limit, vendorConnections: vendorConnections)
        reserveBase = Self.besideTheVendor + vendorConnections
    }

    /// How many connections to the vendor may carry bodies at the pace of slow clients, beside the requests under way.
    public static func slowConnections(of limit: Int) -> Int { max(1, limit / 8) }

    /// What is kept from clients: three eighths of all at most, as each request to the vendor has a client that waits
    /// for it.
    public static func reserve(of limit: Int, vendorConnections: Int) -> Int {
        min(besideTheVendor + vendorConnections + limit / 8, limit * 3 / 8)
    }

    /// How many clients can be connected at once. Without room for one the gateway cannot serve.
    public var connections: Int { max(0, limit - own - reserve) }

    /// The least limit with room for one client.
    public var limitMin: Int { min((own + reserveBase) * 8 / 7, own * 8 / 5) + 1 }

    /// How many must be free at the start: all of the least limit but the standard streams.
    public var freeMin: Int { limitMin - Self.standardStreams }
}
